/*
 * budget.c - the budget counts to each limit exactly, and says the right code one step behind it.
 */
#include "scan/budget.h"
#include "tap.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static struct budget budget_of(uint64_t size, uint64_t cumulative, uint64_t files)
{
	struct limits limits;
	struct budget budget;
	limits_defaults(&limits);
	limits.value[LIMIT_max_extract_size] = size;
	limits.value[LIMIT_max_cumulative_extract_size] = cumulative;
	limits.value[LIMIT_max_file_count] = files;
	limits.value[LIMIT_max_extract_depth] = 3;
	budget_init(&budget, &limits);
	return budget;
}

static void test_files(void)
{
	struct budget budget = budget_of(100, 1000, 2);
	ok(budget_file(&budget) == SCAN_CODE_NONE && budget_file(&budget) == SCAN_CODE_NONE, "two files of two");
	ok(budget_file(&budget) == DEC_RESULT_MAXIMUM_FILES_EXTRACTED, "the third is one too many");
	ok(budget.usage.files == 2, "and is not counted");
	budget = budget_of(100, 1000, 0);
	bool all = true;
	for (int i = 0; i < 100000; i++)
		all = all && budget_file(&budget) == SCAN_CODE_NONE;
	ok(all && budget.usage.files == 100000, "0 means no limit");
}

static void test_depth(void)
{
	struct budget budget = budget_of(100, 1000, 0);
	ok(budget_depth(&budget, 3) == SCAN_CODE_NONE, "depth 3 of 3");
	ok(budget_depth(&budget, 1) == SCAN_CODE_NONE && budget.usage.depth == 3, "the deepest is remembered");
	ok(budget_depth(&budget, 4) == DEC_RESULT_MAXIMUM_DEPTH_REACHED, "depth 4 is too deep");
	ok(budget.usage.depth == 3, "and was not opened");
}

static void test_size(void)
{
	struct budget budget = budget_of(100, 1000, 0);
	enum scan_code code;
	budget_part(&budget);
	ok(budget_charge(&budget, 100, &code) == 100 && code == SCAN_CODE_NONE, "a part of just the size allowed");
	ok(budget_charge(&budget, 0, &code) == 0 && code == SCAN_CODE_NONE, "nothing more is no trouble");
	ok(budget_charge(&budget, 1, &code) == 0 && code == DEC_RESULT_MAXIMUM_EXTRACT_SIZE_EXCEEDED,
	   "one byte more is");
	budget_part(&budget);
	ok(budget_charge(&budget, 150, &code) == 100 && code == DEC_RESULT_MAXIMUM_EXTRACT_SIZE_EXCEEDED,
	   "the next part starts anew, and is cut");
	ok(budget.usage.cumulative == 200 && budget.usage.largest == 100, "what was allowed is what was used");
}

static void test_cumulative(void)
{
	struct budget budget = budget_of(100, 150, 0);
	enum scan_code code;
	budget_part(&budget);
	budget_charge(&budget, 100, &code);
	budget_part(&budget);
	ok(budget_charge(&budget, 60, &code) == 50 && code == DEC_RESULT_MAXIMUM_CUMULATIVE_EXTRACT_SIZE_EXCEEDED,
	   "the sum gives out before the part");
	ok(budget_charge(&budget, 1, &code) == 0 && code == DEC_RESULT_MAXIMUM_CUMULATIVE_EXTRACT_SIZE_EXCEEDED,
	   "and stays given out");
	budget = budget_of(100, 100, 0);
	budget_part(&budget);
	ok(budget_charge(&budget, 101, &code) == 100 && code == DEC_RESULT_MAXIMUM_CUMULATIVE_EXTRACT_SIZE_EXCEEDED,
	   "where both give out at once it is the sum");
	budget = budget_of(1000, 100, 0);
	ok(budget_charge(&budget, UINT64_MAX, &code) == 100 &&
		   code == DEC_RESULT_MAXIMUM_CUMULATIVE_EXTRACT_SIZE_EXCEEDED,
	   "the largest number does not wrap");
	budget = budget_of(100, 0, 0);
	ok(budget.most_cumulative == 209715200u, "0 for the sum stands for the module's own figure");
}

int main(void)
{
	test_files();
	test_depth();
	test_size();
	test_cumulative();
	return tap_end();
}
