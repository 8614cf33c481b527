/*
 * stats.c - counting settled reports, and the rows of stats.def; see stats.h.
 */
#include "verdict/stats.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#define FIELD_MOST(key) (sizeof((struct stats *)0)->key == sizeof(uint32_t) ? UINT32_MAX : (uint64_t)INT64_MAX)

static const struct stat_row rows[] = {
#define STAT(key, group, kind, metric, label, text)                                                                    \
	{#key, STAT_GROUP_##group, STAT_KIND_##kind, metric, label, text, FIELD_MOST(key)},
#include "verdict/stats.def"
#undef STAT
};

static const uint64_t bounds_ms[] = STATS_BUCKETS_MS;
_Static_assert(sizeof bounds_ms / sizeof *bounds_ms + 1 == STATS_BUCKET_COUNT, "one bucket is for what is longer");

const struct stat_row *stats_row(enum stats_field stat)
{
	assert(stat < STAT_COUNT);
	return &rows[stat];
}

const char *stats_group_text(enum stat_group group)
{
	static const char *const texts[] = {[STAT_GROUP_ENGINE] = "Engine csapi",
					    [STAT_GROUP_MESSAGES] = "Messages",
					    [STAT_GROUP_CACHE] = "Cache",
					    [STAT_GROUP_WORKERS] = "Workers",
					    [STAT_GROUP_SERVICE] = "Service"};
	return texts[group];
}

uint64_t stats_get(const struct stats *stats, enum stats_field stat)
{
	switch (stat) {
#define STAT(key, group, kind, metric, label, text)                                                                    \
	case STAT_##key:                                                                                               \
		return stats->key;
#include "verdict/stats.def"
#undef STAT
	default:
		assert(false);
		return 0;
	}
}

/* The fields have two widths. */
static void set_field(void *field, size_t size, uint64_t value)
{
	uint32_t narrow = (uint32_t)value;
	memcpy(field, size == sizeof narrow ? (void *)&narrow : (void *)&value, size);
}

void stats_set(struct stats *stats, enum stats_field stat, uint64_t value)
{
	assert(value <= stats_row(stat)->most);
	switch (stat) {
#define STAT(key, group, kind, metric, label, text)                                                                    \
	case STAT_##key:                                                                                               \
		set_field(&stats->key, sizeof stats->key, value);                                                      \
		break;
#include "verdict/stats.def"
#undef STAT
	default:
		assert(false);
	}
}

static uint64_t mean(uint64_t sum, uint64_t count)
{
	return count ? sum / count : 0;
}

uint64_t stats_mean_message(const struct stats *stats)
{
	return mean(stats->message_us, stats->messages_checked);
}

uint64_t stats_mean_part(const struct stats *stats)
{
	return mean(stats->message_us, stats->parts_checked);
}

uint64_t stats_mean_queue(const struct stats *stats)
{
	return mean(stats->queue_us, stats->messages_checked);
}

uint64_t stats_hit_rate(const struct stats *stats)
{
	return mean(stats->cache_hits * 1000, stats->cache_hits + stats->cache_misses);
}

uint64_t stats_bucket_bound(unsigned bucket)
{
	assert(bucket < STATS_BUCKET_COUNT);
	return bucket < STATS_BUCKET_COUNT - 1 ? bounds_ms[bucket] : UINT64_MAX;
}

unsigned stats_bucket(uint64_t us)
{
	unsigned bucket = 0;
	/* A bound belongs to its bucket, as Prometheus' "le" has it. */
	while (bucket < STATS_BUCKET_COUNT - 1 && us > bounds_ms[bucket] * 1000)
		bucket++;
	return bucket;
}

void stats_report(struct stats *stats, const struct report *report, uint64_t message_us, uint64_t queue_us)
{
	stats->messages_checked++;
	stats->parts_checked += (uint64_t)report->part_count + report->parts_omitted;
	stats->viruses_found += (uint64_t)report->virus_count + report->viruses_omitted;
	stats->bytes_checked += report->part_count ? report->parts[0].size : 0;
	stats->message_us += message_us;
	stats->queue_us += queue_us;
	stats->statuses[report->status]++;
	if (report->code == SCAN_CODE_NONE)
		stats->code_ok++;
	else
		stats->codes[report->code - 1]++;
	stats->durations[stats_bucket(message_us)]++;
}

void stats_cured(struct stats *stats, const struct report *report, uint64_t cured)
{
	if (report->status == EC_AV_CLEAN || report->status == EC_AV_UNSCANNABLE)
		stats->viruses_cured += cured;
}
