/*
 * edit.h - an edit under way: what the files of the editor share.
 *
 * Made and ended by editor.c; nobody else needs it.
 */
#ifndef CSAPI_SCAN_REPAIR_EDIT_H
#define CSAPI_SCAN_REPAIR_EDIT_H

#include "base/why.h"
#include "scan/budget.h"
#include "verdict/repair.h"

#include <stdbool.h>
#include <stddef.h>

/* Multiparts, messages and archives in one another. */
#define EDIT_NESTING_MOST 200u

/* All borrowed but the two lists, which hold a word for each order. */
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
	size_t cap; /* of what comes out, in bytes */
};

#endif
