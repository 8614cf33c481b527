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

int main(void)
{
	test_parse();
	test_text();
	test_of();
	return tap_end();
}
