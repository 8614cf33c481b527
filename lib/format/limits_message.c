/*
 * limits_message.c - what one message takes of the limits: bars, and what would suffice; see limits_text.h. The tree is limits_tree.c's.
 */
#include "format/limits_line.h"
#include "format/limits_text.h"
#include "format/limits_tree.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KEY_WIDTH  27
#define WIDE       100 /* columns from which on there is room for long bars */
#define NARROW     72  /* below it the bar stands under the name */
#define CELLS_LONG 20
#define CELLS      10
#define GREEN      "\033[32m"
#define YELLOW     "\033[33m"
#define RED        "\033[1;31m"
#define PLAIN      "\033[0m"

static const char *on(const struct limits_text_options *options, const char *color)
{
	return options->color ? color : "";
}

/* ---- the first line ---- */

static void add_trouble(struct text *text, const struct report *walk, const struct limits_text_options *options)
{
	for (uint32_t i = 0; i < walk->code_count; i++) {
		const struct code_found *found = &walk->codes[i];
		bool marker = walk->complete && found->code == AVS_RESULT_SCANNER_NOT_INITIALIZED;
		if (marker || scan_code_row(found->code)->status != EC_AV_ERROR)
			continue;
		text_add(text, ": %s", scan_code_row(found->code)->text);
		if (found->text) {
			text_add(text, " (");
			limits_line_name(text, found->text, options->ascii);
			text_add(text, ")");
		}
		text_add(text, " [%s]", scan_code_name(found->code));
		return;
	}
}

static void add_head(struct text *text, const struct measurement *measurement,
		     const struct limits_text_options *options)
{
	const struct limit_uses *uses = measurement->uses;
	limits_line_name(text, measurement->name, options->ascii);
	text_add(text, ": ");
	if (uses->failed) {
		text_add(text, "%scannot be measured%s", on(options, RED), on(options, PLAIN));
		add_trouble(text, measurement->walk, options);
	} else if (uses->fits) {
		text_add(text, "%sfits%s%s", on(options, uses->whole ? GREEN : YELLOW),
			 uses->whole ? "" : ", as far as it could be opened", on(options, PLAIN));
	} else {
		const char *between = "";
		text_add(text, "%sexceeds ", on(options, RED));
		for (int i = 0; i < LIMIT_COUNT; i++) {
			if (!uses->use[i].exceeded)
				continue;
			text_add(text, "%s%s", between, limits_row((enum limit)i)->key);
			between = ", ";
		}
		text_add(text, "%s", on(options, PLAIN));
	}
	text_add(text, "\n");
}

/* ---- bars ---- */

/* What is used at all shows, and only what is used up looks full. */
static unsigned cells_of(uint64_t used, uint64_t most, unsigned cells)
{
	if (most == UINT64_MAX || !used)
		return 0;
	if (used >= most)
		return cells;
	unsigned filled = (unsigned)((double)used / (double)most * cells);
	return filled ? filled < cells ? filled : cells - 1 : 1;
}

static void add_bar(struct text *text, const struct limit_use *use, uint64_t most, unsigned cells,
		    const struct limits_text_options *options)
{
	unsigned filled = use->exceeded ? cells : cells_of(use->used, most, cells);
	const char *color = use->exceeded ? RED : filled * 4 >= cells * 3 ? YELLOW : GREEN;
	text_add(text, "%s", on(options, color));
	for (unsigned i = 0; i < cells; i++) {
		if (i == filled)
			text_add(text, "%s", on(options, PLAIN));
		text_add(text, "%s", i < filled ? options->ascii ? "#" : "█" : options->ascii ? "-" : "─");
	}
	text_add(text, "%s%s", use->exceeded ? options->ascii ? ">" : "▶" : " ", on(options, PLAIN));
}

/* A figure in the unit of its limit, short. */
static void short_figure(enum limit limit, uint64_t value, char *ret_text, size_t size)
{
	if (strcmp(limits_row(limit)->unit, "bytes") == 0)
		limits_line_size(value, ret_text, size);
	else
		(void)snprintf(ret_text, size, "%" PRIu64, value);
}

