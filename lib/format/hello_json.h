/*
 * hello_json.h - the scanner's greeting as JSON, and back.
 *
 * It tells where the scanner keeps temporary files, so that its client can remove them if the scanner is killed. Called by
 * process.
 */
#ifndef CSAPI_FORMAT_HELLO_JSON_H
#define CSAPI_FORMAT_HELLO_JSON_H

#include <stddef.h>

/* `directory`: absolute path, NULL if there is none. Caller frees; NULL: no memory. */
char *hello_json_encode(const char *directory);
/* 0, -EBADMSG for another protocol or what is no greeting, -ENOMEM. *ret_directory: caller frees; NULL if none is told. */
int hello_json_decode(const char *text, size_t size, char **ret_directory);

#endif
