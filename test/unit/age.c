/*
 * age.c - ages: what is taken for one and what is refused, how they are written, and what a wrong clock does to them.
 */
#include "verdict/age.h"
#include "tap.h"

#include <errno.h>
#include <inttypes.h>

static void test_parse(void)
{
	static const struct {
		const char *text;
		uint64_t seconds;
	} good[] = {
		{"1", 86400},    {"7", 604800},       {"7d", 604800},     {"1s", 1},           {"90s", 90},
		{"30m", 1800},   {"12h", 43200},      {"3650", AGE_MOST}, {"3650d", AGE_MOST}, {"315360000s", AGE_MOST},
		{"007", 604800}, {"87600h", AGE_MOST}};
	struct why why;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		uint64_t seconds = 0;
		okf(age_parse(good[i].text, &seconds, &why) == 0 && seconds == good[i].seconds,
		    "%s is %" PRIu64 " seconds", good[i].text, good[i].seconds);
	}
	static const char *const none[] = {"",   " ",   "d",    "-1",  "+1",  " 1",   "1 ", "1w",
					   "1D", "1dd", "1d2h", "1.5", "0x1", "days", "1\n"};
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		uint64_t seconds = 4711;
		okf(age_parse(none[i], &seconds, &why) == -EINVAL && strstr(why.text, "is not an age") &&
			    seconds == 4711,
		    "no age: %zu", i);
	}
	static const char *const beyond[] = {"0",
					     "0s",
					     "0d",
					     "3651",
					     "3651d",
					     "315360001s",
					     "18446744073709551616",
					     "99999999999999999999999999999d",
					     "213503982334602d"};
	for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
		uint64_t seconds = 4711;
		okf(age_parse(beyond[i], &seconds, &why) == -ERANGE && strstr(why.text, "3650 days") && seconds == 4711,
		    "out of range: %s", beyond[i]);
	}
}

static void test_text(void)
{
	static const struct {
		uint64_t seconds;
		const char *text;
	} rows[] = {{0, "0 seconds"},
		    {1, "1 second"},
		    {59, "59 seconds"},
		    {60, "1 minute"},
		    {61, "1 minute 1 second"},
		    {3600, "1 hour"},
		    {3601, "1 hour 1 second"},
		    {5400, "1 hour 30 minutes"},
		    {86400, "1 day"},
		    {9 * 86400, "9 days"},
		    {7 * 86400 + 300, "7 days 5 minutes"},
		    {7 * 86400 + 3 * 3600 + 300 + 2, "7 days 3 hours"}};
	char text[AGE_TEXT_SIZE];
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		age_text(rows[i].seconds, text, sizeof text);
		same(text, rows[i].text, rows[i].text);
	}
	age_text(UINT64_MAX, text, sizeof text);
	ok(strlen(text) + 1 < sizeof text && strstr(text, " days "), "the longest has room");
}

static void test_of(void)
{
	const int64_t now = 1800000000;
	ok(age_of(now - 5, now) == 5, "seconds");
	ok(age_of(now, now) == 0, "just built");
	ok(age_of(1, now) == now - 1, "very old");
	ok(age_of(now + 1, now) == 0 && age_of(now + AGE_DAY, now) == 0, "a clock that is a little wrong");
	ok(age_of(now + AGE_DAY + 1, now) == -1 && age_of(INT64_MAX, now) == -1, "more than a day ahead is unknown");
	ok(age_of(0, now) == -1 && age_of(-1, now) == -1 && age_of(INT64_MIN, now) == -1, "no time is unknown");
	ok(age_of(5, 0) == 0 && age_of(now, 0) == -1 && age_of(now, INT64_MIN) == -1, "a clock that was never set");
}

static void test_excess(void)
{
	char text[AGE_EXCESS_SIZE];
	ok(!age_exceeds(0, 1) && !age_exceeds(7, 7) && age_exceeds(8, 7), "older, not as old");
	ok(age_exceeds(-1, AGE_MOST), "an unknown age is too old");
	age_excess(9 * AGE_DAY, 7 * AGE_DAY, text, sizeof text);
	same(text, "the definitions are 9 days old, more than the 7 days that --max-age allows; run csapi-update",
	     "both ages");
	age_excess(-1, 3600, text, sizeof text);
	same(text, "the age of the definitions is unknown, and --max-age allows 1 hour; run csapi-update", "unknown");
	age_excess(INT64_MAX, AGE_MOST, text, sizeof text);
	ok(strstr(text, "run csapi-update"), "the longest has room");
}

