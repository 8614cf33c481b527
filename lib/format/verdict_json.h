/*
 * verdict_json.h - a report as the JSON document that users get, and back.
 *
 * jansson behind one door: the folder lib/format. The document is described by share/schema/verdict-1.schema.json; it is
 * ASCII only (names are escaped), one line, keys in a fixed order. The scanner sends the same document to the client, which
 * adds the name of the input; a decoded document is checked as hostile input.
 */
#ifndef CSAPI_FORMAT_VERDICT_JSON_H
#define CSAPI_FORMAT_VERDICT_JSON_H

#include "base/why.h"
#include "verdict/report.h"
#include "verdict/verdict.h"

#include <stdbool.h>
#include <stddef.h>

/* Of the shape of the document; a change that can break a reader raises the number before the dot. */
#define VERDICT_JSON_VERSION "1.2"

struct verdict_json_options {
	const char *name;   /* of the input, clean UTF-8; NULL: null in the document */
	bool without_times; /* leave out whatever differs from run to run (for comparisons) */
	/* What all engines say, settled, for whoever asked; the report is the one it shows. NULL: the report alone, for the client. */
	const struct verdict *verdict;
};

/* One line without a newline. Caller frees; NULL: no memory. `report` must be settled. */
char *verdict_json_encode(const struct report *report, const struct verdict_json_options *options);
/* 0 with a report that the caller frees; -EBADMSG with why; -ENOMEM. */
int verdict_json_decode(const char *text, size_t size, struct report *ret_report, struct why *why);

#endif
