/*
 * limits.c - the rows of limits.def as values; see limits.h. Refuses what is out of range.
 */
#include "verdict/limits.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct limit_row rows[] = {
#define LIMIT(key, unit, min, max, def, code, text) {#key, #unit, min, max, def, code, text},
#include "verdict/limits.def"
#undef LIMIT
};

const struct limit_row *limits_row(enum limit limit)
{
	assert(limit < LIMIT_COUNT);
	return &rows[limit];
}

static bool same_key(const char *key, const char *given)
{
	for (; *key && *given; key++, given++)
		if (*key != *given && !(*key == '_' && *given == '-'))
			return false;
	return *key == *given;
}

enum limit limits_find(const char *key)
{
	for (int i = 0; i < LIMIT_COUNT; i++)
		if (same_key(rows[i].key, key))
			return (enum limit)i;
	return LIMIT_COUNT;
}

void limits_defaults(struct limits *ret_limits)
{
	for (int i = 0; i < LIMIT_COUNT; i++) {
		ret_limits->value[i] = rows[i].def;
		ret_limits->set[i] = false;
	}
}

int limits_set(struct limits *limits, enum limit limit, uint64_t value, uint64_t most, struct why *why)
{
	const struct limit_row *row = limits_row(limit);
	if (!most)
		most = row->max;
	if (value < row->min || value > most)
		return why_set(why, -ERANGE, "%s must be %" PRIu64 " to %" PRIu64 " %s, not %" PRIu64, row->key,
			       row->min, most, row->unit, value);
	limits->value[limit] = value;
	limits->set[limit] = true;
	return 0;
}

int limits_parse(struct limits *limits, enum limit limit, const char *text, struct why *why)
{
	const struct limit_row *row = limits_row(limit);
	size_t digits = strspn(text, "0123456789");
	if (digits == 0 || text[digits] != '\0')
		return why_set(why, -EINVAL, "%s must be a whole number of %s, not \"%.64s\"", row->key, row->unit,
			       text);
	errno = 0;
	unsigned long long value = strtoull(text, NULL, 10);
	if (errno == ERANGE)
		return why_set(why, -ERANGE, "%s must be %" PRIu64 " to %" PRIu64 " %s, not %.64s", row->key, row->min,
			       row->max, row->unit, text);
	return limits_set(limits, limit, value, 0, why);
}

int limits_tighten(struct limits *limits, const struct limits *wanted, struct why *why)
{
	for (int i = 0; i < LIMIT_COUNT; i++) {
		enum limit limit = (enum limit)i;
		if (!wanted->set[i])
			continue;
		if (limits_effective(wanted, limit) > limits_effective(limits, limit))
			return why_set(why, -EPERM, "%s = %" PRIu64 " is looser than the scanner's %" PRIu64,
				       rows[i].key, wanted->value[i], limits->value[i]);
	}
	for (int i = 0; i < LIMIT_COUNT; i++) {
		if (!wanted->set[i])
			continue;
		limits->value[i] = wanted->value[i];
		limits->set[i] = true;
	}
	return 0;
}

uint64_t limits_effective(const struct limits *limits, enum limit limit)
{
	uint64_t value = limits->value[limit];
	if (value)
		return value;
	/* No other limit admits 0; the two that do mean "no limit" by it. */
	return limit == LIMIT_max_cumulative_extract_size ? LIMITS_CUMULATIVE_DEFAULT : UINT64_MAX;
}
