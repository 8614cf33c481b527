/*
 * image.c - images of discs: a UDF volume, whose descriptors get right check sums so that what is in them is looked at; which file systems there
 * are, and how an Apple image is packed. Members stay below the limits, and a volume without an end ends.
 */
#include "fuzz.h"

#include "scan/archive.h"
#include "scan/dmg.h"
#include "scan/image.h"

#include <string.h>

#define MOST  (8u << 20)
#define BLOCK 512u

static int on_member(void *context, const struct archive_member *member)
{
	(void)context;
	PROMISE(member->size <= MOST && member->data && member->name && strlen(member->name) == member->name_size);
	(void)fuzz_touch(member->data, member->size);
	return 0;
}

static int on_code(void *context, enum scan_code code, const char *text)
{
	unsigned *codes = context;
	PROMISE(code != SCAN_CODE_NONE && text && ++*codes < 10);
	return 0;
}

static int on_evasion(void *context, enum evasion evasion, const char *text)
{
	(void)context, (void)evasion;
	(void)fuzz_touch(text, strlen(text));
	return 0;
}

static int on_next(void *context, const char *name)
{
	(void)context;
	(void)fuzz_touch(name, strlen(name));
	return 0;
}

static bool on_known(void *context, const uint8_t *data, size_t size)
{
	(void)context;
	return fuzz_touch(data, size) % 2;
}

static void sum_heads(uint8_t *data, size_t size)
{
	for (size_t at = 0; size - at >= BLOCK; at += BLOCK) {
		uint8_t sum = 0;
		for (size_t i = 0; i < 16; i++)
			sum = (uint8_t)(sum + (i == 4 ? 0 : data[at + i]));
		data[at + 4] = sum;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct limits limits;
	struct budget budget;
	enum detect_format formats[IMAGE_SYSTEMS];
	unsigned codes = 0;
	const struct archive_visitor visitor = {.member = on_member,
						.code = on_code,
						.evasion = on_evasion,
						.next = on_next,
						.known = size % 2 ? on_known : NULL,
						.context = &codes};
	uint8_t *copy = malloc(size ? size : 1);
	if (!copy)
		return 0;
	memcpy(copy, data, size);
	PROMISE(image_find(copy, size, formats) <= IMAGE_SYSTEMS);
	const char *method = dmg_unread_method(copy, size);
	PROMISE(!method || *method);
	if (size >= 3 * BLOCK)
		sum_heads(copy, size);
	limits_defaults(&limits);
	budget_init(&budget, &limits);
	budget.most_size = budget.most_cumulative = MOST;
	budget.most_files = 200;
	(void)archive_walk(DETECT_UDF, copy, size, &budget, &visitor);
	PROMISE(budget.usage.cumulative <= MOST);
	free(copy);
	return 0;
}
