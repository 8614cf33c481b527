/*
 * mail.c - a message without what is to be removed from it, or without its body; see mail.h.
 *
 * Refuses to put a note where a message has no body: then its header would have to hold it.
 */
#include "scan/repair/mail.h"

#include "scan/repair/order.h"
#include "scan/repair/parts.h"

#include <stdio.h>
#include <string.h>

/*
 * What a message cannot do without: who wrote it to whom and when (RFC 5322), which way it came, and what keeps it from going round in circles or being answered by
 * a program. The rest can hold whatever its sender likes.
 */
static const char *const needed_fields[] = {"bcc",         "cc",          "date",       "delivered-to",
					    "from",        "in-reply-to", "list-id",    "message-id",
					    "precedence",  "received",    "references", "reply-to",
					    "return-path", "sender",      "to",         "auto-submitted",
					    "x-loop",      "resent-from", "resent-to"};

/* Does a field stay that tells nothing of the body? */
static bool stays(const struct editor *editor, const struct lines *lines, size_t at, size_t next)
{
	if (editor->level < REPAIR_LEVEL_HEADER ||
	    (editor->level != REPAIR_LEVEL_SUBJECT && entity_field_is(lines, at, next, "subject")))
		return true;
	for (size_t i = 0; i < sizeof needed_fields / sizeof *needed_fields; i++)
		if (entity_field_is(lines, at, next, needed_fields[i]))
			return true;
	return false;
}

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
		if (field && !content && stays(editor, lines, at, next))
			error = buffer_append(buffer, lines->data + at, next - at);
		at = next;
	}
	if (!error && buffer->size && buffer->data[buffer->size - 1] != (lines->cr ? '\r' : '\n'))
		error = buffer_append_text(buffer, editor->line_end);
	bool version = entity->version && editor->level < REPAIR_LEVEL_HEADER;
	return error ? error : note_part(note, !version, entity->end == lines->size, buffer);
}

/* A note in place of the body of a message. `order` ORDER_NONE: for all of the plan. */
int mail_replace_body(struct editor *editor, const struct lines *lines, const struct entity *entity, uint32_t order,
		      struct patches *patches)
{
	struct buffer bytes;
	struct note note = order_note(editor, order == ORDER_NONE ? 0 : order);
	note.single = order != ORDER_NONE;
	note.body = true;
	note.header = editor->level >= REPAIR_LEVEL_HEADER;
	enum repair_means means = note.header ? REPAIR_MEANS_HEADER : REPAIR_MEANS_BODY;
	buffer_init(&bytes, entity->end - entity->start + 2 * NOTE_MOST);
	int error = write_body(editor, lines, entity, &note, &bytes);
	error = error ? error : patch_add(patches, entity->start, entity->end, &bytes);
	buffer_free(&bytes);
	if (order != ORDER_NONE)
		return error ? error : order_resolve(editor, order, means);
	for (uint32_t i = 0; i < editor->plan->count && !error; i++)
		if (editor->plan->orders[i].remove)
			error = order_resolve(editor, i, means);
	return error;
}

/* The body of a message that is no multipart. */
static int edit_single(struct editor *editor, const struct lines *lines, const struct entity *entity,
		       const char *section, struct patches *patches)
{
	struct patches own = {.list = NULL};
	uint32_t done = editor->outcome->done_count;
	int error = parts_edit_one(editor, lines, entity, section, &own);
	/* Where the whole part would give way, the fields of the message stay. */
	bool whole = !error && own.count == 1 && own.list[0].start == entity->start && own.list[0].end == entity->end;
	if (whole) {
		uint32_t order = editor->outcome->done[editor->outcome->done_count - 1].order;
		editor->outcome->done_count = done;
		error = mail_replace_body(editor, lines, entity, order, patches);
	}
	for (size_t i = 0; i < own.count && !error && !whole; i++) {
		struct buffer moved = {own.list[i].data, own.list[i].size, own.list[i].size, own.list[i].size};
		own.list[i].data = NULL;
		error = patch_add(patches, own.list[i].start, own.list[i].end, &moved);
	}
	patch_free(&own);
	return error;
}

int mail_edit(struct editor *editor, const struct lines *lines, size_t start, size_t end, const char *section,
	      struct patches *patches)
{
	bool signatures[REPAIR_SIGNATURE_COUNT];
	struct entity entity;
	entity_read(lines, start, end, true, &entity);
	memcpy(signatures, editor->signatures, sizeof signatures);
	editor->signatures[REPAIR_SIGNATURE_DKIM] |= entity.dkim;
	editor->signatures[REPAIR_SIGNATURE_ARC] |= entity.arc;
	parts_note_signature(editor, &entity);
	int error;
	if (entity_is_multipart(&entity)) {
		error = parts_edit(editor, lines, &entity, section, patches);
	} else {
		char number[PARTS_SECTION_MOST] = "1";
		if (section && *section && snprintf(number, sizeof number, "%s.1", section) >= (int)sizeof number)
			number[0] = '\0';
		error = edit_single(editor, lines, &entity, section && *number ? number : NULL, patches);
	}
	memcpy(editor->signatures, signatures, sizeof signatures);
	return error;
}
