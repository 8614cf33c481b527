/*
 * budget.c - counts what a message costs, and says when a limit is reached.
 *
 * It believes no declared size: only bytes that were produced are charged. Called by mime, archive and decompose.
 */
#include "scan/budget.h"

#include <string.h>

void budget_init(struct budget *ret_budget, const struct limits *limits)
{
	memset(ret_budget, 0, sizeof *ret_budget);
	ret_budget->most_depth = limits_effective(limits, LIMIT_max_extract_depth);
	ret_budget->most_size = limits_effective(limits, LIMIT_max_extract_size);
	ret_budget->most_cumulative = limits_effective(limits, LIMIT_max_cumulative_extract_size);
	ret_budget->most_files = limits_effective(limits, LIMIT_max_file_count);
}

enum scan_code budget_file(struct budget *budget)
{
	if (budget->usage.files >= budget->most_files)
		return DEC_RESULT_MAXIMUM_FILES_EXTRACTED;
	budget->usage.files++;
	return SCAN_CODE_NONE;
}

enum scan_code budget_depth(struct budget *budget, unsigned depth)
{
	if (depth > budget->most_depth)
		return DEC_RESULT_MAXIMUM_DEPTH_REACHED;
	if (depth > budget->usage.depth)
		budget->usage.depth = depth;
	return SCAN_CODE_NONE;
}

void budget_part(struct budget *budget)
{
	budget->current = 0;
}

uint64_t budget_charge(struct budget *budget, uint64_t bytes, enum scan_code *ret_code)
{
	/* Both are kept at or below their limit by what follows, so the differences do not wrap. */
	uint64_t part = budget->most_size - budget->current;
	uint64_t all = budget->most_cumulative - budget->usage.cumulative;
	uint64_t allowed = bytes;

	*ret_code = SCAN_CODE_NONE;
	if (allowed > part) {
		allowed = part;
		*ret_code = DEC_RESULT_MAXIMUM_EXTRACT_SIZE_EXCEEDED;
	}
	/* Where both give out at once it is the sum that matters: nothing more will be extracted at all. */
	if (bytes > all && allowed >= all) {
		allowed = all;
		*ret_code = DEC_RESULT_MAXIMUM_CUMULATIVE_EXTRACT_SIZE_EXCEEDED;
	}
	budget->current += allowed;
	budget->usage.cumulative += allowed;
	if (budget->current > budget->usage.largest)
		budget->usage.largest = budget->current;
	return allowed;
}
