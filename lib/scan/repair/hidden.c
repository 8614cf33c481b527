/* hidden.c - see hidden.h. Refuses nothing: what cannot be read for a limit is not found, and then more is removed. */
#include "scan/repair/hidden.h"

#include "scan/digest.h"
#include "scan/readings.h"

#include <string.h>

struct search {
	const struct repair_plan *plan;
	const bool *resolved;
	uint32_t order;
	int error;
};

/* Ends the walk with the first one that has to go. */
static int on_reading(void *context, const struct reading *reading)
{
	struct search *search = context;
	uint8_t digest[DIGEST_SIZE];
	if (!reading->size)
		return 0;
	search->error = digest_bytes(reading->data, reading->size, digest);
	for (uint32_t i = 0; i < search->plan->count && !search->error; i++) {
		const struct repair_order *order = &search->plan->orders[i];
		if (!order->remove || !order->has_sha256 || search->resolved[i] ||
		    memcmp(order->sha256, digest, sizeof digest) != 0)
			continue;
		search->order = i;
		return 1;
	}
	return search->error != 0;
}

static int on_code(void *context, enum scan_code code, const char *text)
{
	(void)context, (void)code, (void)text;
	return 0;
}

int hidden_find(const uint8_t *data, size_t size, const struct repair_plan *plan, const bool *resolved,
		struct budget *budget, uint32_t *ret_order)
{
	struct search search = {plan, resolved, HIDDEN_NONE, 0};
	const struct readings_visitor visitor = {on_reading, on_code, &search};
	(void)readings_message(data, size, NULL, 0, budget, &visitor);
	*ret_order = search.order;
	return search.error;
}
