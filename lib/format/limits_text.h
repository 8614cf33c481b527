/*
 * limits_text.h - limits, and what a message takes of them, for people; and as text of a configuration.
 *
 * Nothing that a terminal would act on comes out but the colours asked for. Called by cmd/csapi-limits.c.
 */
#ifndef CSAPI_FORMAT_LIMITS_TEXT_H
#define CSAPI_FORMAT_LIMITS_TEXT_H

#include "format/limits_json.h"

#include <stdbool.h>

struct limits_text_options {
	unsigned width; /* columns of the terminal; 0: as many as it takes */
	bool color;     /* SGR sequences */
	bool ascii;     /* nothing but ASCII: bars of # and -, other characters as \u{...} */
	bool all_parts; /* else a long row of parts without a code is told as a number */
};

/* All end with a newline. Caller frees; NULL: no memory. */
/* The table of limits: value, range, origin, code. */
char *limits_text_encode(const struct limits_in_force *in_force, const struct limits_text_options *options);
/* One message: a bar for each limit, what would suffice, the tree of parts. */
char *limits_text_message(const struct limits_in_force *in_force, const struct measurement *measurement,
			  const struct limits_text_options *options);
/* To be pasted into csapi.conf(5). */
char *limits_text_config(const struct limits_in_force *in_force);

#endif
