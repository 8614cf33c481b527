/*
 * stats_text.c - the counts of a scanner as lines for people; see stats_text.h.
 */
#include "format/stats_text.h"

#include "format/text.h"

#include <inttypes.h>
#include <stdio.h>

/* Wide enough for the longest name of a scan code. */
#define LABEL_WIDTH 58

static void add_count(struct text *text, const char *label, uint64_t count)
{
	text_add(text, "  %-*s %12" PRIu64 "\n", LABEL_WIDTH, label, count);
}

static void add_milliseconds(struct text *text, const char *label, uint64_t us)
{
	text_add(text, "  %-*s %12" PRIu64 ".%03" PRIu64 " ms\n", LABEL_WIDTH, label, us / 1000, us % 1000);
}

static void add_group(struct text *text, const struct stats *stats, enum stat_group group)
{
	text_add(text, "%s\n", stats_group_text(group));
	for (int i = 0; i < STAT_COUNT; i++) {
		const struct stat_row *row = stats_row((enum stats_field)i);
		if (row->group == group && *row->label)
			add_count(text, row->label, stats_get(stats, (enum stats_field)i));
	}
}

static void add_statuses(struct text *text, const struct stats *stats)
{
	text_add(text, "Messages by status\n");
	for (int i = 0; i < EC_AV_STATUS_COUNT; i++)
		if (stats->statuses[i])
			add_count(text, ec_av_status_name((enum ec_av_status)i), stats->statuses[i]);
}

static void add_codes(struct text *text, const struct stats *stats)
{
	text_add(text, "Messages by deciding code\n");
	if (stats->code_ok)
		add_count(text, "OK", stats->code_ok);
	for (int i = 1; i <= SCAN_CODE_COUNT; i++)
		if (stats->codes[i - 1])
			add_count(text, scan_code_name((enum scan_code)i), stats->codes[i - 1]);
}

static void add_durations(struct text *text, const struct stats *stats)
{
	text_add(text, "Messages by time of the scan\n");
	for (unsigned i = 0; i < STATS_BUCKET_COUNT; i++) {
		uint64_t bound = stats_bucket_bound(i);
		char label[32];
		if (!stats->durations[i])
			continue;
		if (bound == UINT64_MAX)
			(void)snprintf(label, sizeof label, "longer than %" PRIu64 " ms", stats_bucket_bound(i - 1));
		else
			(void)snprintf(label, sizeof label, "up to %" PRIu64 " ms", bound);
		add_count(text, label, stats->durations[i]);
	}
}

char *stats_text_encode(const struct stats *stats)
{
	struct text text;
	text_init(&text);
	add_group(&text, stats, STAT_GROUP_ENGINE);
	add_milliseconds(&text, "average time per message", stats_mean_message(stats));
	add_milliseconds(&text, "average time per part", stats_mean_part(stats));
	add_group(&text, stats, STAT_GROUP_MESSAGES);
	add_milliseconds(&text, "average time in the queue", stats_mean_queue(stats));
	add_group(&text, stats, STAT_GROUP_CACHE);
	text_add(&text, "  %-*s %10" PRIu64 ".%01" PRIu64 " %%\n", LABEL_WIDTH, "hit rate", stats_hit_rate(stats) / 10,
		 stats_hit_rate(stats) % 10);
	add_group(&text, stats, STAT_GROUP_WORKERS);
	add_group(&text, stats, STAT_GROUP_SERVICE);
	if (stats->messages_checked) {
		add_statuses(&text, stats);
		add_codes(&text, stats);
		add_durations(&text, stats);
	}
	return text_take(&text);
}
