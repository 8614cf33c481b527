/*
 * verdict_header.c - verdicts as header fields; see verdict_header.h. Refuses line ends and anything but printable ASCII in a field.
 */
#include "format/verdict_header.h"

#include "base/clock.h"
#include "format/text.h"

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

char *verdict_header_encode(const struct verdict *verdict, const char *line_end)
{
	struct text text;
	text_init(&text);
	add_field(&text, "Status", verdict_word(verdict), line_end);
	add_field(&text, "Info", verdict->info, line_end);
	add_field(&text, "Code", verdict->code, line_end);
	add_field(&text, "Engine", verdict->engine, line_end);
	add_definitions(&text, &verdict->report->facts, line_end);
	return text_take(&text);
}
