/*
 * parts.c - the parts of a message, without what is to be removed from them; see parts.h.
 *
 * Bytes that are changed in their place share one list of patches with all that lies around them unencoded; what was encoded is changed as a whole, and
 * encoded again. Refuses to nest deeper than the scanner itself.
 */
#include "scan/repair/parts.h"

#include "scan/repair/content.h"
#include "scan/repair/hidden.h"
#include "scan/repair/mail.h"
#include "scan/repair/order.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A note in place of a whole part. */
static int replace_part(struct editor *editor, const struct lines *lines, const struct entity *entity, uint32_t order,
			struct patches *patches)
{
	struct buffer bytes;
	struct note note = order_note(editor, order);
	bool last_end = entity->end == lines->size;
	buffer_init(&bytes, 2 * NOTE_MOST);
	int error = note_part(&note, false, last_end, &bytes);
	error = error ? error : patch_add(patches, entity->start, entity->end, &bytes);
	buffer_free(&bytes);
	return error ? error : order_resolve(editor, order, REPAIR_MEANS_PART);
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
	int error = content_edit(editor, data, size, content, &finding);
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
	int error = order_find(editor, lines->data + entity->body, entity->end - entity->body, &order);
	if (error || order == ORDER_NONE)
		return error;
	if (!editor->plan->orders[order].remove)
		error = mail_edit(editor, lines, entity->body, entity->end, section, patches);
	if (error || patches->count > before)
		return error;
	return replace_part(editor, lines, entity, order, patches);
}

void parts_note_signature(struct editor *editor, const struct entity *entity)
{
	if (strcmp(entity->type, "multipart/signed") != 0)
		return;
	bool pgp = strcmp(entity->protocol, "application/pgp-signature") == 0;
	editor->signatures[pgp ? REPAIR_SIGNATURE_PGP : REPAIR_SIGNATURE_SMIME] = true;
}

/* The parts of a multipart; `section` is what their numbers begin with. */
int parts_edit(struct editor *editor, const struct lines *lines, const struct entity *entity, const char *section,
	       struct patches *patches)
{
	struct entity_parts parts;
	size_t start, end;
	int error = 0;
	entity_parts_begin(lines, entity, &parts);
	for (unsigned i = 1; !error && entity_parts_next(&parts, &start, &end); i++) {
		char number[PARTS_SECTION_MOST] = "";
		struct entity part;
		/* A number that is too long is none: then only the content tells. */
		if (section &&
		    snprintf(number, sizeof number, "%s%s%u", section, *section ? "." : "", i) >= (int)sizeof number)
			number[0] = '\0';
		entity_read(lines, start, end, false, &part);
		error = parts_edit_one(editor, lines, &part, section && *number ? number : NULL, patches);
	}
	return error;
}

int parts_edit_one(struct editor *editor, const struct lines *lines, const struct entity *entity, const char *section,
		   struct patches *patches)
{
	bool signatures[REPAIR_SIGNATURE_COUNT];
	if (editor->nesting >= EDIT_NESTING_MOST)
		return 0;
	uint32_t order = section ? order_find_section(editor, section) : ORDER_NONE;
	if (order != ORDER_NONE)
		return replace_part(editor, lines, entity, order, patches);
	memcpy(signatures, editor->signatures, sizeof signatures);
	editor->nesting++;
	parts_note_signature(editor, entity);
	int error;
	if (entity_is_multipart(entity))
		error = parts_edit(editor, lines, entity, section, patches);
	else if (entity_is_message(entity) && entity->transfer == TRANSFER_IDENTITY)
		error = edit_inner(editor, lines, entity, section, patches);
	else
		error = edit_leaf(editor, lines, entity, patches);
	editor->nesting--;
	memcpy(editor->signatures, signatures, sizeof signatures);
	return error;
}

/* --- what only other readers see --------------------------------------------------------------------------------- */

static bool is_patched(const struct patches *patches, const struct entity *entity)
{
	for (size_t i = 0; i < patches->count; i++)
		if (patches->list[i].start < entity->end && patches->list[i].end > entity->start)
			return true;
	return false;
}

/* The parts in which something stands that no part is, by this editor's reading: they go as they are. */
int parts_edit_hidden(struct editor *editor, const struct lines *lines, const struct entity *entity,
		      struct patches *patches)
{
	uint32_t order;
	if (order_all_resolved(editor) || editor->nesting >= EDIT_NESTING_MOST)
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
			error = parts_edit_hidden(editor, lines, &part, patches);
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
