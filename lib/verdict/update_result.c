/*
 * update_result.c - gives back what the result of an update owns; see update_result.h.
 */
#include "verdict/update_result.h"

#include <stdlib.h>

void update_result_free(struct update_result *result)
{
	for (uint32_t i = 0; i < result->part_count; i++) {
		free(result->parts[i].source);
		free(result->parts[i].text);
	}
	free(result->parts);
	result->parts = NULL;
	result->part_count = 0;
	definition_set_free(&result->set);
}

const char *update_task_word(enum update_task task)
{
	static const char *const words[] = {
		[UPDATE_RUN] = "run",
		[UPDATE_CHECK] = "check",
		[UPDATE_DRY_RUN] = "dry_run",
		[UPDATE_ROLLBACK] = "rollback",
	};
	return words[task];
}
