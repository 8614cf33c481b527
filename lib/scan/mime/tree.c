/*
 * tree.c - the parts of a message in document order; see tree.h.
 *
 * "message/rfc822" is a plain leaf to GMime, so that the bytes of an inner message are exactly those of the outer one, its transfer
 * encoding can be undone, and the depth is counted here. Refuses to nest deeper than JUDGE_NESTING_MOST. Called by mime and mailbox.
 */
#include "scan/mime/tree.h"

#include "scan/mime/judge.h"
#include "scan/mime/line.h"
#include "scan/mime/object.h"
#include "scan/mime/other.h"
#include "scan/reading.h"
#include "scan/stray.h"

#include <stdio.h>
#include <string.h>

static int walk_object(struct walk *walk, GMimeObject *object, const struct position *position);

int tree_end(struct walk *walk, int result)
{
	walk->result = result;
	return 1;
}

bool tree_is_deep(const struct walk *walk)
{
	return walk->nesting >= JUDGE_NESTING_MOST;
}

/* One more part; not 0: the walk is over. */
int tree_count(struct walk *walk)
{
	enum scan_code code = budget_file(walk->budget);
	if (code == SCAN_CODE_NONE)
		return 0;
	char text[80];
	snprintf(text, sizeof(text), "the walk through the message ended after %llu parts",
		 (unsigned long long)walk->budget->usage.files);
	return tree_end(walk, walk->visitor->code(walk->visitor->context, code, text));
}

int tree_emit(struct walk *walk, const struct mime_part *part)
{
	int result = walk->visitor->part(walk->visitor->context, part);
	return result ? tree_end(walk, result) : 0;
}

/* Fills in data and size, charged; `buffer` holds what had to be decoded. */
void tree_decode(struct walk *walk, enum transfer transfer, const uint8_t *window, size_t size, struct mime_part *part,
		 struct buffer *buffer)
{
	enum scan_code code;
	budget_part(walk->budget);
	if (transfer == TRANSFER_IDENTITY) {
		buffer_init(buffer, 0);
		part->data = window;
		part->size = (size_t)budget_charge(walk->budget, size, &code);
	} else {
		code = transfer_decode(transfer, window, size, walk->budget, buffer);
		part->data = buffer->data ? buffer->data : (const uint8_t *)"";
		part->size = buffer->size;
	}
	judge_limit(part, code);
}

static bool type_is_message(const char *type)
{
	return !strcmp(type, "message/rfc822") || !strcmp(type, "message/global") || !strcmp(type, "message/news") ||
	       !strcmp(type, "message/rfc2822");
}

/* An inner message, its bytes in `part`: opened first, so that what is wrong with it is told with it. */
int tree_inner(struct walk *walk, struct mime_part *part)
{
	unsigned depth = walk->depth + part->depth + 1;
	part->kind = PART_MESSAGE;
	if (!part->size)
		return tree_emit(walk, part);
	if (budget_depth(walk->budget, depth) != SCAN_CODE_NONE) {
		judge_add(part, DEC_RESULT_MAXIMUM_DEPTH_REACHED, "a message at depth %u is not opened", depth);
		return tree_emit(walk, part);
	}
	struct message inner;
	message_open(&inner, part->data, part->size);
	judge_message(part, &inner, tree_is_deep(walk));
	int ended = tree_emit(walk, part);
	if (!ended)
		ended = tree_message(walk, &inner, part->section, part->depth + 1);
	message_close(&inner);
	return ended;
}

/* A file that a text holds, or a part outside the structure. */
static int walk_stray(struct walk *walk, const struct position *position, const uint8_t *text,
		      const struct stray *stray, bool outside)
{
	if (tree_count(walk))
		return 1;
	struct mime_part part = {.kind = PART_ATTACHMENT,
				 .section = position->section,
				 .parent = position->parent,
				 .depth = position->depth,
				 .name = *stray->name ? stray->name : NULL,
				 .type = "application/octet-stream"};
	struct buffer buffer;
	tree_decode(walk, stray->transfer, text + stray->start, stray->size, &part, &buffer);
	if (outside && reading_matters(part.data, part.size))
		evasion_add(&part.evasions, EVASION_HiddenPart, "%s", part.name ? part.name : "without a name");
	int ended = part.size || part.code_count ? tree_emit(walk, &part) : 0;
	buffer_free(&buffer);
	return ended;
}

