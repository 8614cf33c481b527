/*
 * verdict_test.c - verdicts as results of tests; see verdict_test.h. Refuses to let a name or a virus end an attribute, a line or a quoted string.
 */
#include "format/verdict_test.h"

#include "base/utf8.h"
#include "format/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The scan itself failed: a test that could not be made, rather than one with another result. */
static bool is_error(const struct verdict_test *test)
{
	return test->verdict && verdict_exit(test->verdict) == 2;
}

void verdict_test_count(struct verdict_test_sums *sums, const struct verdict_test *test)
{
	sums->tests++;
	sums->skipped += test->skipped;
	if (!test->skipped && !test->passed)
		*(is_error(test) ? &sums->errors : &sums->failures) += 1;
	if (test->verdict)
		sums->total_ms += test->verdict->report->total_ms;
}

/* Visible text, in which `add_special` writes what means something where it stands. */
static void add_escaped(struct text *text, const char *foreign, void (*add_one)(struct text *text, char c))
{
	char *visible = utf8_visible(foreign);
	for (const char *at = visible; at && *at; at++)
		add_one(text, *at);
	text->failed |= !visible;
	free(visible);
}

/* --- TAP -------------------------------------------------------------------------------------------------------- */

/* A description: "#" would begin a directive. */
static void add_description(struct text *text, char c)
{
	text_add(text, c == '#' || c == '\\' ? "\\%c" : "%c", c);
}

/* Inside of a double-quoted string of YAML. */
static void add_quoted(struct text *text, char c)
{
	text_add(text, c == '"' || c == '\\' ? "\\%c" : "%c", c);
}

static void add_yaml(struct text *text, const char *key, const char *value)
{
	if (!value)
		return;
	text_add(text, "  %s: \"", key);
	add_escaped(text, value, add_quoted);
	text_add(text, "\"\n");
}

char *verdict_test_tap(const struct verdict_test *test)
{
	struct text text;
	const struct verdict *verdict = test->verdict;
	text_init(&text);
	text_add(&text, "%sok %" PRIu64 " - ", test->passed || test->skipped ? "" : "not ", test->number);
	add_escaped(&text, test->name, add_description);
	text_add(&text, "%s\n", test->skipped ? " # SKIP not scanned" : "");
	if (test->passed || test->skipped)
		return text_take(&text);
	text_add(&text, "  ---\n");
	add_yaml(&text, "status", verdict ? ec_av_status_name(verdict->status) : "no such message was scanned");
	add_yaml(&text, "info", verdict && verdict->info && *verdict->info ? verdict->info : NULL);
	add_yaml(&text, "code", verdict ? verdict->code : NULL);
	add_yaml(&text, "expected", test->expected);
	text_add(&text, "  ...\n");
	return text_take(&text);
}

char *verdict_test_tap_tail(const struct verdict_test_sums *sums)
{
	struct text text;
	text_init(&text);
	text_add(&text, "1..%" PRIu64 "%s\n", sums->tests, sums->tests ? "" : " # SKIP no messages");
	return text_take(&text);
}

/* --- JUnit ------------------------------------------------------------------------------------------------------ */

static void add_xml(struct text *text, char c)
{
	switch (c) {
	case '&':
		text_add(text, "&amp;");
		break;
	case '<':
		text_add(text, "&lt;");
		break;
	case '>':
		text_add(text, "&gt;");
		break;
	case '"':
		text_add(text, "&quot;");
		break;
	case '\'':
		text_add(text, "&apos;");
		break;
	default:
		text_add(text, "%c", c);
	}
}

/* The directory of the message is the class of its test: programs that show results group by it. */
static void add_names(struct text *text, const char *name)
{
	const char *slash = strrchr(name, '/');
	char *directory = slash && slash != name ? strndup(name, (size_t)(slash - name)) : NULL;
	text_add(text, " classname=\"");
	add_escaped(text, directory ? directory : "csapi-scan", add_xml);
	text_add(text, "\" name=\"");
	add_escaped(text, name, add_xml);
	text_add(text, "\"");
	free(directory);
}

static void add_result(struct text *text, const struct verdict_test *test)
{
	const struct verdict *verdict = test->verdict;
	const char *element = is_error(test) ? "error" : "failure";
	const char *status = verdict ? ec_av_status_name(verdict->status) : "missing";
	text_add(text, "      <%s type=\"%s\" message=\"", element, status);
	text_add(text, verdict ? "%s" : "no such message was scanned", status);
	if (verdict && verdict->info && *verdict->info) {
		text_add(text, " ");
		add_escaped(text, verdict->info, add_xml);
	}
	text_add(text, "\">");
	if (verdict && verdict->code) {
		text_add(text, "code: ");
		add_escaped(text, verdict->code, add_xml);
		text_add(text, "\n");
	}
	text_add(text, "expected: ");
	add_escaped(text, test->expected, add_xml);
	text_add(text, "</%s>\n", element);
}

static double seconds(uint64_t ms)
{
	return (double)ms / 1000;
}

char *verdict_test_junit(const struct verdict_test *test)
{
	struct text text;
	text_init(&text);
	text_add(&text, "    <testcase");
	add_names(&text, test->name);
	text_add(&text, " time=\"%.3f\"", seconds(test->verdict ? test->verdict->report->total_ms : 0));
	if (test->skipped) {
		text_add(&text, ">\n      <skipped message=\"not scanned\"/>\n    </testcase>\n");
	} else if (test->passed) {
		text_add(&text, "/>\n");
	} else {
		text_add(&text, ">\n");
		add_result(&text, test);
		text_add(&text, "    </testcase>\n");
	}
	return text_take(&text);
}

static void add_sums(struct text *text, const struct verdict_test_sums *sums)
{
	text_add(text,
		 " name=\"csapi-scan\" tests=\"%" PRIu64 "\" failures=\"%" PRIu64 "\" errors=\"%" PRIu64
		 "\" skipped=\"%" PRIu64 "\" time=\"%.3f\">\n",
		 sums->tests, sums->failures, sums->errors, sums->skipped, seconds(sums->total_ms));
}

char *verdict_test_junit_head(const struct verdict_test_sums *sums)
{
	struct text text;
	text_init(&text);
	text_add(&text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
	add_sums(&text, sums);
	text_add(&text, "  <testsuite");
	add_sums(&text, sums);
	return text_take(&text);
}
