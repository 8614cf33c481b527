/*
 * stats.c - what a settled report adds to the counts, the buckets of times, and the rows of stats.def.
 */
#include "verdict/stats.h"

#include "tap.h"

#include <stdlib.h>

static void test_buckets(void)
{
	static const uint64_t bounds[] = STATS_BUCKETS_MS;
	bool good = true;
	for (unsigned i = 0; i < STATS_BUCKET_COUNT - 1; i++)
		good = good && stats_bucket_bound(i) == bounds[i] && stats_bucket(bounds[i] * 1000) == i &&
		       stats_bucket(bounds[i] * 1000 + 1) == i + 1 && (!i || bounds[i] > bounds[i - 1]);
	ok(good, "a bound belongs to its bucket, what is longer by a microsecond to the next");
	ok(stats_bucket(0) == 0 && stats_bucket(UINT64_MAX) == STATS_BUCKET_COUNT - 1 &&
		   stats_bucket_bound(STATS_BUCKET_COUNT - 1) == UINT64_MAX,
	   "the first bucket and the last");
}

/* A settled report with two parts; `virus` NULL: none. */
static struct report make(const char *virus, enum scan_code code)
{
	struct report report;
	report_init(&report);
	const struct part input = {
		.parent = REPORT_NO_PART, .kind = PART_INPUT, .id = (char *)(uintptr_t) "0", .size = 700};
	const struct part body = {
		.number = 1, .parent = 0, .kind = PART_BODY, .id = (char *)(uintptr_t) "1", .size = 300};
	(void)report_part(&report, &input);
	(void)report_part(&report, &body);
	(void)report_route(&report, 0, ROUTE_WHOLE);
	(void)report_route(&report, 1, ROUTE_WHOLE);
	if (virus)
		(void)report_virus(&report, 1, virus, true);
	if (code != SCAN_CODE_NONE)
		(void)report_code(&report, 1, code, NULL);
	report.complete = true;
	(void)report_settle(&report);
	return report;
}

static void test_reports(void)
{
	struct stats stats = {0};
	struct report clean = make(NULL, SCAN_CODE_NONE), infected = make("Eicar", SCAN_CODE_NONE),
		      odd = make(NULL, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED);
	infected.parts_omitted = 5;
	infected.viruses_omitted = 2;
	stats_report(&stats, &clean, 900, 10);
	stats_report(&stats, &infected, 3000, 20);
	stats_report(&stats, &odd, 20000000, 30);
	ok(stats.messages_checked == 3 && stats.parts_checked == 11 && stats.viruses_found == 3 &&
		   stats.viruses_cured == 0 && stats.bytes_checked == 2100,
	   "messages, parts with those omitted, viruses, bytes");
	ok(stats.statuses[EC_AV_CLEAN] == 1 && stats.statuses[EC_AV_INFECTED] == 1 &&
		   stats.statuses[EC_AV_UNSCANNABLE] == 1,
	   "statuses");
	ok(stats.code_ok == 1 && stats.codes[AVS_RESULT_VIRUS_FOUND - 1] == 1 &&
		   stats.codes[DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED - 1] == 1,
	   "codes");
	ok(stats.durations[0] == 1 && stats.durations[2] == 1 && stats.durations[STATS_BUCKET_COUNT - 1] == 1,
	   "times in their buckets");
	ok(stats_mean_message(&stats) == 20003900 / 3 && stats_mean_part(&stats) == 20003900 / 11 &&
		   stats_mean_queue(&stats) == 20,
	   "means");
	report_free(&clean);
	report_free(&infected);
	report_free(&odd);
	struct report none;
	report_init(&none);
	(void)report_code(&none, 0, DEC_RESULT_OUT_OF_MEMORY, NULL);
	(void)report_settle(&none);
	stats = (struct stats){0};
	stats_report(&stats, &none, 0, 0);
	ok(stats.messages_checked == 1 && stats.parts_checked == 0 && stats_mean_part(&stats) == 0 &&
		   stats.statuses[EC_AV_ERROR] == 1,
	   "a report without parts");
	report_free(&none);
}

static void test_rows(void)
{
	struct stats stats = {0};
	bool kept = true, named = true;
	for (int i = 0; i < STAT_COUNT; i++) {
		const struct stat_row *row = stats_row((enum stats_field)i);
		stats_set(&stats, (enum stats_field)i, row->most - (uint64_t)i);
		named = named && *row->key && *row->text && (row->kind == STAT_KIND_MICROSECONDS || *row->label);
	}
	for (int i = 0; i < STAT_COUNT; i++)
		kept = kept &&
		       stats_get(&stats, (enum stats_field)i) == stats_row((enum stats_field)i)->most - (uint64_t)i;
	ok(kept, "each row keeps a value of its own");
	ok(named, "each row has its texts");
	ok(stats.queue == UINT32_MAX - STAT_queue && stats.parts_checked == (uint64_t)INT64_MAX - STAT_parts_checked,
	   "fields of both widths");
}

int main(void)
{
	test_buckets();
	test_reports();
	test_rows();
	return tap_end();
}
