/*
 * stats_json.c - the counts of a scanner, there and back, and what is refused.
 */
#include "format/stats_json.h"

#include "mutate.h"
#include "tap.h"

#include <errno.h>

/* Every count different from every other. */
static struct stats some(void)
{
	struct stats stats = {0};
	uint64_t next = 1000;
	for (int i = 0; i < STAT_COUNT; i++)
		stats_set(&stats, (enum stats_field)i, next++);
	for (int i = 0; i < EC_AV_STATUS_COUNT; i++)
		stats.statuses[i] = next++;
	for (int i = 0; i < SCAN_CODE_COUNT; i++)
		stats.codes[i] = next++;
	for (int i = 0; i < STATS_BUCKET_COUNT; i++)
		stats.durations[i] = next++;
	stats.code_ok = next;
	return stats;
}

static void test_round_trip(void)
{
	struct stats stats = some(), got = {0};
	char *text = stats_json_encode(&stats);
	ok(text && stats_json_decode(text, strlen(text), &got) == 0, "decoded");
	char *again = stats_json_encode(&got);
	same(again, text, "every count came back");
	free(again);
	free(text);
	stats = (struct stats){.message_us = 1234567, .queue_us = 1, .messages_checked = 10, .parts_checked = 30};
	text = stats_json_encode(&stats);
	ok(text && strstr(text, "\"mean_message_ms\":123.456,") && strstr(text, "\"mean_part_ms\":41.152,") &&
		   strstr(text, "\"mean_queue_ms\":0.0,"),
	   "means in milliseconds with three decimals");
	ok(text && strstr(text, "{\"up_to_ms\":null,\"messages\":0}"), "the last bucket has no bound");
	free(text);
}

static void test_hostile(void)
{
	static const char *const changes[][2] = {
		{"\"version\":\"1.0\"", "\"version\":\"2.0\""},
		{"\"version\":\"1.0\",", ""},
		{"\"messages_checked\":0", "\"messages_checked\":-1"},
		{"\"messages_checked\":0", "\"messages_checked\":0.5"},
		{"\"queue\":0", "\"queue\":4294967296"},
		{"\"EC_AV_CLEAN\":0,", ""},
		{"\"OK\":0,", ""},
		{"\"AVS_RESULT_VIRUS_FOUND\":0", "\"AVS_RESULT_VIRUS_FOUND\":null"},
		{"{\"up_to_ms\":1,", "{\"up_to_ms\":3,"},
		{"{\"up_to_ms\":1,\"messages\":0},", ""},
		{"\"durations\":[", "\"durations\":[{\"up_to_ms\":1,\"messages\":0},"},
	};
	struct stats stats = {0}, got;
	char *text = stats_json_encode(&stats);
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		char *bad = mutate_replace(text, changes[i][0], changes[i][1]);
		okf(bad && stats_json_decode(bad, strlen(bad), &got) == -EBADMSG, "hostile: %s -> %s", changes[i][0],
		    changes[i][1]);
		free(bad);
	}
	free(text);
}

static int decode(const char *text, size_t size)
{
	struct stats got;
	return stats_json_decode(text, size, &got);
}

static void test_mutants(void)
{
	struct stats stats = some();
	char *text = stats_json_encode(&stats);
	ok(mutate_all(text, 7, 5000, decode), "mutants");
	free(text);
}

int main(void)
{
	test_round_trip();
	test_hostile();
	test_mutants();
	return tap_end();
}
