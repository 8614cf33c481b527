/*
 * verdict_text.h - a report as lines for people.
 *
 * Nothing that a terminal would act on comes out (utf8_visible). The first line is "NAME: STATUS INFO", as short as
 * clamscan's; where several engines were chosen, or one on another machine, each has a line; the parts that are not clean follow.
 */
#ifndef CSAPI_FORMAT_VERDICT_TEXT_H
#define CSAPI_FORMAT_VERDICT_TEXT_H

#include "verdict/report.h"
#include "verdict/verdict.h"

#include <stdbool.h>

struct verdict_text_options {
	const char *name; /* of the input, clean UTF-8 */
	bool color;       /* SGR sequences around the status */
	bool all_parts;   /* clean parts too */
	/* What all engines say, settled; the report is the one it shows. NULL: the report alone. */
	const struct verdict *verdict;
};

/* All lines, each ended by a newline. Caller frees; NULL: no memory. */
char *verdict_text_encode(const struct report *report, const struct verdict_text_options *options);

#endif
