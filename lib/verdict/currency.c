/*
 * currency.c - the rule of what is up to date; see currency.h. Refuses to call anything so that was not found out: what is unknown
 * counts against it.
 */
#include "verdict/currency.h"

#include "base/clock.h"
#include "verdict/age.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* How far ahead a mirror's wish to be left alone can lie: longer ones are cut to this when they are taken down. */
#define RETRY_MOST AGE_DAY

static bool rate_limited(const struct currency_facts *facts)
{
	return facts->retry_at > facts->now && facts->retry_at - facts->now <= RETRY_MOST;
}

static bool checked(const struct currency_facts *facts)
{
	int64_t age = age_of(facts->checked, facts->now);
	return age >= 0 && (uint64_t)age <= facts->interval;
}

static bool young(const struct currency_facts *facts)
{
	int64_t age = age_of(facts->built, facts->now);
	return age >= 0 && (uint64_t)age / AGE_DAY < facts->max_age;
}

enum currency currency_judge(const struct currency_facts *facts)
{
	if (!facts->found)
		return CURRENCY_NO_DEFINITIONS;
	if (facts->broken)
		return CURRENCY_BROKEN;
	if (facts->behind)
		return CURRENCY_UPDATE_AVAILABLE;
	if (!young(facts))
		return CURRENCY_OUT_OF_DATE;
	if (!checked(facts))
		return rate_limited(facts) ? CURRENCY_RATE_LIMITED : CURRENCY_NOT_CHECKED;
	return facts->scanner_behind ? CURRENCY_SCANNER_BEHIND : CURRENCY_UP_TO_DATE;
}

const char *currency_word(enum currency currency)
{
	static const char *const words[CURRENCY_COUNT] = {
		[CURRENCY_UP_TO_DATE] = "up_to_date",   [CURRENCY_NO_DEFINITIONS] = "no_definitions",
		[CURRENCY_BROKEN] = "broken",           [CURRENCY_UPDATE_AVAILABLE] = "update_available",
		[CURRENCY_OUT_OF_DATE] = "out_of_date", [CURRENCY_RATE_LIMITED] = "rate_limited",
		[CURRENCY_NOT_CHECKED] = "not_checked", [CURRENCY_SCANNER_BEHIND] = "scanner_behind",
	};
	assert(currency < CURRENCY_COUNT);
	return words[currency];
}

/* How old they are, or why that is not known. */
static void put_age(const struct currency_facts *facts, char *ret_text, size_t size)
{
	int64_t age = age_of(facts->built, facts->now), days = age / AGE_DAY;
	if (age >= 0)
		(void)snprintf(ret_text, size, "%" PRId64 " day%s old", days, days == 1 ? "" : "s");
	else if (facts->built > 0)
		(void)snprintf(ret_text, size, "built in the future, so some clock is wrong");
	else
		(void)snprintf(ret_text, size, "their age is unknown");
}

/* When a mirror was reached last. */
static void put_checked(const struct currency_facts *facts, char *ret_text, size_t size)
{
	char time[CLOCK_TEXT_SIZE];
	clock_text(facts->checked, time, sizeof time);
	if (age_of(facts->checked, facts->now) >= 0)
		(void)snprintf(ret_text, size, "not checked since %s", time);
	else if (facts->checked > 0)
		(void)snprintf(ret_text, size, "last checked in the future, so some clock is wrong");
	else
		(void)snprintf(ret_text, size, "never checked for updates");
}

/* ", rate limited until ...": why it stays as it is; "" where that is not the reason. */
static void put_limited(const struct currency_facts *facts, char *ret_text, size_t size)
{
	char time[CLOCK_TEXT_SIZE];
	clock_text(facts->retry_at, time, sizeof time);
	(void)snprintf(ret_text, size, "%s%s", rate_limited(facts) ? ", rate limited until " : "",
		       rate_limited(facts) ? time : "");
}

void currency_text(enum currency currency, const struct currency_facts *facts, char *ret_text, size_t size)
{
	char age[64], last[96], limited[64];
	put_age(facts, age, sizeof age);
	put_checked(facts, last, sizeof last);
	put_limited(facts, limited, sizeof limited);
	switch (currency) {
	case CURRENCY_UP_TO_DATE:
		(void)snprintf(ret_text, size, "up to date");
		break;
	case CURRENCY_NO_DEFINITIONS:
		(void)snprintf(ret_text, size, "no definitions");
		break;
	case CURRENCY_BROKEN:
		(void)snprintf(ret_text, size, "broken: the files are not those that were verified");
		break;
	case CURRENCY_UPDATE_AVAILABLE:
		(void)snprintf(ret_text, size, "update available%s", limited);
		break;
	case CURRENCY_OUT_OF_DATE:
		(void)snprintf(ret_text, size, "out of date: %s%s", age, limited);
		break;
	case CURRENCY_RATE_LIMITED:
		(void)snprintf(ret_text, size, "%s, %s", *limited ? limited + strlen(", ") : "rate limited", last);
		break;
	case CURRENCY_NOT_CHECKED:
		(void)snprintf(ret_text, size, "%s", last);
		break;
	default:
		(void)snprintf(ret_text, size, "the scanner uses other definitions");
		break;
	}
	ret_text[0] = (char)toupper((unsigned char)ret_text[0]);
}
