/*
 * verdict_header.c - verdicts as header fields; see verdict_header.h. Refuses line ends and anything but printable ASCII in a field.
 */
#include "format/verdict_header.h"

#include "base/clock.h"
#include "format/text.h"

#include <inttypes.h>
#include <stdio.h>

static void add_field(struct text *text, const char *name, const char *value, const char *line_end)
{
	if (!value || !*value)
		return;
	text_add(text, VERDICT_HEADER_PREFIX "%s: ", name);
	for (size_t i = 0; value[i] && i < VERDICT_HEADER_VALUE_MOST; i++)
		text_add(text, "%c", value[i] < ' ' || value[i] > '~' ? '?' : value[i]);
	text_add(text, "%s", line_end);
}

/* "20261126.000; built 2026-11-26T22:42:31Z": a reader of an old mail sees what was not known then. */
static void add_definitions(struct text *text, const struct facts *facts, const char *line_end)
{
	if (!facts->definitions_version)
		return;
	char built[CLOCK_TEXT_SIZE], value[128];
	clock_text(facts->definitions_built, built, sizeof built);
	int length = snprintf(value, sizeof value, "%.64s%s%s", facts->definitions_version,
			      facts->definitions_built ? "; built " : "", facts->definitions_built ? built : "");
	(void)length; /* it fits: 64 + 8 + CLOCK_TEXT_SIZE */
	add_field(text, "Definitions", value, line_end);
}

/* "clean; 2 removed: 2/invoice.zip/a.exe Eicar; 3 DEC_RESULT_...", as far as a line goes: first what the repaired message was found to be. */
static void add_repair(struct text *text, const struct repair_result *repair, const char *line_end)
{
	char value[VERDICT_HEADER_VALUE_MOST];
	if (!repair || repair->end != REPAIR_DONE)
		return;
	size_t used = (size_t)snprintf(value, sizeof value, "%s; %" PRIu32 " removed",
				       repair->status == EC_AV_CLEAN ? "clean" : "unscannable", repair->removed_count);
	for (uint32_t i = 0; i < repair->removed_count && used < sizeof value / 2; i++) {
		const struct repair_order *order = &repair->removed[i].order;
		used += (size_t)snprintf(value + used, sizeof value - used, "%s %.200s %.200s", i ? ";" : ":",
					 order->id, order->what);
	}
	add_field(text, "Disinfected", value, line_end);
}

char *verdict_header_encode(const struct verdict *verdict, const char *line_end)
{
	struct text text;
	text_init(&text);
	add_field(&text, "Status", verdict_word(verdict), line_end);
	add_field(&text, "Info", verdict->info, line_end);
	add_field(&text, "Code", verdict->code, line_end);
	add_field(&text, "Engine", verdict->engine, line_end);
	add_definitions(&text, &verdict->report->facts, line_end);
	add_repair(&text, verdict->repair, line_end);
	return text_take(&text);
}
