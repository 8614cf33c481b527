/*
 * hello_json.h - the scanner's greeting as JSON, and back.
 *
 * It tells its client what to reckon with: the limits that requests may only tighten, how many messages it scans at once, and where
 * it keeps temporary files, so that the client of a private scanner can remove them if that is killed. Called by process.
 */
#ifndef CSAPI_FORMAT_HELLO_JSON_H
#define CSAPI_FORMAT_HELLO_JSON_H

#include "verdict/limits.h"

#include <stddef.h>

struct hello {
	char *directory;          /* absolute path; NULL: not told. The reader of a greeting owns it (hello_free) */
	struct limits limits;     /* `set`: told; the others are the defaults */
	unsigned max_concurrency; /* messages scanned at once; 0: not told */
};

/* All limits are told, the `set` ones and the defaults. Caller frees; NULL: no memory. */
char *hello_json_encode(const struct hello *hello);
/* 0 (hello_free it), -EBADMSG for another protocol or what is no greeting, -ENOMEM. */
int hello_json_decode(const char *text, size_t size, struct hello *ret_hello);
/* A client's greeting, which tells the protocol only: 0, or -EBADMSG for another one or what is no greeting. */
int hello_json_greeted(const char *text, size_t size);
void hello_free(struct hello *hello);

#endif
