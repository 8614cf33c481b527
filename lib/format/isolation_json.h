/*
 * isolation_json.h - the layers around a worker as JSON, and back. Called by process and by status_json.
 */
#ifndef CSAPI_FORMAT_ISOLATION_JSON_H
#define CSAPI_FORMAT_ISOLATION_JSON_H

#include "verdict/isolation.h"

struct json_t;

/* {"layers": {"landlock": {"state": "on", "detail": "ABI 7"}, ...}, "probes": {"socket": "stopped", ...}}; caller frees; NULL: no memory. */
char *isolation_json_encode(const struct isolation *isolation);
/*
 * Hostile input: 0; -EBADMSG with *ret_isolation as it was. What is not told is missing and untried. The same build writes and reads it: an
 * unknown layer or probe is refused, for it might be one that fails.
 */
int isolation_json_decode(const char *text, size_t size, struct isolation *ret_isolation);

/* "on", "missing", "unneeded". */
const char *isolation_state_word(enum isolation_state state);

/* Inside lib/format: the same as a value of a larger document. */
struct json_t *isolation_json_object(const struct isolation *isolation);
int isolation_json_read(const struct json_t *object, struct isolation *ret_isolation);

#endif
