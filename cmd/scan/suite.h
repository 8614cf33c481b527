/*
 * suite.h - the verdicts of one call as results of tests, held against what is expected of them (--format=tap, --format=junit, --expect).
 *
 * Called by batch.c and verdict.c.
 */
#ifndef CSAPI_CMD_SCAN_SUITE_H
#define CSAPI_CMD_SCAN_SUITE_H

#include "format/verdict_test.h"
#include "settings.h"

struct suite {
	const struct settings *settings; /* borrowed */
	struct expectations *expected;   /* of the settings; NULL: clean is expected of all */
	struct verdict_test_sums sums;
	int document; /* where testcases wait for the sums that stand before them; -1: nowhere */
	bool trouble; /* a test failed because of an error of ours */
};

/* 0; a negative errno, told on standard error. suite_end it only after 0. */
int suite_begin(struct suite *ret_suite, const struct settings *settings);
/* One verdict. The same errors. */
int suite_add(struct suite *suite, const char *name, const struct verdict *verdict);
/* The messages that were expected and did not come, and what closes the document. The same errors. */
int suite_end(struct suite *suite);
/* 0: all was as expected; 1: not; 2: not, and by an error of the scan. */
int suite_exit(const struct suite *suite);

#endif