/* Files in the text of a leaf: "2.1", "2.2" in "2". */
static int walk_files(struct walk *walk, const struct mime_part *leaf, const struct position *position)
{
	struct stray stray;
	size_t at = 0;
	int ended = 0;
	for (unsigned i = 1; !ended && stray_file(leaf->data, leaf->size, &at, &stray); i++) {
		char *section = g_strdup_printf("%s.%u", leaf->section, i);
		struct position inner = {position->message, section, leaf->section, NULL, position->depth, false, NULL};
		ended = walk_stray(walk, &inner, leaf->data, &stray, false);
		g_free(section);
	}
	return ended;
}

/* Does a word stand in the bytes, in any case? */
static bool holds_word(const uint8_t *data, size_t size, const char *word)
{
	size_t length = strlen(word);
	for (size_t i = 0; i + length <= size; i++)
		if (!g_ascii_strncasecmp((const char *)data + i, word, length))
			return true;
	return false;
}

/*
 * A text that other readers could split: a line in it begins as the boundary does, or its message is no multipart
 * while its header speaks of a boundary.
 */
static bool window_doubtful(const struct position *position, const uint8_t *data, size_t size)
{
	const struct message *message = position->message;
	if (!position->boundary)
		return holds_word(message->data, (size_t)(data - message->data), "boundary");
	char *mark = g_strconcat("--", position->boundary, NULL);
	bool found = line_mark(data, size, 0, mark) < size;
	g_free(mark);
	return found;
}

static int walk_leaf(struct walk *walk, GMimeObject *leaf, const struct position *position, const char *type)
{
	const char *name = g_mime_part_get_filename(GMIME_PART(leaf));
	struct mime_part part = {.section = position->section,
				 .parent = position->parent,
				 .depth = position->depth,
				 .name = name && *name ? name : NULL,
				 .type = type};
	part.kind = part.name ? PART_ATTACHMENT : PART_BODY;
	part.text = !part.name && !strncmp(type, "text/", 5);
	bool known;
	struct window window = {0};
	const uint8_t *encoded = object_window(position->message, leaf, &window.size);
	enum transfer transfer = object_transfer(leaf, &known);
	if (window.size) {
		window.start = (size_t)(encoded - position->message->data);
		window.transfer = transfer;
		/* Without a multipart around it a leaf is all there is, whatever it is called. */
		bool text = !strncmp(type, "text/", 5) || !position->boundary;
		window.text = text;
		window.odd = !transfer_is_standard(object_encoding(leaf));
		window.doubtful =
			transfer == TRANSFER_IDENTITY && text && window_doubtful(position, encoded, window.size);
		g_array_append_val(position->message->windows, window);
	}
	struct buffer buffer;
	tree_decode(walk, transfer, encoded, window.size, &part, &buffer);
	judge_header(&part, position, leaf);
	judge_encoding(&part, leaf, encoded, window.size, known);
	judge_position(&part, position);
	int ended;
	if (type_is_message(type)) {
		ended = tree_inner(walk, &part);
	} else {
		struct stray stray;
		size_t at = 0;
		part.holds = transfer != TRANSFER_UUENCODE && stray_file(part.data, part.size, &at, &stray);
		judge_leaf(&part, leaf);
		ended = tree_emit(walk, &part);
		if (!ended && part.holds)
			ended = walk_files(walk, &part, position);
	}
	buffer_free(&buffer);
	return ended;
}

