/*
 * limits_tree.c - the parts of a message, drawn as a tree; see limits_tree.h.
 *
 * Refuses to recurse, and to indent without end: a message may nest its parts a thousand deep.
 */
#include "format/limits_tree.h"

#include "base/utf8.h"
#include "format/limits_line.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NOBODY      UINT32_MAX
#define PLAIN_MOST  20 /* parts without a code in one container that are drawn */
#define INDENT_MOST 24 /* levels */
#define NAME_MOST   96 /* bytes of a name */
#define RED         "\033[1;31m"
#define YELLOW      "\033[33m"
#define FAINT       "\033[2m"
#define RESET       "\033[0m"

/* One part: its place among the others. */
struct place {
	uint32_t first, last, next; /* children that are drawn, and the sibling */
	uint32_t code;              /* the first one about it, of `codes` below */
	uint32_t children, plain;   /* all of them; those drawn without a code and children */
	uint32_t more;              /* not drawn */
	uint64_t more_bytes;
	unsigned depth;
};

struct tree {
	const struct report *report;
	const struct limits_text_options *options;
	struct place *places;
	uint32_t *codes; /* the next code about the same part */
};

static bool shown(const struct report *report, const struct code_found *found)
{
	bool marker = report->complete && found->code == AVS_RESULT_SCANNER_NOT_INITIALIZED;
	return !marker && !scan_code_is_information(found->code);
}

/* ---- making it ---- */

static void hang_codes(struct tree *tree)
{
	const struct report *report = tree->report;
	/* From the last, so that each list begins with the worst. */
	for (uint32_t i = report->code_count; i-- > 0;) {
		const struct code_found *found = &report->codes[i];
		if (found->part >= report->part_count || !shown(report, found))
			continue;
		tree->codes[i] = tree->places[found->part].code;
		tree->places[found->part].code = i;
	}
}

static uint32_t parent_of(const struct tree *tree, uint32_t part)
{
	uint32_t parent = tree->report->parts[part].parent;
	return parent < part ? parent : NOBODY;
}

static void hang_part(struct tree *tree, uint32_t part)
{
	struct place *place = &tree->places[part];
	uint32_t parent = parent_of(tree, part);
	if (parent == NOBODY)
		return;
	struct place *above = &tree->places[parent];
	place->depth = limit_depth_of(tree->report, &tree->report->parts[part], above->depth);
	bool plain = place->code == NOBODY && !place->children;
	if (plain && !tree->options->all_parts && above->plain >= PLAIN_MOST) {
		above->more++;
		above->more_bytes += tree->report->parts[part].size;
		return;
	}
	above->plain += plain;
	if (above->last == NOBODY)
		above->first = part;
	else
		tree->places[above->last].next = part;
	above->last = part;
}

static bool make(struct tree *tree)
{
	const struct report *report = tree->report;
	tree->places = calloc((size_t)report->part_count + 1, sizeof *tree->places);
	tree->codes = calloc((size_t)report->code_count + 1, sizeof *tree->codes);
	if (!tree->places || !tree->codes)
		return false;
	for (uint32_t i = 0; i < report->part_count; i++) {
		struct place *place = &tree->places[i];
		place->first = place->last = place->next = place->code = NOBODY;
		if (parent_of(tree, i) != NOBODY)
			tree->places[parent_of(tree, i)].children++;
	}
	hang_codes(tree);
	for (uint32_t i = 0; i < report->part_count; i++)
		hang_part(tree, i);
	return true;
}

/* ---- drawing it ---- */

/* Does a line go on below this part, to what stands beside it? */
static bool goes_on(const struct tree *tree, uint32_t part)
{
	uint32_t parent = parent_of(tree, part);
	return tree->places[part].next != NOBODY || (parent != NOBODY && tree->places[parent].more);
}

/* The lines left of a part; `last` stands for the line that tells of those not drawn. */
static void add_indent(struct text *text, const struct tree *tree, uint32_t part, bool last)
{
	static const char *const lines[2][4] = {{"│  ", "   ", "├─ ", "└─ "}, {"|  ", "   ", "|- ", "`- "}};
	const char *const *line = lines[tree->options->ascii];
	uint32_t chain[INDENT_MOST], at = part;
	unsigned count = 0;
	while (count < INDENT_MOST && parent_of(tree, at) != NOBODY) {
		chain[count++] = at;
		at = parent_of(tree, at);
	}
	text_add(text, "  ");
	if (parent_of(tree, at) != NOBODY)
		text_add(text, "... ");
	while (count > 1) {
		count--;
		text_add(text, "%s", line[goes_on(tree, chain[count]) ? 0 : 1]);
	}
	if (last)
		text_add(text, "%s%s", count ? line[goes_on(tree, part) ? 0 : 1] : "", line[3]);
	else if (count)
		text_add(text, "%s", line[goes_on(tree, part) ? 2 : 3]);
}

