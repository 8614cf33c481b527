/*
 * limit_use.h - limits with where each was set, and how much of each a message takes when it is taken apart.
 *
 * A message is walked within the limits in force; where they do not suffice it is walked once more within the widest there are, to
 * learn what it would need. Judged here from the two reports. Pure values. Called by cmd/csapi-limits.c and lib/format.
 */
#ifndef CSAPI_VERDICT_LIMIT_USE_H
#define CSAPI_VERDICT_LIMIT_USE_H

#include "verdict/report.h"

#include <stdbool.h>
#include <stdint.h>

enum limit_origin_kind { ORIGIN_DEFAULT, ORIGIN_FILE, ORIGIN_OPTION, ORIGIN_SCANNER, ORIGIN_COUNT };

struct limit_origin {
	enum limit_origin_kind kind;
	const char *where; /* the file, or the scanner's socket; NULL: nowhere. Borrowed */
	unsigned line;     /* of the file; 0: none */
};

struct limits_in_force {
	struct limits limits;
	struct limit_origin origin[LIMIT_COUNT];
	const char *
		scanner; /* socket of the scanner that sets them; NULL: none runs, or its limits do not count. Borrowed */
	const char *antivirus, *engine; /* names in the configuration; NULL: it has none. Borrowed */
	const char *note;               /* what else there is to say about them; "" for nothing. Borrowed */
};

/* What is known of the value that would suffice. */
enum limit_need {
	NEED_NOTHING, /* the one in force does */
	NEED_EXACT,
	NEED_MORE,  /* more than the figure: the second walk came to its own end */
	NEED_NEVER, /* no value would: what holds it up is the reader of the structure */
};

struct limit_use {
	uint64_t used; /* in the limit's unit, for times in milliseconds; what was seen, if the walk was cut short */
	bool exceeded; /* the scan code was told */
	enum limit_need need;
	uint64_t needs; /* in the limit's unit */
};

struct limit_uses {
	struct limit_use use[LIMIT_COUNT];
	bool failed; /* an error of ours, or of reading: nothing can be said */
	bool fits;   /* no limit is exceeded */
	bool whole;  /* and everything could be opened */
};

/* Is it a time, which is told in milliseconds? */
bool limit_is_time(enum limit limit);
/*
 * `walk` is the report of a request with `measure` within `limits`; `wide` one within the wider limits that it tells, NULL: there was
 * no need of it.
 */
void limit_uses_judge(const struct limits *limits, const struct report *walk, const struct report *wide,
		      struct limit_uses *ret_uses);
/* Does this report of such a request say that the limit was exceeded? */
bool limit_exceeded(const struct report *report, enum limit limit);
bool limit_exceeded_any(const struct report *report);
/* The limit that a finding is about; LIMIT_COUNT: none. */
enum limit limit_of_code(const struct code_found *found);
/* The exit status of csapi-limits: 2 failed, 1 exceeded, 3 not whole, 0. */
int limit_uses_exit(const struct limit_uses *uses);
/* The one that counts of several messages: 2 before 1 before 3 before 0. */
int limit_exit_worse(int a, int b);
/* Containers that a part lies in, as max_extract_depth counts them. `above` is its parent's figure. */
unsigned limit_depth_of(const struct report *report, const struct part *part, unsigned above);

#endif
