/*
 * limits.h - the limits of a scan: their table, values, and what of them a scan used.
 *
 * Pure values. A value out of range is refused, never clamped. Called by options, request, budget and report.
 */
#ifndef CSAPI_VERDICT_LIMITS_H
#define CSAPI_VERDICT_LIMITS_H

#include "base/why.h"
#include "verdict/scan_code.h"

#include <stdbool.h>
#include <stdint.h>

enum limit {
#define LIMIT(key, unit, min, max, def, code, text) LIMIT_##key,
#include "verdict/limits.def"
#undef LIMIT
	LIMIT_COUNT
};

struct limit_row {
	const char *key;
	const char *unit;
	uint64_t min, max, def;
	enum scan_code code;
	const char *text;
};

struct limits {
	uint64_t value[LIMIT_COUNT]; /* as given: 0 keeps its special meaning */
	bool set[LIMIT_COUNT];       /* false: the default, or the scanner's own value */
};

/* What max_cumulative_extract_size = 0 stands for, in bytes (the CSAPI module's own figure). */
#define LIMITS_CUMULATIVE_DEFAULT 209715200u
/* The most that csapi-scanner -o maxCumulativeExtractSize=N takes, in bytes (likewise). */
#define LIMITS_CUMULATIVE_MOST 4294967294u
/* The largest message, in bytes (likewise: "The maximum file size is 2 GB"). */
#define LIMITS_MESSAGE_MOST 2147483648u

const struct limit_row *limits_row(enum limit limit);
/* Key with _ or -; LIMIT_COUNT if there is no such limit. */
enum limit limits_find(const char *key);
void limits_defaults(struct limits *ret_limits);
/* Reads a decimal number into one limit. -EINVAL: not a number; -ERANGE: out of range; why says what to write. */
int limits_parse(struct limits *limits, enum limit limit, const char *text, struct why *why);
/* The same for a number; `most` replaces the row's upper end where it is not 0. */
int limits_set(struct limits *limits, enum limit limit, uint64_t value, uint64_t most, struct why *why);
/* Applies the set values of `wanted` to `limits`. -EPERM where one of them is looser; why names it. */
int limits_tighten(struct limits *limits, const struct limits *wanted, struct why *why);
/* The number to compare with: special zeros resolved, no limit = UINT64_MAX. */
uint64_t limits_effective(const struct limits *limits, enum limit limit);

#endif
