/*
 * limit_use.c - what two walks say of the limits, and that no figure is called exact which is not.
 */
#include "verdict/limit_use.h"
#include "tap.h"

#include <stdlib.h>

/* A walk within these limits, with depth and files used, that did not come to its end. */
static struct report cut_short(const struct limits *limits, uint64_t depth, uint64_t files)
{
	struct report report;
	struct part part = {.parent = REPORT_NO_PART, .kind = PART_INPUT, .route = ROUTE_WALKED, .id = (char[]){"0"}};
	const struct usage usage = {.depth = depth, .files = files, .extract_ms = 1500, .scan_ms = 2001};
	report_init(&report);
	if (report_part(&report, &part) || report_usage(&report, &usage))
		abort();
	report.limits = *limits;
	return report;
}

/* The same, ended well. */
static struct report walk_of(const struct limits *limits, uint64_t depth, uint64_t files)
{
	struct report report = cut_short(limits, depth, files);
	if (report_code(&report, 0, AVS_RESULT_SCANNER_NOT_INITIALIZED, REPORT_WALKED_TEXT) ||
	    report_stage(&report, STAGE_DONE, 0))
		abort();
	return report;
}

static void say(struct report *report, enum scan_code code, const char *text)
{
	if (report_code(report, 0, code, text))
		abort();
}

static struct limit_uses judged(struct report *walk, struct report *wide)
{
	struct limits limits;
	struct limit_uses uses;
	limits_defaults(&limits);
	limit_uses_judge(&limits, walk, wide, &uses);
	report_free(walk);
	if (wide)
		report_free(wide);
	return uses;
}

static void test_fits(const struct limits *limits)
{
	struct report walk = walk_of(limits, 10, 5000);
	struct limit_uses uses = judged(&walk, NULL);
	ok(uses.fits && uses.whole && !uses.failed && limit_uses_exit(&uses) == 0, "all of a limit is not too much");
	ok(uses.use[LIMIT_max_extract_time].used == 1500 && uses.use[LIMIT_timeout].used == 2001,
	   "times in milliseconds");
	walk = walk_of(limits, 1, 1);
	say(&walk, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, NULL);
	uses = judged(&walk, NULL);
	ok(uses.fits && !uses.whole && limit_uses_exit(&uses) == 3, "encrypted: as far as it could be opened");
	walk = walk_of(limits, 1, 1);
	say(&walk, DEC_RESULT_OUT_OF_MEMORY, NULL);
	uses = judged(&walk, NULL);
	ok(uses.failed && !uses.fits && limit_uses_exit(&uses) == 2, "an error of ours says nothing about the message");
}

static void test_exceeds(const struct limits *limits, const struct limits *widest)
{
	struct report walk = walk_of(limits, 10, 20), wide = walk_of(widest, 14, 6000);
	say(&walk, DEC_RESULT_MAXIMUM_DEPTH_REACHED, NULL);
	struct limit_uses uses = judged(&walk, &wide);
	const struct limit_use *depth = &uses.use[LIMIT_max_extract_depth], *files = &uses.use[LIMIT_max_file_count];
	ok(!uses.fits && depth->exceeded && limit_uses_exit(&uses) == 1, "a code of a limit exceeds it");
	ok(depth->need == NEED_EXACT && depth->needs == 14, "a second walk that saw all tells what suffices");
	ok(!files->exceeded && files->need == NEED_EXACT && files->needs == 6000,
	   "also of a limit that is reached next");
	ok(uses.use[LIMIT_timeout].need == NEED_NOTHING, "what suffices in both needs nothing");
	walk = walk_of(limits, 10, 20);
	say(&walk, DEC_RESULT_MAXIMUM_DEPTH_REACHED, NULL);
	wide = walk_of(widest, 50, 20);
	say(&wide, DEC_RESULT_MAXIMUM_DEPTH_REACHED, NULL);
	uses = judged(&walk, &wide);
	ok(depth->need == NEED_MORE && depth->needs == 50, "at its own end the second walk knows a least value only");
	walk = walk_of(limits, 1, 20);
	say(&walk, DEC_RESULT_MAXIMUM_DEPTH_REACHED, NULL);
	wide = walk_of(widest, 1, 20);
	say(&wide, DEC_RESULT_MAXIMUM_DEPTH_REACHED, NULL);
	uses = judged(&walk, &wide);
	ok(depth->need == NEED_NEVER, "where the reader itself ends no value suffices");
	walk = walk_of(limits, 10, 20);
	say(&walk, DEC_RESULT_MAXIMUM_DEPTH_REACHED, NULL);
	wide = cut_short(widest, 12, 20);
	uses = judged(&walk, &wide);
	ok(depth->need == NEED_MORE && depth->needs == 12, "a second walk that was cut short is no exact one");
}

static void test_times(const struct limits *limits, const struct limits *widest)
{
	struct report walk = cut_short(limits, 1, 1), wide = walk_of(widest, 1, 1);
	say(&walk, DEC_RESULT_MAXIMUM_EXTRACT_TIME_EXCEEDED, "timeout of 10 s, stage extract");
	wide.usage.scan_ms = 14200;
	struct limit_uses uses = judged(&walk, &wide);
	ok(uses.use[LIMIT_timeout].exceeded && !uses.use[LIMIT_max_extract_time].exceeded,
	   "the text tells which time ran out");
	ok(uses.use[LIMIT_timeout].needs == 15 && uses.use[LIMIT_timeout].need == NEED_EXACT, "whole seconds, upwards");
	ok(uses.use[LIMIT_timeout].used >= 10000 && !uses.failed, "all of it was used");
	walk = cut_short(limits, 1, 1);
	say(&walk, DEC_RESULT_MAXIMUM_EXTRACT_TIME_EXCEEDED, "max_extract_time of 180 s, stage extract");
	uses = judged(&walk, NULL);
	ok(uses.use[LIMIT_max_extract_time].need == NEED_MORE && uses.use[LIMIT_max_extract_time].needs == 180,
	   "without a second walk: more than there was");
}

static void test_exits(void)
{
	ok(limit_exit_worse(0, 3) == 3 && limit_exit_worse(3, 1) == 1 && limit_exit_worse(1, 2) == 2 &&
		   limit_exit_worse(2, 3) == 2 && limit_exit_worse(0, 0) == 0,
	   "2 before 1 before 3 before 0");
}

int main(void)
{
	struct limits limits, widest;
	limits_defaults(&limits);
	widest = limits;
	widest.value[LIMIT_max_extract_depth] = 50;
	widest.value[LIMIT_max_file_count] = 0;
	test_fits(&limits);
	test_exceeds(&limits, &widest);
	test_times(&limits, &widest);
	test_exits();
	return tap_end();
}
