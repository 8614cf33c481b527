/*
 * currency.c - the rule of what is up to date: every word, which of several reasons is told, the boundaries, and wrong clocks. Whatever is put into
 * the facts, "up to date" never comes out unless all that it claims is so.
 */
#include "verdict/currency.h"
#include "tap.h"

#define NOW  1795000000 /* 2026-11-18T11:06:40Z */
#define DAY  86400
#define HOUR 3600

/* All as it should be. */
static struct currency_facts good(void)
{
	return (struct currency_facts){.found = true,
				       .built = NOW - 2 * DAY,
				       .checked = NOW - HOUR,
				       .interval = DAY,
				       .max_age = 7,
				       .now = NOW};
}

static void is(const struct currency_facts *facts, enum currency wanted, const char *text, const char *what)
{
	char got[160];
	enum currency currency = currency_judge(facts);
	okf(currency == wanted, "%s: %s", what, currency_word(wanted));
	currency_text(currency, facts, got, sizeof got);
	same(got, text, what);
}

static void test_rows(void)
{
	struct currency_facts facts = good();
	is(&facts, CURRENCY_UP_TO_DATE, "Up to date", "all is well");
	facts.scanner_behind = true;
	is(&facts, CURRENCY_SCANNER_BEHIND, "The scanner uses other definitions", "a scanner with something else");
	facts.checked = NOW - 2 * DAY;
	is(&facts, CURRENCY_NOT_CHECKED, "Not checked since 2026-11-16T11:06:40Z", "no mirror was reached for long");
	facts.retry_at = NOW + HOUR;
	is(&facts, CURRENCY_RATE_LIMITED,
	   "Rate limited until 2026-11-18T12:06:40Z, not checked since 2026-11-16T11:06:40Z", "a mirror put it off");
	facts.checked = 0;
	is(&facts, CURRENCY_RATE_LIMITED, "Rate limited until 2026-11-18T12:06:40Z, never checked for updates",
	   "it put off the first try");
	facts.retry_at = 0;
	is(&facts, CURRENCY_NOT_CHECKED, "Never checked for updates", "no mirror was ever reached");
	facts.built = NOW - 9 * DAY;
	is(&facts, CURRENCY_OUT_OF_DATE, "Out of date: 9 days old", "old");
	facts.retry_at = NOW + HOUR;
	is(&facts, CURRENCY_OUT_OF_DATE, "Out of date: 9 days old, rate limited until 2026-11-18T12:06:40Z",
	   "old, and nothing can be done now");
	facts.built = 0;
	facts.retry_at = 0;
	is(&facts, CURRENCY_OUT_OF_DATE, "Out of date: their age is unknown", "of unknown age");
	facts.behind = true;
	is(&facts, CURRENCY_UPDATE_AVAILABLE, "Update available", "a mirror has more");
	facts.retry_at = NOW + HOUR;
	is(&facts, CURRENCY_UPDATE_AVAILABLE, "Update available, rate limited until 2026-11-18T12:06:40Z",
	   "a mirror has more, and does not give it");
	facts.broken = true;
	is(&facts, CURRENCY_BROKEN, "Broken: the files are not those that were verified", "broken");
	facts.found = false;
	is(&facts, CURRENCY_NO_DEFINITIONS, "No definitions", "none");
	for (int i = 0; i < CURRENCY_COUNT; i++)
		for (int k = 0; k < i; k++)
			okf(strcmp(currency_word((enum currency)i), currency_word((enum currency)k)) != 0,
			    "words differ: %d and %d", i, k);
}

