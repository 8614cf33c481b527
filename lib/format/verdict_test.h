/*
 * verdict_test.h - verdicts as results of tests: TAP (version 13: no newer one is known everywhere) and JUnit's XML, which every CI system shows.
 *
 * One record a message; who writes them puts them between the head and the tail. Called by csapi-scan.
 */
#ifndef CSAPI_FORMAT_VERDICT_TEST_H
#define CSAPI_FORMAT_VERDICT_TEST_H

#include "verdict/verdict.h"

#include <stdbool.h>
#include <stdint.h>

struct verdict_test {
	uint64_t number;               /* from 1 on */
	const char *name;              /* of the message, clean UTF-8 */
	const struct verdict *verdict; /* settled; NULL: it was expected and did not come */
	const char *expected;          /* a status and perhaps a pattern, as expectation_text has it */
	bool passed;
	bool skipped; /* nobody scanned it, as the caller wished, and nothing was expected */
};

/* How many there were of each kind. */
struct verdict_test_sums {
	uint64_t tests, failures, errors, skipped;
	uint64_t total_ms;
};

void verdict_test_count(struct verdict_test_sums *sums, const struct verdict_test *test);

/* Lines. Caller frees, in all four; NULL: no memory. */
char *verdict_test_tap(const struct verdict_test *test);
char *verdict_test_tap_tail(const struct verdict_test_sums *sums);
#define VERDICT_TEST_TAP_HEAD "TAP version 13\n"

/* One element testcase. */
char *verdict_test_junit(const struct verdict_test *test);
/* What comes before all testcases: it holds their sums, so it is written last. */
char *verdict_test_junit_head(const struct verdict_test_sums *sums);
#define VERDICT_TEST_JUNIT_TAIL "  </testsuite>\n</testsuites>\n"

#endif
