/*
 * buffer.c - a buffer grows to its cap and not one byte further, and a failed append changes nothing.
 */
#include "base/buffer.h"
#include "tap.h"

#include <errno.h>
#include <stdlib.h>

static void test_cap(void)
{
	struct buffer buffer;
	buffer_init(&buffer, 1000);
	ok(!buffer.data && buffer.size == 0, "a new buffer holds nothing");
	ok(buffer_append(&buffer, NULL, 0) == 0 && buffer.size == 0, "nothing can be appended, even from nowhere");
	char block[600];
	memset(block, 'x', sizeof block);
	ok(buffer_append(&buffer, block, 600) == 0 && buffer_append(&buffer, block, 400) == 0, "just up to the cap");
	ok(buffer_append(&buffer, block, 1) == -EFBIG && buffer.size == 1000, "one byte more is refused");
	ok(buffer_append(&buffer, block, 0) == 0, "nothing more is not");
	ok(buffer_reserve(&buffer, SIZE_MAX) == -EFBIG, "a size that would wrap is refused");
	ok(buffer.room <= 1000, "no more is allocated than the cap");
	buffer_free(&buffer);
	ok(!buffer.data && buffer.size == 0 && buffer.cap == 1000, "freed, it is empty and keeps its cap");
	ok(buffer_append_text(&buffer, "abc") == 0 && memcmp(buffer.data, "abc", 3) == 0, "and usable");
	buffer_free(&buffer);
	buffer_free(&buffer);
}

static void test_huge_cap(void)
{
	struct buffer buffer;
	buffer_init(&buffer, SIZE_MAX);
	ok(buffer_append(&buffer, "x", 1) == 0, "no cap at all");
	/* Not under a sanitizer: its allocator ends the program instead. */
#if !defined(__SANITIZE_ADDRESS__)
	ok(buffer_reserve(&buffer, SIZE_MAX / 2) == -ENOMEM && buffer.size == 1 && buffer.data[0] == 'x',
	   "no memory: refused, and what was there stays");
#else
	skip("no memory: refused, and what was there stays", "address sanitizer");
#endif
	buffer_free(&buffer);
}

static void test_none(void)
{
	struct buffer buffer;
	buffer_init(&buffer, 0);
	ok(buffer_append(&buffer, "x", 1) == -EFBIG && buffer_append(&buffer, "", 0) == 0, "a cap of nothing");
	ok(buffer_take(&buffer, NULL) == NULL, "what is taken from an empty buffer is NULL");
}

static void test_drop_and_take(void)
{
	struct buffer buffer;
	size_t size = 99;
	buffer_init(&buffer, 100);
	(void)buffer_append_text(&buffer, "abcdef");
	buffer_drop(&buffer, 2);
	ok(buffer.size == 4 && memcmp(buffer.data, "cdef", 4) == 0, "dropped from the front");
	buffer_drop(&buffer, 0);
	ok(buffer.size == 4, "dropping nothing changes nothing");
	uint8_t *data = buffer_take(&buffer, &size);
	ok(data && size == 4 && memcmp(data, "cdef", 4) == 0, "taken away");
	free(data);
	ok(!buffer.data && buffer.size == 0 && buffer_append_text(&buffer, "z") == 0, "the buffer is usable again");
	buffer_drop(&buffer, SIZE_MAX);
	ok(buffer.size == 0, "dropping more than there is empties it");
	buffer_free(&buffer);
}

/* Small steps and large ones in a fixed disorder give the same bytes as a plain array. */
static void test_growth(void)
{
	static uint8_t model[70000];
	struct buffer buffer;
	size_t size = 0;
	uint32_t seed = 1;
	bool good = true;
	buffer_init(&buffer, sizeof model);
	for (;;) {
		seed = seed * 1664525u + 1013904223u;
		size_t step = seed >> 24;
		if (size + step > sizeof model)
			break;
		memset(model + size, (int)(seed >> 8 & 0xFF), step);
		good = good && buffer_append(&buffer, model + size, step) == 0;
		size += step;
	}
	ok(good && buffer.size == size && memcmp(buffer.data, model, size) == 0, "many appends of many sizes");
	buffer_free(&buffer);
}

int main(void)
{
	test_cap();
	test_huge_cap();
	test_none();
	test_drop_and_take();
	test_growth();
	return tap_end();
}
