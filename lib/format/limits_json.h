/*
 * limits_json.h - limits, and what a message takes of them, as JSON; see share/schema/limits-1.schema.json.
 *
 * Called by cmd/csapi-limits.c.
 */
#ifndef CSAPI_FORMAT_LIMITS_JSON_H
#define CSAPI_FORMAT_LIMITS_JSON_H

#include "verdict/limit_use.h"

#define LIMITS_JSON_VERSION "1.0"

/* One message, as it was measured. Borrowed. */
struct measurement {
	const char *name;          /* of the input, clean UTF-8 */
	const struct report *walk; /* within the limits in force */
	const struct report *wide; /* within the widest; NULL: there was no need of it */
	const struct limit_uses *uses;
};

/* One line without its end; `measurement` NULL: the limits alone. Caller frees; NULL: no memory. */
char *limits_json_encode(const struct limits_in_force *in_force, const struct measurement *measurement);
/* "default", "file", "option", "scanner" */
const char *limit_origin_word(enum limit_origin_kind kind);

#endif
