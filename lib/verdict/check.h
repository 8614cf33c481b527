/*
 * check.h - what is known of a directory of definitions once somebody has verified and loaded it.
 *
 * A pure value: filled by scan, carried as JSON by format, judged by update and csapi-version.
 */
#ifndef CSAPI_VERDICT_CHECK_H
#define CSAPI_VERDICT_CHECK_H

#include "verdict/report.h"
#include "verdict/update.h"

#include <stdbool.h>

struct check {
	struct facts facts; /* of engine and decomposer always; of definitions when they were loaded */
	struct definition_set set;
	bool loaded;         /* all of it was loaded and compiled, and the engine answers */
	bool finds_eicar;    /* the EICAR test file is a virus; a private set may do without */
	bool harmless_clean; /* a harmless text is none */
	enum scan_code code; /* SCAN_CODE_NONE: all is well, as far as it was asked for */
	char text[512];      /* what is wrong, for people */
};

void check_free(struct check *check);
/* Something is wrong: the more severe code stays, with the text that came first for it. */
void check_fail(struct check *check, enum scan_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
