/*
 * isolation_json.h - the layers around a worker as JSON, and back. Called by process and by status_json.
 */
#ifndef CSAPI_FORMAT_ISOLATION_JSON_H
#define CSAPI_FORMAT_ISOLATION_JSON_H

#include "verdict/isolation.h"

/* {"layers": {"landlock": {"state": "on", "detail": "ABI 7"}, ...}, "probes": {"socket": "stopped", ...}}; caller frees; NULL: no memory. */
char *isolation_json_encode(const struct isolation *isolation);
/* Hostile input: 0, -EBADMSG, -ENOMEM. What is not told is missing and untried. */
int isolation_json_decode(const char *text, size_t size, struct isolation *ret_isolation);

#endif
