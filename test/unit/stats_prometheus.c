/*
 * stats_prometheus.c - the page of metrics: names, types, values, the histogram, escapes. The live page is checked by metrics.py.
 */
#include "format/stats_prometheus.h"

#include "tap.h"

#include <inttypes.h>
#include <stdlib.h>

/* Is this whole line there? */
static bool has(const char *page, const char *line)
{
	char wanted[256];
	(void)snprintf(wanted, sizeof wanted, "\n%s\n", line);
	bool found = page && strstr(page, wanted);
	if (!found)
		printf("# not there: %s\n", line);
	return found;
}

static void test_counts(void)
{
	const struct stats stats = {.messages_checked = 6,
				    .message_us = 1234567,
				    .queue_us = 90,
				    .parts_checked = UINT64_MAX / 4,
				    .queue = 3,
				    .statuses[EC_AV_CLEAN] = 5,
				    .code_ok = 5,
				    .codes[SCAN_CODE_COUNT - 1] = 1,
				    .durations[0] = 1,
				    .durations[3] = 2,
				    .durations[STATS_BUCKET_COUNT - 1] = 3};
	char *page = stats_prometheus_encode(&stats, NULL);
	ok(has(page, "csapi_messages_total{status=\"EC_AV_CLEAN\"} 5") &&
		   has(page, "csapi_messages_total{status=\"EC_AV_ERROR\"} 0") &&
		   has(page, "# TYPE csapi_messages_total counter"),
	   "messages by status, those that did not occur too");
	char last[128];
	(void)snprintf(last, sizeof last, "csapi_codes_total{code=\"%s\"} 1",
		       scan_code_name((enum scan_code)SCAN_CODE_COUNT));
	ok(has(page, "csapi_codes_total{code=\"OK\"} 5") && has(page, last), "codes");
	ok(has(page, "# TYPE csapi_scan_duration_seconds histogram") &&
		   has(page, "csapi_scan_duration_seconds_bucket{le=\"0.001\"} 1") &&
		   has(page, "csapi_scan_duration_seconds_bucket{le=\"0.005\"} 1") &&
		   has(page, "csapi_scan_duration_seconds_bucket{le=\"0.01\"} 3") &&
		   has(page, "csapi_scan_duration_seconds_bucket{le=\"10\"} 3") &&
		   has(page, "csapi_scan_duration_seconds_bucket{le=\"+Inf\"} 6") &&
		   has(page, "csapi_scan_duration_seconds_sum 1.234567") &&
		   has(page, "csapi_scan_duration_seconds_count 6"),
	   "times are cumulative, and in seconds");
	ok(has(page, "csapi_queue_wait_seconds_total 0.000090") && has(page, "csapi_parts_total 4611686018427387903") &&
		   has(page, "# TYPE csapi_queue_messages gauge") && has(page, "csapi_queue_messages 3"),
	   "rows, with every digit");
	ok(page && !strstr(page, "csapi_ready"), "nothing of a state that is not known");
	free(page);
}

static void test_state(void)
{
	const struct stats stats = {0};
	struct status status = {.state = STATUS_READY,
				.degraded = true,
				.version = "1.2.3",
				.engine_memory = 5,
				.facts = {.engine_version = (char *)(uintptr_t) "a\"b\\c\nd",
					  .definitions_built = 1795363000,
					  .definitions_signatures = 14}};
	char *page = stats_prometheus_encode(&stats, &status);
	ok(has(page, "csapi_ready 1") && has(page, "csapi_degraded 1") && has(page, "csapi_engine_memory_bytes 5") &&
		   has(page, "csapi_definitions_signatures 14") &&
		   has(page, "csapi_definitions_built_timestamp_seconds 1795363000"),
	   "what alarms are made of");
	ok(has(page, "csapi_info{version=\"1.2.3\",engine=\"a\\\"b\\\\c\\nd\",definitions=\"\"} 1"),
	   "labels are escaped");
	free(page);
	status.state = STATUS_LOADING;
	page = stats_prometheus_encode(&stats, &status);
	ok(has(page, "csapi_ready 0"), "not ready");
	free(page);
}

int main(void)
{
	test_counts();
	test_state();
	return tap_end();
}
