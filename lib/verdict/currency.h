/*
 * currency.h - are definitions up to date? The one rule, and the words for why not.
 *
 * "Up to date" only if a mirror was reached within the update interval, no local version is lower than the remote one that it told, and the newest build is
 * younger than the limit. Pure. Called by update and by csapi-version.
 */
#ifndef CSAPI_VERDICT_CURRENCY_H
#define CSAPI_VERDICT_CURRENCY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum currency {
	CURRENCY_UP_TO_DATE,
	CURRENCY_NO_DEFINITIONS,   /* none, or only the test set that comes with csapi */
	CURRENCY_BROKEN,           /* the files are not those that were verified */
	CURRENCY_UPDATE_AVAILABLE, /* a mirror has a higher version */
	CURRENCY_OUT_OF_DATE,      /* the newest build is older than the limit */
	CURRENCY_RATE_LIMITED,     /* the last tries were put off by the mirror */
	CURRENCY_NOT_CHECKED,      /* no mirror was reached within the interval, or ever */
	CURRENCY_SCANNER_BEHIND,   /* what lies on disk is up to date, and the scanner that runs uses something else */
	CURRENCY_COUNT
};

struct currency_facts {
	bool found; /* there are definitions, and not only the test set */
	bool broken;
	bool behind;         /* some database is lower than the version that a mirror told */
	int64_t built;       /* newest build; 0: unknown */
	int64_t checked;     /* when a mirror last told its versions; 0: never */
	int64_t retry_at;    /* until when mirrors asked to wait; 0: they did not */
	bool scanner_behind; /* a running scanner uses other definitions */
	uint64_t interval;   /* seconds: update_interval */
	uint64_t max_age;    /* days */
	int64_t now;
};

/* A time of checking or building that lies more than a day ahead of `now` counts as unknown: some clock is wrong. */
enum currency currency_judge(const struct currency_facts *facts);
/* "up_to_date", "no_definitions", ... */
const char *currency_word(enum currency currency);
/* "Up to date", or the reason with its figures: "Out of date: 9 days old", "Not checked since 2026-11-20T...", ... */
void currency_text(enum currency currency, const struct currency_facts *facts, char *ret_text, size_t size);

#endif
