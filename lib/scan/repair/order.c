/*
 * order.c - the orders of a plan while an edit is under way; see order.h.
 *
 * Refuses nothing. Of twins, parts with the same content, each order has its turn.
 */
#include "scan/repair/order.h"

#include "scan/digest.h"

#include <errno.h>
#include <string.h>

/* The order for this content; one that removes goes before one that holds. */
int order_find(const struct editor *editor, const uint8_t *data, size_t size, uint32_t *ret_order)
{
	uint8_t digest[DIGEST_SIZE];
	*ret_order = ORDER_NONE;
	if (!size)
		return 0;
	int error = digest_bytes(data, size, digest);
	for (uint32_t i = 0; i < editor->plan->count && !error; i++) {
		const struct repair_order *order = &editor->plan->orders[i];
		if (!order->has_sha256 || memcmp(order->sha256, digest, sizeof digest) != 0)
			continue;
		bool worse = *ret_order != ORDER_NONE &&
			     (!editor->plan->orders[*ret_order].remove || editor->used[*ret_order]);
		if (*ret_order == ORDER_NONE || (order->remove && worse))
			*ret_order = i;
		/* Of twins each has its turn. */
		if (order->remove && !editor->used[i])
			break;
	}
	return error;
}

/* The order for a part without content, by its section. */
uint32_t order_find_section(const struct editor *editor, const char *section)
{
	for (uint32_t i = 0; i < editor->plan->count; i++) {
		const struct repair_order *order = &editor->plan->orders[i];
		if (order->remove && !order->has_sha256 && strcmp(order->id, section) == 0)
			return i;
	}
	return ORDER_NONE;
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
int order_resolve(struct editor *editor, uint32_t number, enum repair_means means)
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
int order_trouble(struct editor *editor, uint32_t order, int error, const char *text)
{
	enum scan_code code = error == -EFBIG ? DEC_RESULT_BUFFER_SIZE_TOO_SMALL : DEC_RESULT_UPDATE_CONTAINER_FAILED;
	return repair_outcome_trouble(editor->outcome, order, code, text);
}

struct note order_note(const struct editor *editor, uint32_t order)
{
	struct note note = {.plan = editor->plan,
			    .order = order,
			    .single = true,
			    .terse = editor->level >= REPAIR_LEVEL_BODY,
			    .line_end = editor->line_end};
	memcpy(note.signatures, editor->signatures, sizeof note.signatures);
	return note;
}

bool order_all_resolved(const struct editor *editor)
{
	for (uint32_t i = 0; i < editor->plan->count; i++)
		if (editor->plan->orders[i].remove && !editor->resolved[i])
			return false;
	return true;
}
