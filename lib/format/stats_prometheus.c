/*
 * stats_prometheus.c - the counts of a scanner as Prometheus reads them; see stats_prometheus.h.
 */
#include "format/stats_prometheus.h"

#include "base/version.h"
#include "format/text.h"

#include <inttypes.h>

#define SECOND_US 1000000u

/* Text of a HELP line; of a label's value where `quotes`, in which quotes have a meaning as well. */
static void add_escaped(struct text *text, const char *foreign, bool quotes)
{
	for (; *foreign; foreign++) {
		if (*foreign == '\n')
			text_add(text, "\\n");
		else
			text_add(text, "%s%c", *foreign == '\\' || (quotes && *foreign == '"') ? "\\" : "", *foreign);
	}
}

static void add_head(struct text *text, const char *name, const char *type, const char *help)
{
	text_add(text, "# HELP %s ", name);
	add_escaped(text, help, false);
	text_add(text, "\n# TYPE %s %s\n", name, type);
}

/* Whole microseconds, so no digit is lost to rounding. */
static void add_seconds(struct text *text, uint64_t us)
{
	text_add(text, "%" PRIu64 ".%06" PRIu64 "\n", us / SECOND_US, us % SECOND_US);
}

static void add_rows(struct text *text, const struct stats *stats)
{
	for (int i = 0; i < STAT_COUNT; i++) {
		const struct stat_row *row = stats_row((enum stats_field)i);
		uint64_t value = stats_get(stats, (enum stats_field)i);
		if (!*row->metric)
			continue;
		add_head(text, row->metric, row->kind == STAT_KIND_GAUGE ? "gauge" : "counter", row->text);
		text_add(text, "%s ", row->metric);
		if (row->kind == STAT_KIND_MICROSECONDS)
			add_seconds(text, value);
		else
			text_add(text, "%" PRIu64 "\n", value);
	}
}

static void add_names(struct text *text, const struct stats *stats)
{
	add_head(text, "csapi_messages_total", "counter", "messages answered, by the status of the verdict");
	for (int i = 0; i < EC_AV_STATUS_COUNT; i++)
		text_add(text, "csapi_messages_total{status=\"%s\"} %" PRIu64 "\n",
			 ec_av_status_name((enum ec_av_status)i), stats->statuses[i]);
	add_head(text, "csapi_codes_total", "counter", "messages answered, by the scan code that decided; OK for none");
	text_add(text, "csapi_codes_total{code=\"OK\"} %" PRIu64 "\n", stats->code_ok);
	for (int i = 1; i <= SCAN_CODE_COUNT; i++)
		text_add(text, "csapi_codes_total{code=\"%s\"} %" PRIu64 "\n", scan_code_name((enum scan_code)i),
			 stats->codes[i - 1]);
}

static void add_durations(struct text *text, const struct stats *stats)
{
	static const char name[] = "csapi_scan_duration_seconds";
	uint64_t count = 0;
	add_head(text, name, "histogram", stats_row(STAT_message_us)->text);
	for (unsigned i = 0; i < STATS_BUCKET_COUNT; i++) {
		uint64_t bound = stats_bucket_bound(i);
		count += stats->durations[i];
		if (bound == UINT64_MAX)
			text_add(text, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, count);
		else
			text_add(text, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, (double)bound / 1000, count);
	}
	text_add(text, "%s_sum ", name);
	add_seconds(text, stats->message_us);
	text_add(text, "%s_count %" PRIu64 "\n", name, count);
}

static void add_gauge(struct text *text, const char *name, const char *help, uint64_t value)
{
	add_head(text, name, "gauge", help);
	text_add(text, "%s %" PRIu64 "\n", name, value);
}

static void add_status(struct text *text, const struct status *status)
{
	const struct facts *facts = &status->facts;
	add_gauge(text, "csapi_ready", "1 when the definitions are loaded and messages are scanned",
		  status->state == STATUS_READY);
	add_gauge(text, "csapi_degraded", "1 when it serves although its isolation is not whole", status->degraded);
	add_gauge(text, "csapi_engine_memory_bytes", "memory of the process that holds the engine; 0 when unknown",
		  status->engine_memory);
	add_gauge(text, "csapi_definitions_signatures", "signatures in use", facts->definitions_signatures);
	add_gauge(text, "csapi_definitions_built_timestamp_seconds", "when the definitions in use were built",
		  facts->definitions_built < 0 ? 0 : (uint64_t)facts->definitions_built);
	add_head(text, "csapi_info", "gauge", "always 1; versions are its labels");
	text_add(text, "csapi_info{version=\"");
	add_escaped(text, *status->version ? status->version : CSAPI_VERSION, true);
	text_add(text, "\",engine=\"");
	add_escaped(text, facts->engine_version ? facts->engine_version : "", true);
	text_add(text, "\",definitions=\"");
	add_escaped(text, facts->definitions_version ? facts->definitions_version : "", true);
	text_add(text, "\"} 1\n");
}

char *stats_prometheus_encode(const struct stats *stats, const struct status *status)
{
	struct text text;
	text_init(&text);
	add_names(&text, stats);
	add_durations(&text, stats);
	add_rows(&text, stats);
	if (status)
		add_status(&text, status);
	return text_take(&text);
}