static void add_figures(struct text *text, enum limit limit, const struct limit_use *use, uint64_t most)
{
	bool bytes = strcmp(limits_row(limit)->unit, "bytes") == 0;
	char used[64], all[64], needs[64];
	short_figure(limit, use->used, used, sizeof used);
	short_figure(limit, most, all, sizeof all);
	short_figure(limit, use->needs, needs, sizeof needs);
	if (limit_is_time(limit))
		(void)snprintf(used, sizeof used, "%" PRIu64 ".%03" PRIu64, use->used / 1000, use->used % 1000);
	if (most == UINT64_MAX)
		text_add(text, "%s%s%s, no limit", used, bytes ? "" : " ", bytes ? "" : limits_row(limit)->unit);
	else
		text_add(text, "%s of %s%s%s", used, all, bytes ? "" : " ", bytes ? "" : limits_row(limit)->unit);
	if (use->need == NEED_NEVER)
		text_add(text, ", no value suffices");
	else if (use->need != NEED_NOTHING)
		text_add(text, ", needs %s%s", use->need == NEED_MORE ? "more than " : "", needs);
	else if (limit_is_time(limit))
		text_add(text, " (no engine)");
}

static void add_bars(struct text *text, const struct limits_in_force *in_force, const struct limit_uses *uses,
		     const struct limits_text_options *options)
{
	bool narrow = options->width && options->width < NARROW;
	unsigned cells = options->width && options->width < WIDE ? CELLS : CELLS_LONG;
	for (int i = 0; i < LIMIT_COUNT; i++) {
		uint64_t most = limits_effective(&in_force->limits, (enum limit)i);
		const char *key = limits_row((enum limit)i)->key;
		if (narrow)
			text_add(text, "  %s\n    ", key);
		else
			text_add(text, "  %-*s  ", KEY_WIDTH, key);
		bool milliseconds = limit_is_time((enum limit)i) && most != UINT64_MAX;
		add_bar(text, &uses->use[i], milliseconds ? most * 1000 : most, cells, options);
		text_add(text, " ");
		add_figures(text, (enum limit)i, &uses->use[i], most);
		text_add(text, "\n");
	}
}

/* ---- what would suffice ---- */

static void add_advice(struct text *text, const struct limit_uses *uses, const struct limits_text_options *options)
{
	bool known = !uses->fits, never = false;
	for (int i = 0; i < LIMIT_COUNT; i++) {
		const struct limit_use *use = &uses->use[i];
		bool writable = use->needs <= limits_row((enum limit)i)->max;
		known = known && (use->need == NEED_NOTHING || (use->need == NEED_EXACT && writable));
		never = never || use->need == NEED_NEVER;
	}
	if (never)
		text_add(text, "  no value suffices: the structure is deeper than it can be read\n");
	if (!known)
		return;
	text_add(text, "  %swould suffice:", on(options, YELLOW));
	for (int i = 0; i < LIMIT_COUNT; i++) {
		if (uses->use[i].need != NEED_EXACT)
			continue;
		text_add(text, " --");
		for (const char *c = limits_row((enum limit)i)->key; *c; c++)
			text_add(text, "%c", *c == '_' ? '-' : *c);
		text_add(text, "=%" PRIu64, uses->use[i].needs);
	}
	text_add(text, "%s\n", on(options, PLAIN));
}

char *limits_text_message(const struct limits_in_force *in_force, const struct measurement *measurement,
			  const struct limits_text_options *options)
{
	struct text text;
	text_init(&text);
	add_head(&text, measurement, options);
	if (!measurement->uses->failed) {
		add_bars(&text, in_force, measurement->uses, options);
		add_advice(&text, measurement->uses, options);
	}
	limits_tree_add(&text, measurement->walk, options);
	return text_take(&text);
}
