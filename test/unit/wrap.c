/*
 * wrap.c - plain containers around bytes: what is put in comes out again.
 */
#include "scan/wrap.h"
#include "scan/archive.h"
#include "scan/mime.h"
#include "tap.h"

#include <string.h>

struct came {
	const uint8_t *data;
	size_t size;
	char name[256];
	unsigned count, codes;
	bool same;
};

static int on_member(void *context, const struct archive_member *member)
{
	struct came *came = context;
	came->count++;
	came->codes += member->code_count;
	came->same = member->size == came->size && memcmp(member->data, came->data, came->size) == 0;
	(void)strncpy(came->name, member->name, sizeof came->name - 1);
	return 0;
}

static int on_next(void *context, const char *name)
{
	(void)context, (void)name;
	return 0;
}

static int on_code(void *context, enum scan_code code, const char *text)
{
	(void)code, (void)text;
	((struct came *)context)->codes++;
	return 0;
}

static int on_evasion(void *context, enum evasion evasion, const char *text)
{
	(void)evasion, (void)text;
	((struct came *)context)->codes++;
	return 0;
}

static int on_part(void *context, const struct mime_part *part)
{
	struct came *came = context;
	came->count++;
	came->codes += part->code_count;
	came->same = part->size == came->size && memcmp(part->data, came->data, came->size) == 0;
	(void)strncpy(came->name, part->name ? part->name : "", sizeof came->name - 1);
	return 0;
}

static struct budget no_budget(void)
{
	struct limits limits;
	struct budget budget;
	limits_defaults(&limits);
	budget_init(&budget, &limits);
	return budget;
}

static void test_zip(const uint8_t *data, size_t size, const char *name, const char *what)
{
	struct came came = {.data = data, .size = size};
	const struct archive_visitor visitor = {on_member, on_code, on_evasion, on_next, NULL, NULL, NULL, &came};
	struct budget budget = no_budget();
	struct buffer buffer;
	ok(wrap_zip(data, size, name, &buffer) == 0, what);
	(void)archive_walk(DETECT_ZIP, buffer.data, buffer.size, &budget, &visitor);
	ok(came.count == 1 && came.codes == 0 && came.same && strcmp(came.name, name) == 0, "comes out of the archive");
	buffer_free(&buffer);
}

static void test_mail(const uint8_t *data, size_t size, const char *name, const char *expected)
{
	struct came came = {.data = data, .size = size};
	const struct mime_visitor visitor = {on_part, on_code, on_evasion, &came};
	struct budget budget = no_budget();
	struct buffer buffer;
	ok(wrap_mail(data, size, name, &buffer) == 0, expected);
	(void)mime_walk(buffer.data, buffer.size, 0, &budget, &visitor);
	ok(came.count == 1 && came.codes == 0 && came.same && strcmp(came.name, expected) == 0,
	   "comes out of the mail");
	buffer_free(&buffer);
}

int main(void)
{
	static uint8_t data[10000];
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * 7 + i / 256);
	ok(mime_start() == 0, "start");
	test_zip(data, 1, "a", "one byte");
	test_zip(data, sizeof data, "dir/name with blanks.bin", "ten thousand bytes");
	/* All remainders of the groups and lines of base64. */
	for (size_t size = 55; size < 62; size++)
		test_mail(data, size, "a.bin", "a.bin");
	test_mail(data, sizeof data, "a\"b\r\nX-Field: c", "a_b__X-Field: c");
	return tap_end();
}
