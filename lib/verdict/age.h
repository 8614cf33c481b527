/*
 * age.h - how old definitions may be, and how old they are: ages as people write and read them.
 *
 * Pure. Called by client (--max-age of csapi-scan), csapi-version, and currency.c.
 */
#ifndef CSAPI_VERDICT_AGE_H
#define CSAPI_VERDICT_AGE_H

#include "base/why.h"
#include "verdict/report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Seconds: the longest age that can be asked for, 3650 days, as for max_age in the configuration. */
#define AGE_MOST      315360000u
#define AGE_TEXT_SIZE 48
#define AGE_DAY       86400

/* "7" and "7d" are days, "12h" hours, "30m" minutes, "90s" seconds; from one second to AGE_MOST. 0, or -EINVAL or -ERANGE with why. */
int age_parse(const char *text, uint64_t *ret_seconds, struct why *why);
/* The first unit there is something of, and the next: "9 days", "7 days 5 minutes", "1 hour 30 minutes". `size` at least AGE_TEXT_SIZE. */
void age_text(uint64_t seconds, char *ret_text, size_t size);
/*
 * Seconds from `built` to `now`, both seconds since 1970; -1: unknown, which 0 is, and what lies more than a day ahead, for then some clock is wrong. Up to a
 * day ahead counts as now.
 */
int64_t age_of(int64_t built, int64_t now);
/* Is an age (-1: unknown) more than is allowed? Unknown is. */
bool age_exceeds(int64_t age, uint64_t max_age);
/* "the definitions are 9 days old, more than the 7 days that --max-age allows; run csapi-update". `size` at least AGE_EXCESS_SIZE. */
void age_excess(int64_t age, uint64_t max_age, char *ret_text, size_t size);
#define AGE_EXCESS_SIZE 192
/*
 * Holds a settled report to the age of the definitions that it comes from. Older than max_age, or of unknown age, they can call nothing clean: it gets
 * AVS_RESULT_DEFINITIONS_MISSING and settles anew; a virus stays one. What was refused, and errors without definitions, stay as they are. 0 or -ENOMEM (it is
 * EC_AV_ERROR then).
 */
int age_demand(struct report *report, uint64_t max_age, int64_t now);

#endif
