/*
 * limits.c - the limits keep to their ranges: at each end, one step beyond it, and for what is no number at all.
 */
#include "verdict/limits.h"
#include "tap.h"

#include <errno.h>
#include <inttypes.h>

static int parse(enum limit limit, const char *text, struct limits *ret_limits, struct why *why)
{
	limits_defaults(ret_limits);
	return limits_parse(ret_limits, limit, text, why);
}

static void test_ranges(void)
{
	struct limits limits;
	struct why why;
	char text[64];
	for (int i = 0; i < LIMIT_COUNT; i++) {
		enum limit limit = (enum limit)i;
		const struct limit_row *row = limits_row(limit);
		(void)snprintf(text, sizeof text, "%" PRIu64, row->min);
		okf(parse(limit, text, &limits, &why) == 0 && limits.value[i] == row->min && limits.set[i],
		    "%s: the least", row->key);
		(void)snprintf(text, sizeof text, "%" PRIu64, row->max);
		okf(parse(limit, text, &limits, &why) == 0 && limits.value[i] == row->max, "%s: the most", row->key);
		(void)snprintf(text, sizeof text, "%" PRIu64, row->max + 1);
		okf(parse(limit, text, &limits, &why) == -ERANGE && limits.value[i] == row->def && !limits.set[i] &&
			    strstr(why.text, row->key) && strstr(why.text, text),
		    "%s: one more is refused, not clamped, and named", row->key);
		if (row->min)
			okf(parse(limit, "0", &limits, &why) == -ERANGE, "%s: 0 is refused", row->key);
	}
}

static void test_not_numbers(void)
{
	static const char *const bad[] = {"",   " ",   "-1",  "+1",  " 1",       "1 ",       "1k",
					  "0x", "0x1", "1.0", "1e3", "ten",      "\xD9\xA1", "1\n",
					  "--", "1,0", "1_0", "NaN", "infinity", "'1'",      "1;"};
	struct limits limits;
	struct why why;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		okf(parse(LIMIT_timeout, bad[i], &limits, &why) == -EINVAL && strstr(why.text, "timeout"),
		    "no number: %zu", i);
	static const char *const large[] = {
		"18446744073709551615", "18446744073709551616",
		"99999999999999999999999999999999999999999999999999999999999999999999999999"};
	for (size_t i = 0; i < sizeof large / sizeof *large; i++)
		okf(parse(LIMIT_timeout, large[i], &limits, &why) == -ERANGE && strstr(why.text, "86400"),
		    "a number beyond all ranges: %zu", i);
	ok(parse(LIMIT_timeout, "0000000000000000000000000000000010", &limits, NULL) == 0 &&
		   limits.value[LIMIT_timeout] == 10,
	   "zeros in front do not count");
}

static void test_names(void)
{
	ok(limits_find("max_extract_depth") == LIMIT_max_extract_depth &&
		   limits_find("max-extract-depth") == LIMIT_max_extract_depth &&
		   limits_find("max-extract_depth") == LIMIT_max_extract_depth,
	   "with _ or with -");
	ok(limits_find("") == LIMIT_COUNT && limits_find("max_extract") == LIMIT_COUNT &&
		   limits_find("max_extract_depths") == LIMIT_COUNT && limits_find("Max_Extract_Depth") == LIMIT_COUNT,
	   "what is no limit is not found");
}

static void test_defaults(void)
{
	struct limits limits;
	limits_defaults(&limits);
	ok(limits_effective(&limits, LIMIT_max_extract_depth) == 10 &&
		   limits_effective(&limits, LIMIT_max_extract_size) == 104857600 &&
		   limits_effective(&limits, LIMIT_max_cumulative_extract_size) == 209715200 &&
		   limits_effective(&limits, LIMIT_max_extract_time) == 180 &&
		   limits_effective(&limits, LIMIT_max_file_count) == 5000 &&
		   limits_effective(&limits, LIMIT_timeout) == 10,
	   "the defaults of the module");
	limits.value[LIMIT_max_extract_time] = limits.value[LIMIT_max_file_count] = 0;
	ok(limits_effective(&limits, LIMIT_max_extract_time) == UINT64_MAX &&
		   limits_effective(&limits, LIMIT_max_file_count) == UINT64_MAX,
	   "0 means no limit for time and files");
	struct why why;
	ok(limits_set(&limits, LIMIT_max_cumulative_extract_size, 4294967294u, 0, &why) == -ERANGE &&
		   limits_set(&limits, LIMIT_max_cumulative_extract_size, 4294967294u, LIMITS_CUMULATIVE_MOST, &why) ==
			   0 &&
		   limits_set(&limits, LIMIT_max_cumulative_extract_size, 4294967295u, LIMITS_CUMULATIVE_MOST, &why) ==
			   -ERANGE,
	   "the scanner's own upper end, and one more");
}

static int tighten(enum limit limit, uint64_t mine, uint64_t wanted, struct limits *ret_limits, struct why *why)
{
	struct limits other;
	limits_defaults(ret_limits);
	limits_defaults(&other);
	ret_limits->value[limit] = mine;
	other.value[limit] = wanted;
	other.set[limit] = true;
	return limits_tighten(ret_limits, &other, why);
}

static void test_tighten(void)
{
	struct limits limits, wanted;
	struct why why;
	ok(tighten(LIMIT_timeout, 10, 9, &limits, &why) == 0 && limits.value[LIMIT_timeout] == 9, "tighter");
	ok(tighten(LIMIT_timeout, 10, 10, &limits, &why) == 0, "the same");
	ok(tighten(LIMIT_timeout, 10, 11, &limits, &why) == -EPERM && limits.value[LIMIT_timeout] == 10 &&
		   strstr(why.text, "timeout"),
	   "looser is refused");
	ok(tighten(LIMIT_max_extract_time, 180, 0, &limits, &why) == -EPERM, "no limit is looser than one");
	ok(tighten(LIMIT_max_extract_time, 0, 180, &limits, &why) == 0, "and one is tighter than none");
	ok(tighten(LIMIT_max_file_count, 0, 0, &limits, &why) == 0, "none is none");
	ok(tighten(LIMIT_max_cumulative_extract_size, 1000, 0, &limits, &why) == -EPERM,
	   "0 for the sum is its default, which may be looser");
	ok(tighten(LIMIT_max_cumulative_extract_size, 0, 209715201, &limits, &why) == -EPERM &&
		   tighten(LIMIT_max_cumulative_extract_size, 0, 209715200, &limits, &why) == 0,
	   "and has an upper end");
	limits_defaults(&limits);
	limits_defaults(&wanted);
	wanted.value[LIMIT_max_extract_depth] = 1;
	wanted.value[LIMIT_timeout] = 86400;
	wanted.set[LIMIT_max_extract_depth] = wanted.set[LIMIT_timeout] = true;
	ok(limits_tighten(&limits, &wanted, NULL) == -EPERM && limits.value[LIMIT_max_extract_depth] == 10,
	   "one that is refused leaves all as they were");
	wanted.set[LIMIT_timeout] = false;
	ok(limits_tighten(&limits, &wanted, NULL) == 0 && limits.value[LIMIT_max_extract_depth] == 1 &&
		   limits.value[LIMIT_timeout] == 10,
	   "only what is set counts");
}

int main(void)
{
	test_ranges();
	test_not_numbers();
	test_names();
	test_defaults();
	test_tighten();
	return tap_end();
}
