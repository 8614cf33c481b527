/*
 * stamp.c - a message that is passed on: forged fields go, ours come, and every byte of the body stays; whatever pieces it comes in.
 */
#include "fuzz.h"
#include "mutator.h"

#include "base/buffer.h"
#include "format/stamp.h"

#include <stdbool.h>
#include <string.h>

#define FIELD "X-CSAPI-Status: clean\n"

static int on_bytes(void *context, const void *data, size_t size)
{
	return buffer_append(context, data, size);
}

/* Through it in pieces of `step` bytes. */
static void pass(const uint8_t *data, size_t size, bool crlf, size_t step, struct buffer *ret)
{
	struct stamp stamp;
	const struct stamp_options options = {
		.prefix = "X-CSAPI-", .fields = FIELD, .crlf = crlf, .sink = on_bytes, .context = ret};
	buffer_init(ret, size + 4096);
	stamp_begin(&stamp, &options);
	for (size_t at = 0; at < size; at += step)
		PROMISE(stamp_feed(&stamp, data + at, size - at < step ? size - at : step) == 0);
	PROMISE(stamp_end(&stamp) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer whole, pieces;
	const uint8_t *line = memchr(data, '\n', size);
	bool crlf = line && line > data && line[-1] == '\r';
	pass(data, size, crlf, size ? size : 1, &whole);
	pass(data, size, crlf, 1 + size % 7, &pieces);
	PROMISE(whole.size == pieces.size && (!whole.size || memcmp(whole.data, pieces.data, whole.size) == 0));
	PROMISE(whole.size <= size + strlen(FIELD) + 4);
	PROMISE(memmem(whole.data, whole.size, FIELD, strlen(FIELD)) != NULL);
	/* What follows the first blank line that is one for whoever reads all its lines alike is the body. */
	const char *blank = crlf ? "\r\n\r\n" : "\n\n";
	const uint8_t *end = memmem(data, size, blank, strlen(blank));
	if (end) {
		size_t body = size - (size_t)(end - data) - strlen(blank);
		PROMISE(whole.size >= body && memcmp(whole.data + whole.size - body, data + size - body, body) == 0);
	}
	buffer_free(&whole);
	buffer_free(&pieces);
	return 0;
}

FUZZ_MUTATOR(mutate_lines)
