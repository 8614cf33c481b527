/*
 * hidden.h - which part of a message holds what only another mail program gets out of it.
 *
 * The editor knows parts by their decoded content; what another reader decodes otherwise, or finds where no part is, it does not see. Called by the editor.
 */
#ifndef CSAPI_SCAN_REPAIR_HIDDEN_H
#define CSAPI_SCAN_REPAIR_HIDDEN_H

#include "scan/budget.h"
#include "verdict/repair.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No order. */
#define HIDDEN_NONE UINT32_MAX

/*
 * Reads an entity with its header, borrowed, in every way there is, charged to `budget`. *ret_order is the first order of the plan that removes what came
 * out, and is not `resolved` (one for each order); or HIDDEN_NONE. 0 or the error of a digest.
 */
int hidden_find(const uint8_t *data, size_t size, const struct repair_plan *plan, const bool *resolved,
		struct budget *budget, uint32_t *ret_order);

#endif
