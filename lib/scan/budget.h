/*
 * budget.h - counts what a message costs, and says when a limit is reached.
 *
 * Bytes are charged as they are really produced, never by what a header declares. Called by mime, archive, decompose.
 */
#ifndef CSAPI_SCAN_BUDGET_H
#define CSAPI_SCAN_BUDGET_H

#include "verdict/limits.h"
#include "verdict/report.h"

#include <stdint.h>

struct budget {
	uint64_t most_depth, most_size, most_cumulative, most_files; /* effective: UINT64_MAX = no limit */
	struct usage usage;
	uint64_t current; /* bytes of the part being extracted */
};

void budget_init(struct budget *ret_budget, const struct limits *limits);
/* One more part. SCAN_CODE_NONE, or DEC_RESULT_MAXIMUM_FILES_EXTRACTED: do not extract it. */
enum scan_code budget_file(struct budget *budget);
/* A container at this depth (outermost: 1) is about to be opened. SCAN_CODE_NONE or DEC_RESULT_MAXIMUM_DEPTH_REACHED. */
enum scan_code budget_depth(struct budget *budget, unsigned depth);
/* The bytes of a new part begin. */
void budget_part(struct budget *budget);
/*
 * `bytes` more may be produced for the current part: how many of them the limits still allow (all, some or none).
 * Charges what it allows. When less than all, *ret_code is the size limit that was reached, else SCAN_CODE_NONE.
 */
uint64_t budget_charge(struct budget *budget, uint64_t bytes, enum scan_code *ret_code);

#endif
