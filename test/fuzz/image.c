/*
 * image.c - images of discs: a UDF volume, whose descriptors get right check sums so that what is in them is looked at; which file systems there
 * are, and how an Apple image is packed. Members stay below the limits, and a volume without an end ends.
 */
#include "members.h"

#include "scan/dmg.h"
#include "scan/image.h"

#define BLOCK 512u

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
	enum detect_format formats[IMAGE_SYSTEMS];
	unsigned codes = 0;
	uint8_t *copy = malloc(size ? size : 1);
	if (!copy)
		return 0;
	memcpy(copy, data, size);
	PROMISE(image_find(copy, size, formats) <= IMAGE_SYSTEMS);
	const char *method = dmg_unread_method(copy, size);
	PROMISE(!method || *method);
	if (size >= 3 * BLOCK)
		sum_heads(copy, size);
	members_walk(DETECT_UDF, copy, size, (struct archive_visitor){.known = size % 2 ? on_known : NULL}, &codes);
	free(copy);
	return 0;
}
