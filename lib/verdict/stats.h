/*
 * stats.h - what a resident scanner counted since it started: a pure value, filled by the supervisor, shown by stats.
 *
 * The CSAPI module's own figures for an engine (messages and parts checked, viruses found and cured, mean times) come first.
 */
#ifndef CSAPI_VERDICT_STATS_H
#define CSAPI_VERDICT_STATS_H

#include "verdict/report.h"
#include "verdict/scan_code.h"

#include <stdint.h>

/* Upper bounds of the histogram of scan times, in milliseconds; one more bucket is for what is longer. */
#define STATS_BUCKETS_MS                                                                                               \
	{                                                                                                              \
		1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000                                            \
	}
#define STATS_BUCKET_COUNT 14

struct stats {
	/* Counted up. */
	uint64_t messages_checked; /* reports given for messages that a worker was given */
	uint64_t parts_checked;
	uint64_t viruses_found; /* names in reports, not messages */
	uint64_t viruses_cured; /* removed from messages that were repaired, and scanned again without one */
	uint64_t bytes_checked;
	uint64_t message_us; /* sum of the times from a worker's start on a message to its report */
	uint64_t queue_us;   /* sum of the times that messages waited for a worker */
	uint64_t statuses[EC_AV_STATUS_COUNT];
	uint64_t codes[SCAN_CODE_COUNT];        /* reports that this code decided; the first is the code 1 */
	uint64_t code_ok;                       /* reports that no code decided: "OK" */
	uint64_t durations[STATS_BUCKET_COUNT]; /* of message_us; not cumulative */
	uint64_t timeouts;                      /* workers killed at a deadline */
	uint64_t crashes;                       /* workers that died, or left early */
	uint64_t violations;                    /* of those, killed by seccomp */
	uint64_t retries;                       /* messages given to one more worker */
	uint64_t refused;                       /* requests answered with "busy" */
	uint64_t cache_hits, cache_misses;      /* messages answered by the cache; looked for there in vain */
	uint64_t abandoned;                     /* messages whose client went away */
	uint64_t connections, protocol_errors;  /* accepted; ended for a breach of protocol */
	uint64_t workers_started;
	uint64_t reloads, reloads_failed;
	/* At this moment. */
	uint64_t uptime_s;
	uint32_t queue, queue_most; /* messages that wait for a worker, and how many may */
	uint32_t busy, idle, workers_most;
	uint32_t clients;
	uint32_t cache_entries; /* verdicts kept, and what they take */
	uint64_t cache_bytes;
	uint32_t generation; /* of the definitions in use, 1 for the first */
};

/* The fields above that are single counts, as rows of stats.def. */
enum stats_field {
#define STAT(key, group, kind, metric, label, text) STAT_##key,
#include "verdict/stats.def"
#undef STAT
	STAT_COUNT
};

enum stat_group { STAT_GROUP_ENGINE, STAT_GROUP_MESSAGES, STAT_GROUP_CACHE, STAT_GROUP_WORKERS, STAT_GROUP_SERVICE };
enum stat_kind { STAT_KIND_COUNTER, STAT_KIND_GAUGE, STAT_KIND_MICROSECONDS };

struct stat_row {
	const char *key;
	enum stat_group group;
	enum stat_kind kind;
	const char *metric, *label; /* "": none */
	const char *text;
	uint64_t most; /* the largest value that the field holds and that JSON carries */
};

const struct stat_row *stats_row(enum stats_field stat);
const char *stats_group_text(enum stat_group group);
uint64_t stats_get(const struct stats *stats, enum stats_field stat);
/* `value` at most the row's `most`. */
void stats_set(struct stats *stats, enum stats_field stat, uint64_t value);
/* Mean times in microseconds; 0 where nothing was counted. */
uint64_t stats_mean_message(const struct stats *stats);
uint64_t stats_mean_part(const struct stats *stats);
uint64_t stats_mean_queue(const struct stats *stats);
/* Of those looked for in the cache, how many of a thousand it answered; 0 where none was. */
uint64_t stats_hit_rate(const struct stats *stats);

/* The bucket of a time. */
unsigned stats_bucket(uint64_t us);
/* Upper bound of a bucket in milliseconds; UINT64_MAX for the last. */
uint64_t stats_bucket_bound(unsigned bucket);
/* Counts one settled report: checked, parts, viruses, statuses, codes, durations. Times in microseconds. */
void stats_report(struct stats *stats, const struct report *report, uint64_t message_us, uint64_t queue_us);
/* The same report is of a message from which so many viruses were removed before. They count where it has none any more. */
void stats_cured(struct stats *stats, const struct report *report, uint64_t cured);

#endif
