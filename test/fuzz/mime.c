/* mime.c - a message in all its readings: no part is larger than the limits allow, and every byte told of is there. */
#include "fuzz.h"
#include "mutator.h"

#include "scan/mime.h"

#include <string.h>

#define MOST (4u << 20)

static int on_part(void *context, const struct mime_part *part)
{
	(void)context;
	PROMISE(part->size <= MOST && part->section && *part->section && part->parent && part->type);
	PROMISE((part->data == NULL) == (part->kind == PART_MULTIPART));
	if (part->data)
		(void)fuzz_touch(part->data, part->size);
	if (part->name)
		(void)fuzz_touch(part->name, strlen(part->name));
	for (unsigned i = 0; i < part->code_count; i++)
		PROMISE(part->codes[i].code != SCAN_CODE_NONE && *part->codes[i].text);
	return 0;
}

static int on_code(void *context, enum scan_code code, const char *text)
{
	(void)context;
	PROMISE(code != SCAN_CODE_NONE && text && *text);
	return 0;
}

static int on_evasion(void *context, enum evasion evasion, const char *text)
{
	(void)context;
	PROMISE(evasion != EVASION_NONE && text && *text);
	return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	return mime_start();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct limits limits;
	struct budget budget;
	const struct mime_visitor visitor = {on_part, on_code, on_evasion, NULL};
	limits_defaults(&limits);
	budget_init(&budget, &limits);
	budget.most_size = budget.most_cumulative = MOST;
	(void)mime_begins(data, size);
	PROMISE(mime_walk(data, size, 0, &budget, &visitor) == 0);
	PROMISE(budget.usage.cumulative <= MOST);
	budget_init(&budget, &limits);
	budget.most_size = budget.most_cumulative = MOST;
	PROMISE(mime_walk_text(data, size, 0, &budget, &visitor) == 0);
	return 0;
}

FUZZ_MUTATOR(mutate_lines)