/* What stands between two places of a message and looks like an encoded part. */
static int walk_between(struct walk *walk, const struct message *message, size_t from, size_t to,
			const struct position *position, unsigned *count)
{
	struct stray stray;
	size_t at = 0;
	int ended = 0;
	while (!ended && from < to && stray_part(message->data + from, to - from, &at, &stray)) {
		if (!stray.size)
			continue; /* the header of what begins here */
		char *section = g_strdup_printf("%s%s" PART_STRAY "%u", position->parent, *position->parent ? "." : "",
						++*count);
		struct position inner = {message, section, position->parent, NULL, position->depth, false, NULL};
		ended = walk_stray(walk, &inner, message->data + from, &stray, true);
		g_free(section);
	}
	return ended;
}

/* Encoded parts outside every part, and in texts that other readers could split; counts them. */
static int walk_strays(struct walk *walk, const struct message *message, const char *section, unsigned depth,
		       unsigned *count)
{
	struct position position = {message, section, section, NULL, depth, false, NULL};
	size_t from = 0;
	int ended = 0;
	for (guint i = 0; !ended && i < message->windows->len; i++) {
		const struct window *window = &g_array_index(message->windows, struct window, i);
		ended = walk_between(walk, message, from, window->start, &position, count);
		from = window->start + window->size;
		if (!ended && window->doubtful)
			ended = walk_between(walk, message, window->start, from, &position, count);
	}
	return ended ? ended : walk_between(walk, message, from, message->size, &position, count);
}

/* The parts of a multipart: `section` is what their numbers begin with, "" for none, and their parent. */
static int walk_children(struct walk *walk, const struct message *message, GMimeObject *object, const char *section,
			 unsigned depth, const struct position *above)
{
	if (tree_is_deep(walk))
		return 0;
	walk->nesting++;
	int ended = 0;
	int count = g_mime_multipart_get_count(GMIME_MULTIPART(object));
	const char *boundary = g_mime_object_get_content_type_parameter(object, "boundary");
	bool behind = false;
	for (int i = 0; !ended && i < count; i++) {
		char *child = g_strdup_printf("%s%s%d", section, *section ? "." : "", i + 1);
		struct position position = {message, child, section, boundary ? boundary : "", depth, behind, above};
		GMimeObject *part = g_mime_multipart_get_part(GMIME_MULTIPART(object), i);
		ended = walk_object(walk, part, &position);
		behind = behind || object_has_boundary(part, boundary);
		g_free(child);
	}
	walk->nesting--;
	return ended;
}

static int walk_multipart(struct walk *walk, GMimeObject *object, const struct position *position, const char *type)
{
	struct mime_part part = {.kind = PART_MULTIPART,
				 .section = position->section,
				 .parent = position->parent,
				 .depth = position->depth,
				 .type = type};
	judge_header(&part, position, object);
	judge_multipart(&part, position->message, object, type, tree_is_deep(walk));
	return tree_emit(walk, &part);
}

static int walk_object(struct walk *walk, GMimeObject *object, const struct position *position)
{
	if (tree_count(walk))
		return 1;
	char *type = object_type(object);
	int ended;
	if (GMIME_IS_MULTIPART(object)) {
		ended = walk_multipart(walk, object, position, type);
		if (!ended)
			ended = walk_children(walk, position->message, object, position->section, position->depth,
					      position);
	} else {
		ended = walk_leaf(walk, object, position, type);
	}
	g_free(type);
	return ended;
}

int tree_message(struct walk *walk, const struct message *message, const char *section, unsigned depth)
{
	int ended = 0;
	unsigned count = 0;
	if (!message->root) {
		/* Only other readers see something. */
	} else if (GMIME_IS_MULTIPART(message->root)) {
		ended = walk_children(walk, message, message->root, section, depth, NULL);
	} else {
		char *child = g_strdup_printf("%s%s1", section, *section ? "." : "");
		struct position position = {message, child, section, NULL, depth, false, NULL};
		ended = walk_object(walk, message->root, &position);
		g_free(child);
	}
	if (!ended && message->root)
		ended = walk_strays(walk, message, section, depth, &count);
	return ended ? ended : other_walk(walk, message, section, depth, &count);
}