static void test_boundaries(void)
{
	struct currency_facts facts = good();
	facts.checked = NOW - DAY;
	ok(currency_judge(&facts) == CURRENCY_UP_TO_DATE, "checked exactly an interval ago");
	facts.checked--;
	ok(currency_judge(&facts) == CURRENCY_NOT_CHECKED, "a second earlier");
	facts = good();
	facts.built = NOW - 7 * DAY + 1;
	is(&facts, CURRENCY_UP_TO_DATE, "Up to date", "a second younger than the limit");
	facts.built--;
	is(&facts, CURRENCY_OUT_OF_DATE, "Out of date: 7 days old", "as old as the limit");
	facts.max_age = 1;
	facts.built = NOW - DAY;
	is(&facts, CURRENCY_OUT_OF_DATE, "Out of date: 1 day old", "one day");
	facts = good();
	facts.checked = 0;
	facts.retry_at = NOW;
	ok(currency_judge(&facts) == CURRENCY_NOT_CHECKED, "the wait is over at its second");
	facts.retry_at++;
	ok(currency_judge(&facts) == CURRENCY_RATE_LIMITED, "one more to wait");
	facts.retry_at = NOW + DAY;
	ok(currency_judge(&facts) == CURRENCY_RATE_LIMITED, "a day to wait");
	/* One mirror of several asked to wait, and the others told all. */
	facts = good();
	facts.retry_at = NOW + HOUR;
	ok(currency_judge(&facts) == CURRENCY_UP_TO_DATE, "rate limited after it was reached");
}

static void test_wrong_clocks(void)
{
	struct currency_facts facts = good();
	facts.built = facts.checked = NOW + DAY;
	ok(currency_judge(&facts) == CURRENCY_UP_TO_DATE, "a day ahead is a clock a little wrong");
	facts.checked = NOW + DAY + 1;
	is(&facts, CURRENCY_NOT_CHECKED, "Last checked in the future, so some clock is wrong", "checked years ahead");
	facts.built = NOW + DAY + 1;
	is(&facts, CURRENCY_OUT_OF_DATE, "Out of date: built in the future, so some clock is wrong",
	   "built years ahead");
	facts = good();
	facts.checked = 0;
	facts.retry_at = NOW + DAY + 1;
	is(&facts, CURRENCY_NOT_CHECKED, "Never checked for updates", "no mirror asks to wait for years");
	facts = good();
	facts.now = 0;
	ok(currency_judge(&facts) == CURRENCY_OUT_OF_DATE, "a clock that was never set");
	facts = good();
	facts.now = INT64_MAX;
	ok(currency_judge(&facts) == CURRENCY_OUT_OF_DATE, "a clock at the end of time");
}

/* What "up to date" claims, said in another way than the rule says it. */
static bool deserved(const struct currency_facts *facts)
{
	bool recent = facts->checked > 0 && facts->checked <= facts->now + DAY &&
		      facts->now <= facts->checked + (int64_t)facts->interval;
	bool young = facts->built > 0 && facts->built <= facts->now + DAY &&
		     facts->now < facts->built + (int64_t)facts->max_age * DAY;
	return facts->found && !facts->broken && !facts->behind && !facts->scanner_behind && recent && young;
}

static void test_all(void)
{
	static const int64_t times[] = {
		0,         1,   NOW - 8 * DAY, NOW - 7 * DAY, NOW - 7 * DAY + 1,        NOW - DAY - 1,
		NOW - DAY, NOW, NOW + DAY,     NOW + DAY + 1, NOW + 4000 * (int64_t)DAY};
	const size_t count = sizeof times / sizeof *times;
	unsigned wrong = 0, seen = 0, fine = 0;
	for (unsigned flags = 0; flags < 16; flags++) {
		for (size_t i = 0; i < count * count * count; i++) {
			struct currency_facts facts = good();
			facts.found = flags & 1;
			facts.broken = flags & 2;
			facts.behind = flags & 4;
			facts.scanner_behind = flags & 8;
			facts.built = times[i % count];
			facts.checked = times[i / count % count];
			facts.retry_at = times[i / count / count];
			bool current = currency_judge(&facts) == CURRENCY_UP_TO_DATE;
			wrong += current != deserved(&facts);
			fine += current;
			seen++;
		}
	}
	okf(wrong == 0 && fine > 0 && fine < seen / 10, "up to date if and only if it is so: %u facts, %u of them are",
	    seen, fine);
}

static void test_cut(void)
{
	struct currency_facts facts = good();
	char text[8];
	currency_text(CURRENCY_UP_TO_DATE, &facts, text, sizeof text);
	same(text, "Up to d", "a short buffer cuts the text");
}

int main(void)
{
	test_rows();
	test_boundaries();
	test_wrong_clocks();
	test_all();
	test_cut();
	return tap_end();
}
