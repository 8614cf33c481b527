/*
 * sign.c - names of volumes and formats.
 */
#include "scan/sign.h"
#include "tap.h"

#include <string.h>

static void test_volumes(void)
{
	static const char *const volumes[] = {"a.7z.001",  "a.zip.002", "A.RAR.010", "b.tar.gz.001", "a.z01",
					      "a.pdf.001", "a.Z99",     "a.r00",     "a.part1.rar",  "A.PART02.RAR"};
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

int main(void)
{
	test_volumes();
	test_formats();
	return tap_end();
}