static void add_code(struct text *text, const struct tree *tree, const struct code_found *found)
{
	const struct limits_text_options *options = tree->options;
	bool limit = limit_of_code(found) < LIMIT_COUNT;
	text_add(text, "  %s%s", options->color ? limit ? RED : YELLOW : "", scan_code_name(found->code));
	if (found->text) {
		text_add(text, " (");
		limits_line_name(text, found->text, options->ascii);
		text_add(text, ")");
	}
	text_add(text, "%s", options->color ? RESET : "");
}

/* What stands of the parent's id in that of the child is seen from the tree. */
static const char *tail_of(const struct tree *tree, uint32_t part)
{
	const char *id = tree->report->parts[part].id;
	uint32_t parent = parent_of(tree, part);
	if (parent == NOBODY)
		return id;
	const char *above = tree->report->parts[parent].id;
	size_t length = strlen(above);
	return strncmp(id, above, length) == 0 && id[length] == '/' && id[length + 1] ? id + length + 1 : id;
}

/* A name may be a kilobyte long, and a thousand of them would hide the tree; a document has them whole. */
static void add_name(struct text *text, const struct tree *tree, const char *name)
{
	bool cut = strlen(name) > NAME_MOST;
	char *beginning = utf8_clean(name, strlen(name), NAME_MOST);
	if (beginning)
		limits_line_name(text, beginning, tree->options->ascii);
	else
		text->failed = true;
	if (cut)
		text_add(text, "...");
	free(beginning);
}

static void add_part(struct text *text, const struct tree *tree, uint32_t number)
{
	const struct part *part = &tree->report->parts[number];
	const struct place *place = &tree->places[number];
	const char *type = part->detected_type ? part->detected_type : part->mime_type;
	char size[64];
	add_indent(text, tree, number, false);
	add_name(text, tree, tail_of(tree, number));
	text_add(text, "%s  ", tree->options->color ? FAINT : "");
	limits_line_name(text, type ? type : "-", tree->options->ascii);
	if (part->kind != PART_MULTIPART) {
		limits_line_size(part->size, size, sizeof size);
		text_add(text, "  %s", size);
	}
	if (place->depth)
		text_add(text, "  depth %u", place->depth);
	text_add(text, "%s", tree->options->color ? RESET : "");
	for (uint32_t i = place->code; i != NOBODY; i = tree->codes[i])
		add_code(text, tree, &tree->report->codes[i]);
	text_add(text, "\n");
}

static void add_more(struct text *text, const struct tree *tree, uint32_t part)
{
	const struct place *place = &tree->places[part];
	char size[64];
	if (!place->more)
		return;
	limits_line_size(place->more_bytes, size, sizeof size);
	add_indent(text, tree, part, true);
	text_add(text, "... and %" PRIu32 " more, %s\n", place->more, size);
}

static void draw(struct text *text, const struct tree *tree)
{
	uint32_t at = tree->report->part_count ? 0 : NOBODY;
	while (at != NOBODY) {
		add_part(text, tree, at);
		if (tree->places[at].first != NOBODY) {
			at = tree->places[at].first;
			continue;
		}
		add_more(text, tree, at);
		while (at != NOBODY && tree->places[at].next == NOBODY) {
			at = parent_of(tree, at);
			if (at != NOBODY)
				add_more(text, tree, at);
		}
		at = at == NOBODY ? at : tree->places[at].next;
	}
}

void limits_tree_add(struct text *text, const struct report *report, const struct limits_text_options *options)
{
	struct tree tree = {.report = report, .options = options};
	if (!report->part_count)
		return;
	if (make(&tree))
		draw(text, &tree);
	else
		text->failed = true;
	free(tree.places);
	free(tree.codes);
	if (report->parts_omitted)
		text_add(text, "  ... and %" PRIu32 " parts that are not listed\n", report->parts_omitted);
	for (uint32_t i = 0; i < report->code_count; i++) {
		if (report->codes[i].part < report->part_count || !shown(report, &report->codes[i]))
			continue;
		text_add(text, "  a part that is not listed:");
		add_code(text, &tree, &report->codes[i]);
		text_add(text, "\n");
	}
}
