/*
 * content.c - decoded content without what is to be removed from it; see content.h.
 *
 * Archives are written anew, files in a text give way to a note, messages are handed to mail.c. Refuses to nest deeper than the scanner itself, and to
 * touch what holds nothing that is to go.
 */
#include "scan/repair/content.h"

#include "scan/archive/rewrite.h"
#include "scan/detect.h"
#include "scan/repair/mail.h"
#include "scan/repair/order.h"
#include "scan/stray.h"

#include <errno.h>
#include <string.h>

struct rewriting {
	struct editor *editor;
	int error;
	bool changed;
};

/* A member of an archive: looked at as any other content. */
static enum rewrite_fate on_member(void *context, const char *name, const uint8_t *data, size_t size,
				   struct buffer *ret_data)
{
	struct rewriting *rewriting = context;
	struct editor *editor = rewriting->editor;
	struct finding finding;
	(void)name;
	rewriting->error = content_edit(editor, data, size, CONTENT_ANY, &finding);
	if (rewriting->error)
		return REWRITE_GIVE_UP;
	if (finding.fate == FATE_SAME)
		return REWRITE_KEEP;
	rewriting->changed = true;
	if (finding.fate == FATE_CHANGED) {
		*ret_data = finding.bytes;
		return REWRITE_CONTENT;
	}
	struct note note = order_note(editor, finding.order);
	buffer_init(ret_data, NOTE_MOST);
	rewriting->error = note_text(&note, ret_data);
	rewriting->error =
		rewriting->error ? rewriting->error : order_resolve(editor, finding.order, REPAIR_MEANS_MEMBER);
	return rewriting->error ? REWRITE_GIVE_UP : REWRITE_NOTE;
}

/* Writes an archive anew. The fate stays FATE_GO where that cannot be done, which is told. */
static int edit_archive(struct editor *editor, enum detect_format format, const uint8_t *data, size_t size,
			struct finding *finding)
{
	struct rewriting rewriting = {.editor = editor};
	const struct rewrite_visitor visitor = {on_member, &rewriting};
	uint32_t done = editor->outcome->done_count;
	struct why why = {""};
	buffer_init(&finding->bytes, editor->cap);
	int error = archive_rewrite(format, data, size, editor->budget, &visitor, &finding->bytes, &why);
	if (!error && rewriting.changed) {
		finding->fate = FATE_CHANGED;
		return 0;
	}
	buffer_free(&finding->bytes);
	editor->outcome->done_count = done; /* it goes as a whole */
	if (rewriting.error)
		return rewriting.error;
	if (!error)
		(void)why_set(&why, 0, "%s: what was found cannot be pointed to in it", detect_text(format));
	return order_trouble(editor, finding->order, error, *why.text ? why.text : "no room");
}

/* The file in a text that `stray` tells of, with its first and last line. */
static void file_range(const struct lines *lines, const struct stray *stray, size_t *ret_start, size_t *ret_end)
{
	size_t start = stray->start;
	while (start > 1 && lines->data[start - 2] != '\n')
		start--;
	size_t end = stray->start + stray->size;
	size_t next = lines_next(lines, end, lines->size);
	bool last = end < lines->size && (memcmp(lines->data + end, "end", next - end < 3 ? next - end : 3) == 0 ||
					  memcmp(lines->data + end, "====", next - end < 4 ? next - end : 4) == 0);
	*ret_start = start > 1 ? start - 1 : 0;
	*ret_end = last ? next : end;
}

