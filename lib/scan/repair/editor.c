/*
 * editor.c - a message, a mailbox or a file without what is to be removed from it; see editor.h.
 *
 * What is asked for is found by its content and changed by those beside: mail.c (messages), parts.c (their parts), content.c (what parts hold), order.c (what is
 * still to go). Refuses to give out what nothing was removed from.
 */
#include "scan/repair/editor.h"

#include "scan/detect.h"
#include "scan/repair/content.h"
#include "scan/repair/mail.h"
#include "scan/repair/order.h"
#include "scan/repair/parts.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	if (!entity_is_multipart(entity) || order_all_resolved(editor))
		return 0;
	entity_parts_begin(lines, entity, &parts);
	while (entity_parts_next(&parts, &start, &end))
		;
	int error = cut(patches, entity->body, parts.preamble < entity->end ? parts.preamble : entity->body);
	error = error ? error : cut(patches, parts.epilogue, entity->end);
	for (uint32_t i = 0; i < editor->plan->count && !error && patches->count > count; i++)
		if (editor->plan->orders[i].remove && !editor->resolved[i])
			error = order_resolve(editor, i, REPAIR_MEANS_MARGIN);
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
	int error = order_find(editor, lines->data + start, end - start, &order);
	if (error || order == ORDER_NONE)
		return error;
	(void)snprintf(section, sizeof section, "%u", number);
	/* The line ends in front of the next one stay, or that would begin nowhere. */
	while (end > start && end < lines->size && (lines->data[end - 1] == '\n' || lines->data[end - 1] == '\r'))
		end--;
	if (editor->level < REPAIR_LEVEL_BODY && !editor->plan->orders[order].remove)
		error = mail_edit(editor, lines, start, end, section, patches);
	if (error || patches->count > before)
		return error;
	entity_read(lines, start, end, true, &entity);
	return entity.body < entity.end ? mail_replace_body(editor, lines, &entity, order, patches) : 0;
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
	if (editor->level >= REPAIR_LEVEL_BODY) {
		parts_note_signature(editor, &entity);
		if (!entity.blank || entity.body == entity.end) {
			(void)why_set(editor->why, 0, "the message has no body in whose place a note could be put");
			return DEC_RESULT_FAILED_INSERTING_NOTIFICATION_IN_EMPTY_BODY_MIME;
		}
		*ret_error = mail_replace_body(editor, lines, &entity, ORDER_NONE, patches);
		return SCAN_CODE_NONE;
	}
	*ret_error = mail_edit(editor, lines, 0, lines->size, "", patches);
	/* Of a message that is no multipart the body goes, in the end. */
	if (!*ret_error && entity_is_multipart(&entity))
		*ret_error = parts_edit_hidden(editor, lines, &entity, patches);
	if (!*ret_error)
		*ret_error = cut_margins(editor, lines, &entity, patches);
	return SCAN_CODE_NONE;
}

/* Not a message: only an archive can be without something and still be one. */
static enum scan_code edit_file_alone(struct editor *editor, const uint8_t *data, size_t size, struct buffer *buffer,
				      int *ret_error)
{
	struct finding finding = {.fate = FATE_GO, .order = 0};
	*ret_error = content_look_into(editor, data, size, CONTENT_ANY, &finding);
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
