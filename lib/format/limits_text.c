/*
 * limits_text.c - the table of limits, and the text of a configuration; see limits_text.h.
 */
#include "format/limits_text.h"

#include "format/limits_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CELL 256

struct row {
	char cells[5][CELL]; /* limit, value, range, origin, code */
};

static const struct row head = {{"LIMIT", "VALUE", "RANGE", "FROM", "CODE"}};

static void fill_row(const struct limits_in_force *in_force, enum limit limit, struct row *ret_row)
{
	const struct limit_row *row = limits_row(limit);
	const struct limit_origin *origin = &in_force->origin[limit];
	uint64_t most = limits_effective(&in_force->limits, limit);
	char line[16] = "";
	(void)snprintf(ret_row->cells[0], CELL, "%s", row->key);
	limits_line_value(limit, most, ret_row->cells[1], CELL);
	(void)snprintf(ret_row->cells[2], CELL, "%" PRIu64 " to %" PRIu64, row->min, row->max);
	if (origin->line)
		(void)snprintf(line, sizeof line, ":%u", origin->line);
	/* The one socket stands below the table. */
	bool file = origin->kind == ORIGIN_FILE && origin->where;
	(void)snprintf(ret_row->cells[3], CELL, "%s%s", file ? origin->where : limit_origin_word(origin->kind), line);
	(void)snprintf(ret_row->cells[4], CELL, "%s", scan_code_name(row->code));
}

/* Columns of a line with the first `count` cells, when all are as wide as the widest of the column. */
static unsigned line_width(const struct row *rows, unsigned count, unsigned *widths)
{
	unsigned sum = 0;
	for (unsigned cell = 0; cell < count; cell++) {
		widths[cell] = (unsigned)strlen(head.cells[cell]);
		for (int i = 0; i < LIMIT_COUNT; i++)
			if (strlen(rows[i].cells[cell]) > widths[cell])
				widths[cell] = (unsigned)strlen(rows[i].cells[cell]);
		sum += widths[cell] + (cell ? 2 : 0);
	}
	return sum;
}

static void add_row(struct text *text, const struct row *row, unsigned count, const unsigned *widths)
{
	for (unsigned cell = 0; cell < count; cell++) {
		limits_line_name(text, row->cells[cell], false);
		size_t length = strlen(row->cells[cell]);
		if (cell + 1 < count)
			text_add(text, "%*s", (int)(widths[cell] + 2 - length), "");
	}
	text_add(text, "\n");
}

/* One line a limit where there is room; else the code on a line of its own; else all below each other. */
static void add_table(struct text *text, const struct row *rows, const struct limits_text_options *options)
{
	unsigned widths[5], most = options->width ? options->width : UINT32_MAX;
	unsigned count = line_width(rows, 5, widths) <= most ? 5 : line_width(rows, 4, widths) <= most ? 4 : 0;
	if (count) {
		text_add(text, "%s", options->color ? "\033[1m" : "");
		add_row(text, &head, count, widths);
		text_add(text, "%s", options->color ? "\033[0m" : "");
	}
	for (int i = 0; i < LIMIT_COUNT; i++) {
		if (count)
			add_row(text, &rows[i], count, widths);
		else
			text_add(text, "%s\n  %s, %s\n  range %s\n", rows[i].cells[0], rows[i].cells[1],
				 rows[i].cells[3], rows[i].cells[2]);
		if (count < 5)
			text_add(text, "  %s\n", rows[i].cells[4]);
	}
}

char *limits_text_encode(const struct limits_in_force *in_force, const struct limits_text_options *options)
{
	struct text text;
	struct row rows[LIMIT_COUNT];
	text_init(&text);
	for (int i = 0; i < LIMIT_COUNT; i++)
		fill_row(in_force, (enum limit)i, &rows[i]);
	add_table(&text, rows, options);
	if (in_force->scanner) {
		text_add(&text, "scanner: the one at ");
		limits_line_name(&text, in_force->scanner, options->ascii);
		text_add(&text, "\n");
	}
	if (*in_force->note) {
		limits_line_name(&text, in_force->note, options->ascii);
		text_add(&text, "\n");
	}
	return text_take(&text);
}

char *limits_text_config(const struct limits_in_force *in_force)
{
	struct text text;
	text_init(&text);
	text_add(&text, "antivirus \"");
	text_add_visible(&text, in_force->antivirus ? in_force->antivirus : "antivirus1");
	text_add(&text, "\" {\n\tcsapi \"");
	text_add_visible(&text, in_force->engine ? in_force->engine : "csapi1");
	text_add(&text, "\" {\n");
	for (int i = 0; i < LIMIT_COUNT; i++) {
		const struct limit_row *row = limits_row((enum limit)i);
		uint64_t value = in_force->limits.value[i];
		text_add(&text, "%s\t\t# %c%s (%" PRIu64 " to %" PRIu64 " %s)\n", i ? "\n" : "",
			 row->text[0] >= 'a' && row->text[0] <= 'z' ? row->text[0] - 'a' + 'A' : row->text[0],
			 row->text + 1, row->min, row->max, row->unit);
		/* A scanner may have been given more, by csapi-scanner -o. */
		if (value > row->max)
			text_add(&text, "\t\t# %" PRIu64 " is in force, which no configuration can say\n", value);
		text_add(&text, "\t\t%s = %" PRIu64 "\n", row->key, value > row->max ? row->max : value);
	}
	text_add(&text, "\t}\n}\n");
	return text_take(&text);
}
