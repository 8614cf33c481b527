/*
 * suite.c - verdicts as results of tests; see suite.h. Refuses to pass over a message that was expected and not scanned.
 */
#include "suite.h"

#include "../progress_line.h"
#include "base/fd.h"
#include "notice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int told(int error)
{
	if (error)
		notice("cannot write the results of the tests: %s; check where standard output goes to",
		       strerror(-error));
	return error;
}

/* Takes the text. */
static int put(int fd, char *take_text)
{
	progress_line_clear();
	int error = take_text ? fd_write_all(fd, take_text, strlen(take_text)) : -ENOMEM;
	free(take_text);
	return error;
}

int suite_begin(struct suite *ret_suite, const struct settings *settings)
{
	*ret_suite = (struct suite){.settings = settings, .document = -1};
	if (settings->expect)
		ret_suite->expected = (struct expectations *)&settings->expectations;
	if (settings->quiet)
		return 0;
	if (settings->format == SETTINGS_TAP)
		return told(put(STDOUT_FILENO, strdup(VERDICT_TEST_TAP_HEAD)));
	if (settings->format != SETTINGS_JUNIT)
		return 0;
	ret_suite->document = memfd_create("csapi-junit", MFD_CLOEXEC);
	return told(ret_suite->document < 0 ? -errno : 0);
}

static int write_test(struct suite *suite, const struct verdict_test *test)
{
	const struct settings *settings = suite->settings;
	verdict_test_count(&suite->sums, test);
	if (!settings->quiet && settings->format == SETTINGS_TAP)
		return put(STDOUT_FILENO, verdict_test_tap(test));
	if (!settings->quiet && settings->format == SETTINGS_JUNIT)
		return put(suite->document, verdict_test_junit(test));
	if (!test->passed && !test->skipped)
		notice("%s: %s was expected", test->name, test->expected);
	return 0;
}

int suite_add(struct suite *suite, const char *name, const struct verdict *verdict)
{
	const struct expectation *row = suite->expected ? expectations_find(suite->expected, name) : NULL;
	char *expected = expectation_text(row);
	if (!expected)
		return told(-ENOMEM);
	struct verdict_test test = {.number = suite->sums.tests + 1,
				    .name = name,
				    .verdict = verdict,
				    .expected = expected,
				    .passed = expectation_holds(row, verdict)};
	test.skipped = !row && verdict->unasked;
	suite->trouble |= !test.passed && !test.skipped && verdict_exit(verdict) == 2;
	int error = write_test(suite, &test);
	free(expected);
	return told(error);
}

/* A line that names nobody: the message was renamed, or never scanned. */
static int add_missing(struct suite *suite, const struct expectation *row)
{
	char *expected = expectation_text(row);
	struct verdict_test test = {.number = suite->sums.tests + 1, .name = row->name, .expected = expected};
	int error = expected ? write_test(suite, &test) : -ENOMEM;
	free(expected);
	return error;
}

/* The testcases behind their sums. */
static int write_document(struct suite *suite)
{
	int error = put(STDOUT_FILENO, verdict_test_junit_head(&suite->sums));
	off_t size = lseek(suite->document, 0, SEEK_CUR), done = 0;
	static char step[64 << 10];
	while (!error && done < size) {
		ssize_t got = pread(suite->document, step, sizeof step, done);
		error = got > 0 ? fd_write_all(STDOUT_FILENO, step, (size_t)got) : got < 0 ? -errno : -EIO;
		done += got;
	}
	return error ? error : put(STDOUT_FILENO, strdup(VERDICT_TEST_JUNIT_TAIL));
}

int suite_end(struct suite *suite)
{
	int error = 0;
	for (unsigned i = 0; suite->expected && !error && i < suite->expected->count; i++)
		if (!suite->expected->rows[i].met)
			error = add_missing(suite, &suite->expected->rows[i]);
	if (!error && !suite->settings->quiet && suite->settings->format == SETTINGS_TAP)
		error = put(STDOUT_FILENO, verdict_test_tap_tail(&suite->sums));
	if (!error && suite->document >= 0)
		error = write_document(suite);
	fd_close(&suite->document);
	return told(error);
}

int suite_exit(const struct suite *suite)
{
	return suite->trouble ? 2 : suite->sums.failures > 0;
}