#define NOW 1800000000

/* A report of one part, with definitions so many days old (-1: none) and a code (SCAN_CODE_NONE: none) and maybe a virus, settled. */
static struct report settled(int days, enum scan_code code, bool virus)
{
	struct report report;
	report_init(&report);
	struct part part = {.parent = REPORT_NO_PART, .id = (char[]){"0"}, .route = ROUTE_WHOLE};
	struct facts facts = {.definitions_source = (char[]){"/d"},
			      .definitions_built = NOW - days * AGE_DAY,
			      .definitions_signatures = 3};
	bool good = report_part(&report, &part) == 0 && report_stage(&report, STAGE_DONE, 0) == 0;
	good = good && (days < 0 || report_facts(&report, &facts) == 0);
	good = good && (!code || report_code(&report, 0, code, NULL) == 0);
	good = good && (!virus || report_virus(&report, 0, "Test", false) == 0);
	ok(good && report_settle(&report) == 0, "a report");
	return report;
}

static bool lists(const struct report *report, enum scan_code code)
{
	for (uint32_t i = 0; i < report->code_count; i++)
		if (report->codes[i].code == code)
			return true;
	return false;
}

static void test_demand(void)
{
	static const struct {
		const char *what;
		int days;
		enum scan_code code;
		bool virus, gated;
		enum ec_av_status status;
		enum scan_code decided;
	} rows[] = {
		{"young and clean", 6, SCAN_CODE_NONE, false, false, EC_AV_CLEAN, SCAN_CODE_NONE},
		{"as old as allowed", 7, SCAN_CODE_NONE, false, false, EC_AV_CLEAN, SCAN_CODE_NONE},
		{"old and clean", 9, SCAN_CODE_NONE, false, true, EC_AV_ERROR, AVS_RESULT_DEFINITIONS_MISSING},
		{"unknown and clean", -1, SCAN_CODE_NONE, false, true, EC_AV_ERROR, AVS_RESULT_DEFINITIONS_MISSING},
		{"old and infected", 9, SCAN_CODE_NONE, true, true, EC_AV_INFECTED, AVS_RESULT_VIRUS_FOUND},
		{"old and unscannable", 9, DEC_RESULT_FILE_EXTRACT_FAILED, false, true, EC_AV_ERROR,
		 AVS_RESULT_DEFINITIONS_MISSING},
		{"an error, old", 9, GEN_RESULT_OUT_OF_MEMORY, false, true, EC_AV_ERROR,
		 AVS_RESULT_DEFINITIONS_MISSING},
		{"an error, no definitions", -1, GEN_RESULT_OUT_OF_MEMORY, false, false, EC_AV_ERROR,
		 GEN_RESULT_OUT_OF_MEMORY},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct report report = settled(rows[i].days, rows[i].code, rows[i].virus);
		int error = age_demand(&report, 7 * AGE_DAY, NOW);
		okf(!error && report.status == rows[i].status && report.code == rows[i].decided, "%s", rows[i].what);
		okf(lists(&report, AVS_RESULT_DEFINITIONS_MISSING) == rows[i].gated &&
			    (!rows[i].code || lists(&report, rows[i].code)),
		    "%s: its codes", rows[i].what);
		report_free(&report);
	}
	struct report refused;
	report_init(&refused);
	ok(report_refuse(&refused, EC_AV_PART_IS_CONTAINER, "1") == 0 && report_settle(&refused) == 0 &&
		   age_demand(&refused, 1, NOW) == 0 && refused.status == EC_AV_PART_IS_CONTAINER &&
		   !refused.code_count,
	   "what was refused stays so");
	report_free(&refused);
}

int main(void)
{
	test_parse();
	test_text();
	test_of();
	test_excess();
	test_demand();
	return tap_end();
}
