/*
 * facts_json.h - what is known of engine and definitions, as JSON, and back.
 *
 * The worker says it once its engine is ready, or says why it is not. Called by process.
 */
#ifndef CSAPI_FORMAT_FACTS_JSON_H
#define CSAPI_FORMAT_FACTS_JSON_H

#include "verdict/report.h"

#include <stddef.h>

/*
 * `code` is SCAN_CODE_NONE when the engine is ready, else why it is not, with `text` (may be NULL). One line, for the
 * caller to free; NULL: no memory.
 */
char *facts_json_encode(const struct facts *facts, enum scan_code code, const char *text);
/* 0 with facts (facts_free), code and text ("" if none; caller frees); -EBADMSG; -ENOMEM. */
int facts_json_decode(const char *text, size_t size, struct facts *ret_facts, enum scan_code *ret_code,
		      char **ret_text);

#endif
