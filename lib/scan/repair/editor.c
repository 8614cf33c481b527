/*
 * editor.c - a message without what is to be removed from it; see editor.h.
 *
 * Bytes that are changed in their place share one list of patches with all that lies around them unencoded; what was encoded is changed as a whole, and
 * encoded again. Refuses to nest deeper than the scanner itself, and to touch what holds nothing that is to go.
 */
#include "scan/repair/editor.h"

#include "scan/archive/rewrite.h"
#include "scan/detect.h"
#include "scan/digest.h"
#include "scan/repair/entity.h"
#include "scan/repair/hidden.h"
#include "scan/repair/note.h"
#include "scan/repair/patch.h"
#include "scan/stray.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Multiparts, messages and archives in one another. */
#define NESTING_MOST 200u
#define SECTION_MOST 256u
#define NOBODY       UINT32_MAX /* in place of an order */

struct editor {
	const struct repair_plan *plan;
	enum repair_level level;
	struct budget *budget;
	struct repair_outcome *outcome;
	struct why *why;
	const char *line_end;
	bool *resolved;                          /* for each order: it is gone, by itself or with another */
	bool *used;                              /* for each order: something gave way for it */
	bool signatures[REPAIR_SIGNATURE_COUNT]; /* of what is being edited, and of all around it */
	unsigned nesting;
	size_t cap;
};

/* What content is said to be. */
enum content { CONTENT_ANY, CONTENT_TEXT, CONTENT_MESSAGE };

/* What came of looking into something. */
enum fate {
	FATE_SAME,    /* nothing in it has to go */
	FATE_CHANGED, /* what had to go is gone */
	FATE_GO,      /* it has to go itself, for the order told */
};

struct finding {
	enum fate fate;
	uint32_t order;
	struct buffer bytes; /* FATE_CHANGED: in place of the old ones; else empty */
};

static int edit_content(struct editor *editor, const uint8_t *data, size_t size, enum content content,
			struct finding *ret);
static int edit_message(struct editor *editor, const struct lines *lines, size_t start, size_t end, const char *section,
			struct patches *patches);

/* --- orders ----------------------------------------------------------------------------------------------------- */

/* The order for this content; one that removes goes before one that holds. */
static int order_for(const struct editor *editor, const uint8_t *data, size_t size, uint32_t *ret_order)
{
	uint8_t digest[DIGEST_SIZE];
	*ret_order = NOBODY;
	if (!size)
		return 0;
	int error = digest_bytes(data, size, digest);
	for (uint32_t i = 0; i < editor->plan->count && !error; i++) {
		const struct repair_order *order = &editor->plan->orders[i];
		if (!order->has_sha256 || memcmp(order->sha256, digest, sizeof digest) != 0)
			continue;
		bool worse =
			*ret_order != NOBODY && (!editor->plan->orders[*ret_order].remove || editor->used[*ret_order]);
		if (*ret_order == NOBODY || (order->remove && worse))
			*ret_order = i;
		/* Of twins each has its turn. */
		if (order->remove && !editor->used[i])
			break;
	}
	return error;
}

/* The order for a part without content, by its section. */
static uint32_t order_for_section(const struct editor *editor, const char *section)
{
	for (uint32_t i = 0; i < editor->plan->count; i++) {
		const struct repair_order *order = &editor->plan->orders[i];
		if (order->remove && !order->has_sha256 && strcmp(order->id, section) == 0)
			return i;
	}
	return NOBODY;
}

/* Does the part with the second id lie in that with the first? "2.1/a" does in "2/forwarded.eml", and "2/a.zip/b" in "2/a.zip". */
static bool lies_in(const char *outer, const char *inner)
{
	size_t length = strlen(outer), section = strcspn(outer, "/");
	if (strncmp(inner, outer, length) == 0 && (inner[length] == '/' || inner[length] == '.'))
		return true;
	bool named = section < length && !strchr(outer + section + 1, '/');
	return named && strncmp(inner, outer, section) == 0 && inner[section] == '.';
}

