/*
 * limit_use.c - how much of each limit a message takes; see limit_use.h.
 *
 * Refuses to call a figure exact that comes from a walk which did not see everything.
 */
#include "verdict/limit_use.h"

#include <string.h>

bool limit_is_time(enum limit limit)
{
	return limit == LIMIT_max_extract_time || limit == LIMIT_timeout;
}

/* Two limits of time share a code; its text begins with the key of the one that ran out. */
enum limit limit_of_code(const struct code_found *found)
{
	for (int i = 0; i < LIMIT_COUNT; i++) {
		const struct limit_row *row = limits_row((enum limit)i);
		if (row->code != found->code)
			continue;
		if (!limit_is_time((enum limit)i) ||
		    (found->text && strncmp(found->text, row->key, strlen(row->key)) == 0))
			return (enum limit)i;
	}
	return LIMIT_COUNT;
}

bool limit_exceeded(const struct report *report, enum limit limit)
{
	for (uint32_t i = 0; i < report->code_count; i++)
		if (limit_of_code(&report->codes[i]) == limit)
			return true;
	return false;
}

bool limit_exceeded_any(const struct report *report)
{
	for (int i = 0; i < LIMIT_COUNT; i++)
		if (limit_exceeded(report, (enum limit)i))
			return true;
	return false;
}

static uint64_t used(const struct report *report, enum limit limit)
{
	const struct usage *usage = &report->usage;
	switch (limit) {
	case LIMIT_max_extract_depth:
		return usage->depth;
	case LIMIT_max_extract_size:
		return usage->largest;
	case LIMIT_max_cumulative_extract_size:
		return usage->cumulative;
	case LIMIT_max_extract_time:
		return usage->extract_ms;
	case LIMIT_max_file_count:
		return usage->files;
	default:
		/* A walk that was cut short did not come to tell its own time. */
		return report->complete ? usage->scan_ms : report->total_ms;
	}
}

/* What the second walk says; without one, that the value in force is too little is all there is to say. */
static void judge_need(uint64_t most, const struct report *wide, enum limit limit, struct limit_use *use)
{
	bool all_seen = wide && wide->complete && !limit_exceeded_any(wide);
	uint64_t figure = wide ? used(wide, limit) : 0;
	/* Up where it must suffice, down where it does not. */
	if (limit_is_time(limit))
		figure = figure / 1000 + (all_seen && figure % 1000);
	if (!use->exceeded && figure <= most)
		return;
	use->need = all_seen ? NEED_EXACT : NEED_MORE;
	use->needs = figure > most ? figure : most;
	/* Another run takes another time: that it was too little counts. */
	if (all_seen && figure <= most)
		use->needs = most + 1;
	bool stuck = wide && wide->complete && limit_exceeded(wide, limit);
	if (stuck && figure < limits_effective(&wide->limits, limit))
		use->need = NEED_NEVER;
}

/* What the codes that are no limit's say. */
static void judge_codes(const struct report *walk, struct limit_uses *uses)
{
	bool explained = walk->complete;
	uses->whole = walk->complete;
	for (uint32_t i = 0; i < walk->code_count; i++) {
		const struct code_found *found = &walk->codes[i];
		bool marker = walk->complete && found->code == AVS_RESULT_SCANNER_NOT_INITIALIZED;
		if (marker || scan_code_is_information(found->code))
			continue;
		uses->whole = false;
		if (scan_code_row(found->code)->status == EC_AV_ERROR)
			uses->failed = true;
		else
			explained = true;
	}
	uses->failed = uses->failed || !explained || walk->status >= EC_AV_PART_IS_CONTAINER;
}

void limit_uses_judge(const struct limits *limits, const struct report *walk, const struct report *wide,
		      struct limit_uses *ret_uses)
{
	*ret_uses = (struct limit_uses){.fits = true};
	for (int i = 0; i < LIMIT_COUNT; i++) {
		enum limit limit = (enum limit)i;
		struct limit_use *use = &ret_uses->use[i];
		uint64_t most = limits_effective(limits, limit);
		use->used = used(walk, limit);
		use->exceeded = limit_exceeded(walk, limit);
		/* Whoever stops an archive does not say how long it took. */
		if (use->exceeded && limit_is_time(limit) && use->used < most * 1000)
			use->used = most * 1000;
		judge_need(most, wide, limit, use);
		ret_uses->fits = ret_uses->fits && !use->exceeded;
	}
	judge_codes(walk, ret_uses);
	ret_uses->fits = ret_uses->fits && !ret_uses->failed;
}

int limit_uses_exit(const struct limit_uses *uses)
{
	return uses->failed ? 2 : !uses->fits ? 1 : uses->whole ? 0 : 3;
}

int limit_exit_worse(int a, int b)
{
	static const int rank[] = {0, 2, 3, 1};
	return rank[a] > rank[b] ? a : b;
}

unsigned limit_depth_of(const struct report *report, const struct part *part, unsigned above)
{
	if (part->parent >= report->part_count)
		return 0;
	const struct part *parent = &report->parts[part->parent];
	size_t length = strlen(parent->id);
	bool inside = strncmp(part->id, parent->id, length) == 0 && part->id[length] == '/';
	bool member = part->kind == PART_MEMBER || part->kind == PART_STREAM;
	return above + (member || inside || parent->kind == PART_MESSAGE);
}
