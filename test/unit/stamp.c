/*
 * stamp.c - fields are put in, forged ones go, all else stays: whole, and byte by byte.
 */
#include "format/stamp.h"

#include "base/buffer.h"
#include "test/unit/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int collect(void *context, const void *data, size_t size)
{
	return buffer_append(context, data, size);
}

static int refuse(void *context, const void *data, size_t size)
{
	(void)context, (void)data, (void)size;
	return -EPIPE;
}

/* What comes out, given in pieces of `step` bytes. Caller frees. */
static char *pass(const char *message, size_t size, bool crlf, size_t step)
{
	struct buffer out;
	buffer_init(&out, 1 << 20);
	struct stamp stamp;
	struct stamp_options options = {.prefix = "X-CSAPI-",
					.fields = crlf ? "X-CSAPI-Status: S\r\n" : "X-CSAPI-Status: S\n",
					.crlf = crlf,
					.sink = collect,
					.context = &out};
	stamp_begin(&stamp, &options);
	for (size_t at = 0; at < size; at += step)
		if (stamp_feed(&stamp, message + at, size - at < step ? size - at : step))
			abort();
	if (stamp_end(&stamp) || buffer_append(&out, "", 1))
		abort();
	return (char *)buffer_take(&out, NULL);
}

static void test_pass(const char *what, const char *message, bool crlf, const char *expected)
{
	for (size_t step = 1; step < 4; step++) {
		char *out = pass(message, strlen(message), crlf, step == 3 ? 1000 : step);
		okf(strcmp(out, expected) == 0, "%s, step %zu", what, step);
		if (strcmp(out, expected) != 0)
			printf("# %s\n", out);
		free(out);
	}
}

#define S  "X-CSAPI-Status: S\n"
#define SR "X-CSAPI-Status: S\r\n"

static void test_plain(void)
{
	test_pass("an empty message", "", false, S);
	test_pass("a header and a body", "To: a\n\nbody\n", false, S "To: a\n\nbody\n");
	test_pass("CRLF", "To: a\r\n\r\nbody", true, SR "To: a\r\n\r\nbody");
	test_pass("no header", "\nbody", false, S "\nbody");
	test_pass("no end of the header", "To: a", false, S "To: a");
	test_pass("a From line", "From a Thu\nTo: a\n\nb", false, "From a Thu\n" S "To: a\n\nb");
	test_pass("a From line and CRLF", "From a\r\nTo: a\r\n\r\n", true, "From a\r\n" SR "To: a\r\n\r\n");
	test_pass("nothing but a From line without an end", "From a", false, "From a\n" S);
	test_pass("nearly a From line", "From: a\n\n", false, S "From: a\n\n");
	test_pass("the beginning of a From line", "Fro", false, S "Fro");
	test_pass("the beginning of a name", "X-CSA", false, S "X-CSA");
	test_pass("nearly a name", "X-CSAP: a\nX-CSAPI: b\n\n", false, S "X-CSAP: a\nX-CSAPI: b\n\n");
}

static void test_forged(void)
{
	test_pass("a forged field", "X-CSAPI-Status: clean\nTo: a\n\nb", false, S "To: a\n\nb");
	test_pass("the last one", "To: a\nx-csapi-INFO : b\n\nb", false, S "To: a\n\nb");
	test_pass("folded", "To: a\nX-CSAPI-Info: b\n c\n\td\nCc: e\n\nb", false, S "To: a\nCc: e\n\nb");
	test_pass("several", "X-CSAPI-A: 1\nX-CSAPI-B: 2\nX-CSAPI-C: 3\n\n", false, S "\n");
	test_pass("after a From line", "From a\nX-CSAPI-A: 1\nTo: a\n\n", false, "From a\n" S "To: a\n\n");
	test_pass("CRLF", "X-CSAPI-A: 1\r\n c\r\nTo: a\r\n\r\nX-CSAPI-A: 1", true, SR "To: a\r\n\r\nX-CSAPI-A: 1");
	test_pass("in the body it stays", "To: a\n\nX-CSAPI-Status: clean\n", false,
		  S "To: a\n\nX-CSAPI-Status: clean\n");
	test_pass("without an end", "To: a\nX-CSAPI-Status: clean", false, S "To: a\n");
	test_pass("after a line that is no field", "To: a\ngarbage\nX-CSAPI-Status: clean\n\nb", false,
		  S "To: a\ngarbage\n\nb");
	test_pass("a blank line in its folds ends the header", "X-CSAPI-A: 1\n\n b\n", false, S "\n b\n");
}

static void test_mixed(void)
{
	test_pass("behind a CR", "To: a\rX-CSAPI-A: 1\nCc: b\n\nb", false, S "To: a\r\nCc: b\n\nb");
	test_pass("behind a CR, folded", "To: a\rX-CSAPI-A: 1\r\n c\r\nCc: b\r\n\r\nb", true,
		  SR "To: a\r\r\nCc: b\r\n\r\nb");
	test_pass("ended by a CR", "X-CSAPI-A: 1\rTo: a\n\n", false, S "To: a\n\n");
	test_pass("an empty line that ends in CRLF among LF does not end the header",
		  "To: a\n\r\nX-CSAPI-A: 1\n\nX-CSAPI-A: 2\n", false, S "To: a\n\r\n\nX-CSAPI-A: 2\n");
	test_pass("nor the other way round", "To: a\r\n\nX-CSAPI-A: 1\r\n\r\nX-CSAPI-A: 2\n", true,
		  SR "To: a\r\n\n\r\nX-CSAPI-A: 2\n");
	test_pass("CR only", "To: a\rX-CSAPI-A: 1\rCc: b\r\rbody\r", false, S "To: a\rCc: b\r\rbody\r");
}

static void test_large(void)
{
	size_t size = 3 * STAMP_ROOM;
	char *message = malloc(size);
	if (!message)
		abort();
	memset(message, 'a', size);
	memcpy(message, "To: b\n\n", 7);
	char *out = pass(message, size, false, 1000);
	ok(memcmp(out + strlen(S), message, size) == 0, "a body larger than the room");
	free(out);
	memset(message, 'a', size);
	out = pass(message, size, false, size);
	ok(memcmp(out + strlen(S), message, size) == 0, "a header larger than the room");
	free(out);
	struct stamp stamp;
	struct stamp_options options = {.prefix = "X-CSAPI-", .fields = S, .sink = refuse};
	stamp_begin(&stamp, &options);
	int error = stamp_feed(&stamp, message, size);
	ok((error ? error : stamp_end(&stamp)) == -EPIPE, "the sink's error comes back");
	free(message);
}

int main(void)
{
	test_plain();
	test_forged();
	test_mixed();
	test_large();
	return tap_end();
}
