/*
 * check_json.h - what a worker found when it verified and loaded a directory of definitions, as JSON, and back.
 *
 * Written by `csapi-worker --check`, read by update and csapi-version.
 */
#ifndef CSAPI_FORMAT_CHECK_JSON_H
#define CSAPI_FORMAT_CHECK_JSON_H

#include "verdict/check.h"

#include <stddef.h>

/* No line is longer: the most files there can be, each with the longest texts. */
#define CHECK_JSON_MAX ((size_t)8 << 20)

/* One line; caller frees; NULL: no memory. */
char *check_json_encode(const struct check *check);
/* 0 (check_free it), -EBADMSG, -ENOMEM. */
int check_json_decode(const char *text, size_t size, struct check *ret_check);

#endif
