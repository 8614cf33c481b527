/*
 * json_memory.c - unit test of lib/format/json_memory and of printing: whichever allocation fails, a document is read or printed whole or
 * not at all, and nothing is lost.
 */
#include "format/json_memory.h"
#include "format/json_field.h"
#include "tap.h"

#include <stdlib.h>

/* Words long enough to grow what the library reads them into, more than once. */
#define LONG "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
#define DOCUMENT                                                                                                       \
	"{\"a\":[1,2.5,null,true,\"b\"],\"" LONG "\":\"" LONG LONG LONG "\",\"c\":{\"d\":{},\"e\":\"" LONG LONG        \
	"\",\"f\":\"\"}}"

static unsigned calls, failing, held;

static void *test_malloc(size_t size)
{
	void *block = ++calls == failing ? NULL : malloc(size);
	held += block != NULL;
	return block;
}

static void *test_realloc(void *old, size_t size)
{
	void *block = ++calls == failing ? NULL : realloc(old, size);
	held += block && !old;
	return block;
}

static void test_free(void *block)
{
	held -= block != NULL;
	free(block);
}

/* The two that allocate, with allocations that can be told to fail; they stand in for those of the library. */
#define malloc  test_malloc
#define realloc test_realloc
#define free    test_free
#include "../../lib/base/buffer.c"
#include "../../lib/format/json_memory.c"
#undef malloc
#undef realloc
#undef free

/* Reads, and prints what was read, with the n-th allocation failing. The text; NULL: there was no memory. */
static char *round_trip(unsigned n)
{
	calls = 0;
	failing = n;
	json_t *json = json_field_parse(DOCUMENT, sizeof DOCUMENT - 1);
	char *text = json_field_print(json);
	failing = 0;
	return text;
}

int main(void)
{
	json_memory_guard();
	char *text = round_trip(0);
	unsigned most = calls;
	ok(text && strcmp(text, DOCUMENT) == 0 && most > 20, "a document comes back as it was");
	test_free(text);
	bool good = true, kept = true;
	unsigned before = held;
	for (unsigned n = 1; n <= most; n++) {
		text = round_trip(n);
		good = good && !text;
		test_free(text);
		kept = kept && held == before;
	}
	ok(good, "without memory there is none, and not half of one");
	ok(kept, "and what was taken for it is given back");
	json_t *json = json_field_parse("[1]", 3);
	ok(json_array_size(json) == 1, "and then one is read again");
	json_decref(json);
	ok(json_field_parse("{\"a\":1,\"a\":2}", 13) == NULL && held == before,
	   "what is no document leaves nothing behind");
	return tap_end();
}