/* It is gone, with its twins and with all that lies in it. */
static int resolve(struct editor *editor, uint32_t number, enum repair_means means)
{
	const struct repair_order *order = &editor->plan->orders[number];
	for (uint32_t i = 0; i < editor->plan->count; i++) {
		const struct repair_order *other = &editor->plan->orders[i];
		bool twin = order->has_sha256 && other->has_sha256 &&
			    memcmp(order->sha256, other->sha256, sizeof order->sha256) == 0;
		if (i == number || twin || lies_in(order->id, other->id))
			editor->resolved[i] = true;
	}
	editor->used[number] = true;
	for (int i = 0; i < REPAIR_SIGNATURE_COUNT; i++)
		editor->outcome->broken[i] |= editor->signatures[i];
	return repair_outcome_done(editor->outcome, number, means);
}

/* Why what is around it goes along. */
static int trouble(struct editor *editor, uint32_t order, int error, const char *text)
{
	enum scan_code code = error == -EFBIG ? DEC_RESULT_BUFFER_SIZE_TOO_SMALL : DEC_RESULT_UPDATE_CONTAINER_FAILED;
	return repair_outcome_trouble(editor->outcome, order, code, text);
}

static struct note note_for(const struct editor *editor, uint32_t order)
{
	struct note note = {.plan = editor->plan,
			    .order = order,
			    .single = true,
			    .terse = editor->level == REPAIR_LEVEL_BODY,
			    .line_end = editor->line_end};
	memcpy(note.signatures, editor->signatures, sizeof note.signatures);
	return note;
}

/* --- content ---------------------------------------------------------------------------------------------------- */

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
	rewriting->error = edit_content(editor, data, size, CONTENT_ANY, &finding);
	if (rewriting->error)
		return REWRITE_GIVE_UP;
	if (finding.fate == FATE_SAME)
		return REWRITE_KEEP;
	rewriting->changed = true;
	if (finding.fate == FATE_CHANGED) {
		*ret_data = finding.bytes;
		return REWRITE_CONTENT;
	}
	struct note note = note_for(editor, finding.order);
	buffer_init(ret_data, NOTE_MOST);
	rewriting->error = note_text(&note, ret_data);
	rewriting->error = rewriting->error ? rewriting->error : resolve(editor, finding.order, REPAIR_MEANS_MEMBER);
	return rewriting->error ? REWRITE_GIVE_UP : REWRITE_NOTE;
}

/* Writes an archive anew. *ret_fate stays FATE_GO where that cannot be done, which is told. */
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
	return trouble(editor, finding->order, error, *why.text ? why.text : "no room");
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
	int error = code == DEC_RESULT_OUT_OF_MEMORY ? -ENOMEM : order_for(editor, file.data, file.size, &order);
	buffer_free(&file);
	if (error || order == NOBODY)
		return error;
	struct note note = note_for(editor, order);
	buffer_init(&text, NOTE_MOST);
	file_range(lines, stray, &start, &end);
	error = note_text(&note, &text);
	/* Nobody knows the character set of the text. */
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] > '~')
			text.data[i] = '?';
	error = error ? error : patch_add(patches, start, end, &text);
	buffer_free(&text);
	return error ? error : resolve(editor, order, REPAIR_MEANS_TEXT);
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
	return error == -EFBIG ? trouble(editor, finding->order, error, "there is no room for the note") : error;
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
	int error = edit_message(editor, &lines, 0, size, NULL, &patches);
	return finish_content(editor, &lines, &patches, done, error, finding);
}

