/*
 * sign.c - names of volumes and formats, TNEF with and without attachments.
 */
#include "scan/sign.h"
#include "tap.h"

#include <string.h>

static void test_volumes(void)
{
	static const char *const volumes[] = {"a.7z.001", "a.zip.002", "A.RAR.010",   "b.tar.gz.001", "a.z01",
					      "a.Z99",    "a.r00",     "a.part1.rar", "A.PART02.RAR"};
	static const char *const others[] = {"report.001", "a.7z",      "a.7z.0001", "a.7z.01", ".001",
					     "a.zip.txt",  "a.r1",      "a.zoo",     "001",     "",
					     "a.part.rar", "part1.rar", "a.m4a",     "a.rar",   "a.d01"};
	for (size_t i = 0; i < sizeof volumes / sizeof *volumes; i++)
		ok(sign_of_volume(volumes[i]), volumes[i]);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		ok(!sign_of_volume(others[i]), others[i]);
	ok(!sign_of_volume(NULL), "no name");
}

static void test_formats(void)
{
	same(sign_of_format("a.tar.br"), "Brotli stream", "Brotli by its name");
	same(sign_of_format("A.SITX"), "StuffIt X archive", "whatever the case");
	same(sign_of_format("a.br.txt"), NULL, "another ending");
	same(sign_of_format("br"), NULL, "no ending");
	same(sign_of_format(NULL), NULL, "no name");
}

/* Signature and key, then one attribute of four bytes. */
static size_t tnef(uint8_t *data, uint8_t level, uint16_t id)
{
	static const uint8_t start[] = {0x78, 0x9f, 0x3e, 0x22, 1, 0};
	memset(data, 0, 64);
	memcpy(data, start, sizeof start);
	data[6] = level;
	data[7] = (uint8_t)id;
	data[8] = (uint8_t)(id >> 8);
	data[11] = 4;
	return 6 + 9 + 4 + 2;
}

static void test_tnef(void)
{
	uint8_t data[64];
	size_t size = tnef(data, 1, 0x8004);
	ok(!sign_of_tnef_attachment(data, size), "a text only");
	ok(sign_of_tnef_attachment(data, size - 1), "cut in an attribute: nobody knows");
	ok(sign_of_tnef_attachment(data, size + 3), "cut in a header: nobody knows");
	size = tnef(data, 2, 0x800F);
	ok(sign_of_tnef_attachment(data, size), "an attachment");
	size = tnef(data, 1, 0x8004);
	data[14] = 0xFF;
	ok(sign_of_tnef_attachment(data, size), "a size beyond the end: nobody knows");
}

int main(void)
{
	test_volumes();
	test_formats();
	test_tnef();
	return tap_end();
}
