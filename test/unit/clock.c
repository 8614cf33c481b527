/*
 * clock.c - deadlines as poll(2) wants them, and dates as people do.
 */
#include "base/clock.h"
#include "tap.h"

static void test_deadlines(void)
{
	int64_t now = clock_now();
	ok(clock_poll_timeout(CLOCK_NEVER) == -1, "a deadline that does not come");
	ok(clock_poll_timeout(now) == 0 && clock_poll_timeout(now - 1) == 0 && clock_poll_timeout(0) == 0,
	   "one that has passed");
	int left = clock_poll_timeout(now + 10000);
	ok(left > 5000 && left <= 10000, "one that comes");
	ok(clock_poll_timeout(CLOCK_NEVER - 1) == INT32_MAX, "one beyond the range of poll");
	int64_t later = clock_now();
	ok(later >= now && later - now < 5000, "time goes forward");
}

static void is(int64_t wall, const char *wanted)
{
	char text[CLOCK_TEXT_SIZE];
	memset(text, '#', sizeof text);
	clock_text(wall, text, sizeof text);
	same(text, wanted, *wanted ? wanted : "no date");
}

static void test_dates(void)
{
	is(0, "1970-01-01T00:00:00Z");
	is(-1, "1969-12-31T23:59:59Z");
	is(951782400, "2000-02-29T00:00:00Z");
	is(1795363630, "2026-11-22T16:07:10Z");
	is(253402300799, "9999-12-31T23:59:59Z");
	is(INT64_MAX, "");
	is(INT64_MIN, "");
	ok(clock_wall() > 1700000000, "it is later than 2023");
	char small[8] = "#######";
	clock_text(0, small, sizeof small);
	same(small, "", "no room for a date");
}

int main(void)
{
	test_deadlines();
	test_dates();
	return tap_end();
}