static int look_into(struct editor *editor, const uint8_t *data, size_t size, enum content content,
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
static int edit_content(struct editor *editor, const uint8_t *data, size_t size, enum content content,
			struct finding *ret)
{
	*ret = (struct finding){.fate = FATE_SAME, .order = NOBODY};
	int error = order_for(editor, data, size, &ret->order);
	if (error || ret->order == NOBODY)
		return error;
	ret->fate = FATE_GO;
	if (editor->plan->orders[ret->order].remove || editor->nesting >= NESTING_MOST)
		return 0;
	editor->nesting++;
	error = look_into(editor, data, size, content, ret);
	editor->nesting--;
	return error;
}

/* --- parts of a message ----------------------------------------------------------------------------------------- */

/* A note in place of a whole part. */
static int replace_part(struct editor *editor, const struct lines *lines, const struct entity *entity, uint32_t order,
			struct patches *patches)
{
	struct buffer bytes;
	struct note note = note_for(editor, order);
	bool last_end = entity->end == lines->size;
	buffer_init(&bytes, 2 * NOTE_MOST);
	int error = note_part(&note, false, last_end, &bytes);
	error = error ? error : patch_add(patches, entity->start, entity->end, &bytes);
	buffer_free(&bytes);
	return error ? error : resolve(editor, order, REPAIR_MEANS_PART);
}

/* Could the bytes stand in the message as they are? Not if a line of theirs begins as a boundary does. */
static bool can_stand(const struct entity *entity, const struct finding *finding)
{
	const uint8_t *data = finding->bytes.data;
	size_t size = finding->bytes.size;
	return entity->transfer == TRANSFER_IDENTITY && size && data[0] != '-' && !memchr(data, '\0', size) &&
	       !memmem(data, size, "\n--", 3);
}

/* In place of the field that told the old encoding, or before the blank line. */
static int patch_encoding(struct editor *editor, const struct entity *entity, struct patches *patches)
{
	struct buffer field;
	buffer_init(&field, 256);
	size_t start = entity->encoding_start, end = entity->encoding_end;
	if (start == end)
		start = end = entity->fields;
	int error = buffer_append_text(&field, "Content-Transfer-Encoding: base64");
	error = error ? error : buffer_append_text(&field, editor->line_end);
	error = error ? error : patch_add(patches, start, end, &field);
	buffer_free(&field);
	return error;
}

/* New content for a part, encoded so that nothing can happen to it on its way. */
static int replace_content(struct editor *editor, const struct lines *lines, const struct entity *entity,
			   struct finding *finding, struct patches *patches)
{
	if (can_stand(entity, finding))
		return patch_add(patches, entity->body, entity->end, &finding->bytes);
	struct buffer text;
	bool last_end = entity->end == lines->size;
	buffer_init(&text, editor->cap / 2 * 3);
	int error = note_base64(finding->bytes.data, finding->bytes.size, editor->line_end, last_end, &text);
	error = error ? error : patch_add(patches, entity->body, entity->end, &text);
	buffer_free(&text);
	if (!error && entity->transfer != TRANSFER_BASE64)
		error = patch_encoding(editor, entity, patches);
	return error;
}

/* A part that holds no parts of MIME, or one whose encoding hides them. */
static int edit_leaf(struct editor *editor, const struct lines *lines, const struct entity *entity,
		     struct patches *patches)
{
	struct buffer decoded;
	struct finding finding;
	const uint8_t *data = lines->data + entity->body;
	size_t size = entity->end - entity->body;
	buffer_init(&decoded, 0);
	if (entity->transfer != TRANSFER_IDENTITY) {
		budget_part(editor->budget);
		if (transfer_decode(entity->transfer, data, size, editor->budget, &decoded) ==
		    DEC_RESULT_OUT_OF_MEMORY) {
			buffer_free(&decoded);
			return -ENOMEM;
		}
		data = decoded.data ? decoded.data : (const uint8_t *)"";
		size = decoded.size;
	}
	bool text = !*entity->type || !strncmp(entity->type, "text/", 5);
	enum content content = text ? CONTENT_TEXT : entity_is_message(entity) ? CONTENT_MESSAGE : CONTENT_ANY;
	int error = edit_content(editor, data, size, content, &finding);
	buffer_free(&decoded);
	if (error || finding.fate == FATE_SAME)
		return error;
	if (finding.fate == FATE_CHANGED)
		error = replace_content(editor, lines, entity, &finding, patches);
	else
		error = replace_part(editor, lines, entity, finding.order, patches);
	buffer_free(&finding.bytes);
	return error;
}

/* A message in its place, unencoded. What cannot be taken out of it goes with all of it. */
static int edit_inner(struct editor *editor, const struct lines *lines, const struct entity *entity,
		      const char *section, struct patches *patches)
{
	uint32_t order;
	size_t before = patches->count;
	int error = order_for(editor, lines->data + entity->body, entity->end - entity->body, &order);
	if (error || order == NOBODY)
		return error;
	if (!editor->plan->orders[order].remove)
		error = edit_message(editor, lines, entity->body, entity->end, section, patches);
	if (error || patches->count > before)
		return error;
	return replace_part(editor, lines, entity, order, patches);
}

static void note_signature(struct editor *editor, const struct entity *entity)
{
	if (strcmp(entity->type, "multipart/signed") != 0)
		return;
	bool pgp = strcmp(entity->protocol, "application/pgp-signature") == 0;
	editor->signatures[pgp ? REPAIR_SIGNATURE_PGP : REPAIR_SIGNATURE_SMIME] = true;
}

static int edit_entity(struct editor *editor, const struct lines *lines, const struct entity *entity,
		       const char *section, struct patches *patches);

/* The parts of a multipart; `section` is what their numbers begin with. */
static int edit_parts(struct editor *editor, const struct lines *lines, const struct entity *entity,
		      const char *section, struct patches *patches)
{
	struct entity_parts parts;
	size_t start, end;
	int error = 0;
	entity_parts_begin(lines, entity, &parts);
	for (unsigned i = 1; !error && entity_parts_next(&parts, &start, &end); i++) {
		char number[SECTION_MOST] = "";
		struct entity part;
		/* A number that is too long is none: then only the content tells. */
		if (section &&
		    snprintf(number, sizeof number, "%s%s%u", section, *section ? "." : "", i) >= (int)sizeof number)
			number[0] = '\0';
		entity_read(lines, start, end, false, &part);
		error = edit_entity(editor, lines, &part, section && *number ? number : NULL, patches);
	}
	return error;
}

static int edit_entity(struct editor *editor, const struct lines *lines, const struct entity *entity,
		       const char *section, struct patches *patches)
{
	bool signatures[REPAIR_SIGNATURE_COUNT];
	if (editor->nesting >= NESTING_MOST)
		return 0;
	uint32_t order = section ? order_for_section(editor, section) : NOBODY;
	if (order != NOBODY)
		return replace_part(editor, lines, entity, order, patches);
	memcpy(signatures, editor->signatures, sizeof signatures);
	editor->nesting++;
	note_signature(editor, entity);
	int error;
	if (entity_is_multipart(entity))
		error = edit_parts(editor, lines, entity, section, patches);
	else if (entity_is_message(entity) && entity->transfer == TRANSFER_IDENTITY)
		error = edit_inner(editor, lines, entity, section, patches);
	else
		error = edit_leaf(editor, lines, entity, patches);
	editor->nesting--;
	memcpy(editor->signatures, signatures, sizeof signatures);
	return error;
}

/* --- what only other readers see --------------------------------------------------------------------------------- */

static bool all_resolved(const struct editor *editor)
{
	for (uint32_t i = 0; i < editor->plan->count; i++)
		if (editor->plan->orders[i].remove && !editor->resolved[i])
			return false;
	return true;
}

static bool is_patched(const struct patches *patches, const struct entity *entity)
{
	for (size_t i = 0; i < patches->count; i++)
		if (patches->list[i].start < entity->end && patches->list[i].end > entity->start)
			return true;
	return false;
}

/* The parts in which something stands that no part is, by this editor's reading: they go as they are. */
static int edit_hidden(struct editor *editor, const struct lines *lines, const struct entity *entity,
		       struct patches *patches)
{
	uint32_t order;
	if (all_resolved(editor) || editor->nesting >= NESTING_MOST)
		return 0;
	if (entity_is_multipart(entity)) {
		struct entity_parts parts;
		size_t start, end;
		int error = 0;
		editor->nesting++;
		entity_parts_begin(lines, entity, &parts);
		while (!error && entity_parts_next(&parts, &start, &end)) {
			struct entity part;
			entity_read(lines, start, end, false, &part);
			error = edit_hidden(editor, lines, &part, patches);
		}
		editor->nesting--;
		return error;
	}
	if (is_patched(patches, entity))
		return 0;
	int error = hidden_find(lines->data + entity->start, entity->end - entity->start, editor->plan,
				editor->resolved, editor->budget, &order);
	return error || order == HIDDEN_NONE ? error : replace_part(editor, lines, entity, order, patches);
}

/* --- messages --------------------------------------------------------------------------------------------------- */

/* All fields but those that tell of the body, and the note instead of that. */
static int write_body(struct editor *editor, const struct lines *lines, const struct entity *entity,
		      const struct note *note, struct buffer *buffer)
{
	int error = buffer_append(buffer, lines->data + entity->start, entity->fields - entity->start);
	size_t head = entity->blank ? entity->body : entity->end;
	for (size_t at = entity->fields; at < head && !error;) {
		size_t next = entity_field(lines, at, head);
		bool field = false, content = entity_field_is(lines, at, next, "content-");
		for (size_t i = at; i < next && !field; i++)
			field = lines->data[i] == ':';
		/* A line that is none would end the header to some readers. */
		if (field && !content)
			error = buffer_append(buffer, lines->data + at, next - at);
		at = next;
	}
	if (!error && buffer->size && buffer->data[buffer->size - 1] != (lines->cr ? '\r' : '\n'))
		error = buffer_append_text(buffer, editor->line_end);
	return error ? error : note_part(note, !entity->version, entity->end == lines->size, buffer);
}

/* A note in place of the body of a message. `order` NOBODY: for all of the plan. */
static int replace_body(struct editor *editor, const struct lines *lines, const struct entity *entity, uint32_t order,
			struct patches *patches)
{
	struct buffer bytes;
	struct note note = note_for(editor, order == NOBODY ? 0 : order);
	note.single = order != NOBODY;
	note.body = true;
	buffer_init(&bytes, entity->end - entity->start + 2 * NOTE_MOST);
	int error = write_body(editor, lines, entity, &note, &bytes);
	error = error ? error : patch_add(patches, entity->start, entity->end, &bytes);
	buffer_free(&bytes);
	if (order != NOBODY)
		return error ? error : resolve(editor, order, REPAIR_MEANS_BODY);
	for (uint32_t i = 0; i < editor->plan->count && !error; i++)
		if (editor->plan->orders[i].remove)
			error = resolve(editor, i, REPAIR_MEANS_BODY);
	return error;
}

/* The body of a message that is no multipart. */
static int edit_single(struct editor *editor, const struct lines *lines, const struct entity *entity,
		       const char *section, struct patches *patches)
{
	struct patches own = {.list = NULL};
	uint32_t done = editor->outcome->done_count;
	int error = edit_entity(editor, lines, entity, section, &own);
	/* Where the whole part would give way, the fields of the message stay. */
	bool whole = !error && own.count == 1 && own.list[0].start == entity->start && own.list[0].end == entity->end;
	if (whole) {
		uint32_t order = editor->outcome->done[editor->outcome->done_count - 1].order;
		editor->outcome->done_count = done;
		error = replace_body(editor, lines, entity, order, patches);
	}
	for (size_t i = 0; i < own.count && !error && !whole; i++) {
		struct buffer moved = {own.list[i].data, own.list[i].size, own.list[i].size, own.list[i].size};
		own.list[i].data = NULL;
		error = patch_add(patches, own.list[i].start, own.list[i].end, &moved);
	}
	patch_free(&own);
	return error;
}

static int edit_message(struct editor *editor, const struct lines *lines, size_t start, size_t end, const char *section,
			struct patches *patches)
{
	bool signatures[REPAIR_SIGNATURE_COUNT];
	struct entity entity;
	entity_read(lines, start, end, true, &entity);
	memcpy(signatures, editor->signatures, sizeof signatures);
	editor->signatures[REPAIR_SIGNATURE_DKIM] |= entity.dkim;
	editor->signatures[REPAIR_SIGNATURE_ARC] |= entity.arc;
	note_signature(editor, &entity);
	int error;
	if (entity_is_multipart(&entity)) {
		error = edit_parts(editor, lines, &entity, section, patches);
	} else {
		char number[SECTION_MOST] = "1";
		if (section && *section && snprintf(number, sizeof number, "%s.1", section) >= (int)sizeof number)
			number[0] = '\0';
		error = edit_single(editor, lines, &entity, section && *number ? number : NULL, patches);
	}
	memcpy(editor->signatures, signatures, sizeof signatures);
	return error;
}

/* --- the input -------------------------------------------------------------------------------------------------- */

static int cut(struct patches *patches, size_t start, size_t end)
{
	struct buffer nothing;
	buffer_init(&nothing, 0);
	return start < end ? patch_add(patches, start, end, &nothing) : 0;
}

/*
 * What was found and stands in no part stands in front of the first one or behind the last one, where no mail program shows anything. The line end in front of
 * the first delimiter stays.
 */
static int cut_margins(struct editor *editor, const struct lines *lines, const struct entity *entity,
		       struct patches *patches)
{
	struct entity_parts parts;
	size_t start, end, count = patches->count;
	if (!entity_is_multipart(entity) || all_resolved(editor))
		return 0;
	entity_parts_begin(lines, entity, &parts);
	while (entity_parts_next(&parts, &start, &end))
		;
	int error = cut(patches, entity->body, parts.preamble < entity->end ? parts.preamble : entity->body);
	error = error ? error : cut(patches, parts.epilogue, entity->end);
	for (uint32_t i = 0; i < editor->plan->count && !error && patches->count > count; i++)
		if (editor->plan->orders[i].remove && !editor->resolved[i])
			error = resolve(editor, i, REPAIR_MEANS_MARGIN);
	return error;
}

static bool is_mailbox(const struct lines *lines)
{
	return lines->size >= 5 && memcmp(lines->data, "From ", 5) == 0 && lines_next_message(lines, 0) < lines->size;
}

/* One of the messages of a mailbox, behind its "From " line. Only what holds something that is to go is touched. */
static int edit_one(struct editor *editor, const struct lines *lines, size_t start, size_t end, unsigned number,
		    struct patches *patches)
{
	char section[16];
	uint32_t order;
	struct entity entity;
	size_t before = patches->count;
	int error = order_for(editor, lines->data + start, end - start, &order);
	if (error || order == NOBODY)
		return error;
	(void)snprintf(section, sizeof section, "%u", number);
	/* The line ends in front of the next one stay, or that would begin nowhere. */
	while (end > start && end < lines->size && (lines->data[end - 1] == '\n' || lines->data[end - 1] == '\r'))
		end--;
	if (editor->level != REPAIR_LEVEL_BODY && !editor->plan->orders[order].remove)
		error = edit_message(editor, lines, start, end, section, patches);
	if (error || patches->count > before)
		return error;
	entity_read(lines, start, end, true, &entity);
	return entity.body < entity.end ? replace_body(editor, lines, &entity, order, patches) : 0;
}

static int edit_mailbox(struct editor *editor, const struct lines *lines, struct patches *patches)
{
	int error = 0;
	unsigned number = 0;
	for (size_t start = 0; start < lines->size && !error;) {
		size_t next = lines_next_message(lines, start);
		error = edit_one(editor, lines, lines_next(lines, start, next), next, ++number, patches);
		start = next;
	}
	return error;
}

static enum scan_code edit_input(struct editor *editor, const struct lines *lines, struct patches *patches,
				 int *ret_error)
{
	struct entity entity;
	entity_read(lines, 0, lines->size, true, &entity);
	editor->signatures[REPAIR_SIGNATURE_DKIM] = entity.dkim;
	editor->signatures[REPAIR_SIGNATURE_ARC] = entity.arc;
	*ret_error = 0;
	if (is_mailbox(lines)) {
		*ret_error = edit_mailbox(editor, lines, patches);
		return SCAN_CODE_NONE;
	}
	if (editor->level == REPAIR_LEVEL_BODY) {
		note_signature(editor, &entity);
		if (!entity.blank || entity.body == entity.end) {
			(void)why_set(editor->why, 0, "the message has no body in whose place a note could be put");
			return DEC_RESULT_FAILED_INSERTING_NOTIFICATION_IN_EMPTY_BODY_MIME;
		}
		*ret_error = replace_body(editor, lines, &entity, NOBODY, patches);
		return SCAN_CODE_NONE;
	}
	*ret_error = edit_message(editor, lines, 0, lines->size, "", patches);
	/* Of a message that is no multipart the body goes, in the end. */
	if (!*ret_error && entity_is_multipart(&entity))
		*ret_error = edit_hidden(editor, lines, &entity, patches);
	if (!*ret_error)
		*ret_error = cut_margins(editor, lines, &entity, patches);
	return SCAN_CODE_NONE;
}

/* Not a message: only an archive can be without something and still be one. */
static enum scan_code edit_file_alone(struct editor *editor, const uint8_t *data, size_t size, struct buffer *buffer,
				      int *ret_error)
{
	struct finding finding = {.fate = FATE_GO, .order = 0};
	*ret_error = look_into(editor, data, size, CONTENT_ANY, &finding);
	if (*ret_error)
		return SCAN_CODE_NONE;
	if (finding.fate == FATE_CHANGED) {
		*ret_error = buffer_append(buffer, finding.bytes.data, finding.bytes.size);
		buffer_free(&finding.bytes);
		return SCAN_CODE_NONE;
	}
	const struct repair_outcome *outcome = editor->outcome;
	(void)why_set(editor->why, 0, "it is neither a message nor an archive that can be written%s%s",
		      outcome->trouble_count ? ": " : "",
		      outcome->trouble_count ? outcome->troubles[outcome->trouble_count - 1].text : "");
	return DEC_RESULT_INVALID_FILE_MODIFICATION;
}

static bool is_message(const uint8_t *data, size_t size)
{
	struct lines lines = lines_of(data, size);
	struct detection detection;
	struct entity entity;
	detect(data, size, &detection);
	entity_read(&lines, 0, size, true, &entity);
	return detection.mail || (!detection.count && entity.fields < entity.body);
}

static enum scan_code code_of(int error, struct why *why)
{
	if (error == -EFBIG) {
		(void)why_set(why, 0, "the repaired message is too large");
		return DEC_RESULT_BUFFER_SIZE_TOO_SMALL;
	}
	if (error == -ENOMEM) {
		(void)why_set(why, 0, "no memory to repair it");
		return DEC_RESULT_OUT_OF_MEMORY;
	}
	(void)why_errno(why, error, "cannot repair it");
	return DEC_RESULT_UPDATE_CONTAINER_FAILED;
}

enum scan_code editor_run(const uint8_t *data, size_t size, const struct repair_plan *plan, enum repair_level level,
			  struct budget *budget, struct buffer *buffer, struct repair_outcome *outcome, struct why *why)
{
	struct lines lines = lines_of(data, size);
	struct patches patches = {.list = NULL};
	struct editor editor = {.plan = plan,
				.level = level,
				.budget = budget,
				.outcome = outcome,
				.why = why,
				.line_end = lines_end(&lines),
				.cap = buffer->cap};
	assert(plan->count && level != REPAIR_LEVEL_NONE);
	editor.resolved = calloc(plan->count, sizeof *editor.resolved);
	editor.used = calloc(plan->count, sizeof *editor.used);
	int error = editor.resolved && editor.used ? 0 : -ENOMEM;
	enum scan_code code = SCAN_CODE_NONE;
	if (!error && is_message(data, size)) {
		code = edit_input(&editor, &lines, &patches, &error);
		if (!error && !code)
			error = patch_apply(&patches, data, size, buffer);
	} else if (!error) {
		code = edit_file_alone(&editor, data, size, buffer, &error);
	}
	if (!code && error)
		code = code_of(error, why);
	if (!code && !outcome->done_count) {
		(void)why_set(why, 0, "what was found stands nowhere where it could be changed");
		code = DEC_RESULT_INVALID_FILE_MODIFICATION;
	}
	patch_free(&patches);
	free(editor.resolved);
	free(editor.used);
	return code;
}