/* A file in a text: its range, if it has to go. */
static int edit_file(struct editor *editor, const struct lines *lines, const struct stray *stray,
		     struct patches *patches)
{
	struct buffer file, text;
	uint32_t order;
	size_t start, end;
	enum scan_code code =
		transfer_decode(stray->transfer, lines->data + stray->start, stray->size, editor->budget, &file);
	int error = code == DEC_RESULT_OUT_OF_MEMORY ? -ENOMEM : order_find(editor, file.data, file.size, &order);
	buffer_free(&file);
	if (error || order == ORDER_NONE)
		return error;
	struct note note = order_note(editor, order);
	buffer_init(&text, NOTE_MOST);
	file_range(lines, stray, &start, &end);
	error = note_text(&note, &text);
	/* Nobody knows the character set of the text. */
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] > '~')
			text.data[i] = '?';
	error = error ? error : patch_add(patches, start, end, &text);
	buffer_free(&text);
	return error ? error : order_resolve(editor, order, REPAIR_MEANS_TEXT);
}

/* Makes of content what the patches say, if there are any; frees them. `done`: how much was done before. An error but -EFBIG. */
static int finish_content(struct editor *editor, const struct lines *lines, struct patches *patches, uint32_t done,
			  int error, struct finding *finding)
{
	if (!error && patches->count) {
		buffer_init(&finding->bytes, editor->cap);
		error = patch_apply(patches, lines->data, lines->size, &finding->bytes);
		if (!error)
			finding->fate = FATE_CHANGED;
		else
			buffer_free(&finding->bytes);
	}
	if (error)
		editor->outcome->done_count = done; /* it goes as a whole */
	patch_free(patches);
	return error == -EFBIG ? order_trouble(editor, finding->order, error, "there is no room for the note") : error;
}

/* Files that stand in a text, uuencoded. */
static int edit_text(struct editor *editor, const uint8_t *data, size_t size, struct finding *finding)
{
	struct lines lines = lines_of(data, size);
	struct patches patches = {.list = NULL};
	uint32_t done = editor->outcome->done_count;
	struct stray stray;
	size_t at = 0;
	int error = 0;
	while (!error && stray_file(data, size, &at, &stray))
		error = edit_file(editor, &lines, &stray, &patches);
	return finish_content(editor, &lines, &patches, done, error, finding);
}

/* A message that is content: encoded, in an archive, or not declared. No section numbers reach in here. */
static int edit_mail(struct editor *editor, const uint8_t *data, size_t size, struct finding *finding)
{
	struct lines lines = lines_of(data, size);
	struct patches patches = {.list = NULL};
	uint32_t done = editor->outcome->done_count;
	int error = mail_edit(editor, &lines, 0, size, NULL, &patches);
	return finish_content(editor, &lines, &patches, done, error, finding);
}

int content_look_into(struct editor *editor, const uint8_t *data, size_t size, enum content content,
		      struct finding *finding)
{
	struct detection detection;
	int error = 0;
	detect(data, size, &detection);
	if (editor->level == REPAIR_LEVEL_PARTS) {
		for (unsigned i = 0; i < detection.count && !error && finding->fate == FATE_GO; i++)
			if (detect_opener(detection.formats[i]) == DETECT_ARCHIVE)
				error = edit_archive(editor, detection.formats[i], data, size, finding);
		if (!error && finding->fate == FATE_GO && content == CONTENT_TEXT)
			error = edit_text(editor, data, size, finding);
	}
	if (!error && finding->fate == FATE_GO && (detection.mail || content == CONTENT_MESSAGE))
		error = edit_mail(editor, data, size, finding);
	return error;
}

/* Decoded bytes: do they stay, and as what? 0 or -ENOMEM, -EIO. */
int content_edit(struct editor *editor, const uint8_t *data, size_t size, enum content content, struct finding *ret)
{
	*ret = (struct finding){.fate = FATE_SAME, .order = ORDER_NONE};
	int error = order_find(editor, data, size, &ret->order);
	if (error || ret->order == ORDER_NONE)
		return error;
	ret->fate = FATE_GO;
	if (editor->plan->orders[ret->order].remove || editor->nesting >= EDIT_NESTING_MOST)
		return 0;
	editor->nesting++;
	error = content_look_into(editor, data, size, content, ret);
	editor->nesting--;
	return error;
}
