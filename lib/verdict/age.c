/*
 * age.c - ages as people write and read them; see age.h. Refuses what is out of range rather than clamping it.
 */
#include "verdict/age.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct unit {
	char letter;
	uint64_t seconds;
	const char *word;
} units[] = {{'d', AGE_DAY, "day"}, {'h', 3600, "hour"}, {'m', 60, "minute"}, {'s', 1, "second"}};

#define UNITS (sizeof units / sizeof *units)

static const struct unit *find(char letter)
{
	for (size_t i = 0; i < UNITS; i++)
		if (units[i].letter == letter)
			return &units[i];
	return NULL;
}

int age_parse(const char *text, uint64_t *ret_seconds, struct why *why)
{
	size_t digits = strspn(text, "0123456789");
	const struct unit *unit = text[digits] ? find(text[digits]) : &units[0];
	if (!digits || !unit || (text[digits] && text[digits + 1]))
		return why_set(why, -EINVAL, "\"%.32s\" is not an age; write days, or a number with s, m, h or d",
			       text);
	errno = 0;
	uint64_t count = strtoull(text, NULL, 10);
	if (errno || !count || count > AGE_MOST / unit->seconds)
		return why_set(why, -ERANGE, "\"%.32s\" is not an age from 1 second to %u days", text,
			       AGE_MOST / AGE_DAY);
	*ret_seconds = count * unit->seconds;
	return 0;
}

static int put_count(char *ret_text, size_t size, uint64_t count, const char *word)
{
	return snprintf(ret_text, size, "%" PRIu64 " %s%s", count, word, count == 1 ? "" : "s");
}

void age_text(uint64_t seconds, char *ret_text, size_t size)
{
	size_t used = 0;
	for (size_t i = 0; i < UNITS; i++) {
		uint64_t count = seconds / units[i].seconds;
		seconds %= units[i].seconds;
		if (!count && (used || i + 1 < UNITS))
			continue;
		bool last = used > 0;
		if (last)
			ret_text[used++] = ' ';
		used += (size_t)put_count(ret_text + used, size - used, count, units[i].word);
		if (last)
			return;
	}
}

int64_t age_of(int64_t built, int64_t now)
{
	now = now < 0 ? 0 : now;
	if (built <= 0 || (built > now && built - now > AGE_DAY))
		return -1;
	return built > now ? 0 : now - built;
}

bool age_exceeds(int64_t age, uint64_t max_age)
{
	return age < 0 || (uint64_t)age > max_age;
}

void age_excess(int64_t age, uint64_t max_age, char *ret_text, size_t size)
{
	char allowed[AGE_TEXT_SIZE], old[AGE_TEXT_SIZE];
	age_text(max_age, allowed, sizeof allowed);
	age_text(age < 0 ? 0 : (uint64_t)age, old, sizeof old);
	if (age < 0)
		(void)snprintf(ret_text, size,
			       "the age of the definitions is unknown, and --max-age allows %s; run csapi-update",
			       allowed);
	else
		(void)snprintf(ret_text, size,
			       "the definitions are %s old, more than the %s that --max-age allows; run csapi-update",
			       old, allowed);
}

int age_demand(struct report *report, uint64_t max_age, int64_t now)
{
	int64_t age = age_of(report->facts.definitions_built, now);
	bool refused = report->status >= EC_AV_PART_IS_CONTAINER;
	bool unscanned = report->status == EC_AV_ERROR && !report->facts.definitions_signatures;
	if (refused || unscanned || !age_exceeds(age, max_age))
		return 0;
	char text[AGE_EXCESS_SIZE];
	age_excess(age, max_age, text, sizeof text);
	int error = report_code(report, 0, AVS_RESULT_DEFINITIONS_MISSING, text);
	if (!error)
		return report_settle(report);
	if (report->status != EC_AV_INFECTED) {
		report->status = EC_AV_ERROR;
		report->code = GEN_RESULT_OUT_OF_MEMORY;
	}
	return error;
}
