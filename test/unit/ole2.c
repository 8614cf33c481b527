/*
 * ole2.c - encrypted documents are told, and damaged files end the search.
 */
#include "scan/ole2.h"
#include "tap.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A file of eight sectors: a table in the first, the root and one stream in the second, its content from the third on. */
#define SIZE 4608u

static void put32(uint8_t *at, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static void entry(uint8_t *at, const char *name, unsigned type, uint32_t first, uint32_t size)
{
	for (size_t i = 0; name[i]; i++)
		at[2 * i] = (uint8_t)name[i];
	at[64] = (uint8_t)(2 * strlen(name) + 2);
	at[66] = (uint8_t)type;
	put32(at + 116, first);
	put32(at + 120, size);
}

static uint8_t *file(const char *name, uint32_t size, const void *content, size_t content_size)
{
	uint8_t *data = calloc(1, SIZE);
	if (!data)
		exit(99);
	memcpy(data, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8);
	data[30] = 9;
	data[32] = 6;
	/* the table: a chain from the third sector on */
	for (uint32_t i = 0; i < 8; i++)
		put32(data + 512 + 4 * i, i < 2 ? UINT32_MAX : i + 1);
	entry(data + 1024, "Root Entry", 5, 2, 4096);
	/* a short stream lies in the small sectors, which begin at the root's */
	entry(data + 1152, name, 2, size < 4096 ? 9 : 3, size);
	memcpy(data + (size < 4096 ? 512 + 512 * 2 + 64 * 9 : 512 + 512 * 3), content, content_size);
	return data;
}

static void check(const char *name, uint32_t size, const void *content, size_t content_size, const char *wanted,
		  const char *what)
{
	uint8_t *data = file(name, size, content, content_size);
	same(ole2_encrypted(data, SIZE), wanted, what);
	/* Cut or bent anywhere, nothing is read behind the end. */
	for (size_t cut = 0; cut < SIZE; cut += 61) {
		uint8_t *part = malloc(cut ? cut : 1);
		if (!part)
			exit(99);
		memcpy(part, data, cut);
		(void)ole2_encrypted(part, cut);
		free(part);
	}
	for (size_t at = 0; at < SIZE; at += 3) {
		uint8_t byte = data[at];
		data[at] = 0xff;
		(void)ole2_encrypted(data, SIZE);
		data[at] = byte;
	}
	free(data);
}

/* A directory in the second sector, small sectors in the third, their table in the last; a stream of 200 bytes that lies in four of those. */
static uint8_t *whole(void)
{
	uint8_t *data = file("Small", 200, "", 0);
	put32(data + 48, 1);
	put32(data + 60, 7);
	for (uint32_t i = 0; i < 8; i++) {
		put32(data + 512 + 4 * i, 0xFFFFFFFE);
		put32(data + 512 + 512 * 7 + 4 * i, i + 1);
	}
	put32(data + 512 + 512 * 7 + 12, 0xFFFFFFFE);
	put32(data + 1024 + 120, 512);
	put32(data + 1152 + 116, 0);
	return data;
}

/* What is said when one number is another. */
static void damaged(size_t at, uint32_t value, const char *wanted, const char *what)
{
	uint8_t *data = whole();
	put32(data + at, value);
	same(ole2_damage(data, SIZE), wanted, what);
	free(data);
}

static void test_damage(void)
{
	static const char cut[] = "cut short: a stream goes on behind its end",
			  missing[] = "the sectors of a stream are missing",
			  circles[] = "its streams share sectors, or run in circles";
	uint8_t *data = whole();
	same(ole2_damage(data, SIZE), NULL, "a file that is whole");
	for (size_t size = 0; size < SIZE; size++) {
		uint8_t *part = malloc(size ? size : 1);
		if (!part)
			exit(99);
		memcpy(part, data, size);
		const char *what = ole2_damage(part, size);
		if (what == NULL && size < SIZE - 512 + 12)
			ok(false, "a file that is cut");
		free(part);
	}
	free(data);
	damaged(48, 70, "cut short: its directory is missing", "the directory behind the end");
	damaged(48, 0xFFFFFFFE, "it has no directory", "none");
	damaged(512 + 4, 70, "cut short: a part of its directory is missing", "a part of it behind the end");
	damaged(512 + 4, 1, circles, "a directory in a circle");
	damaged(1024 + 116, 70, cut, "the small sectors behind the end");
	damaged(1024 + 120, 1024, missing, "fewer than there should be");
	damaged(1024 + 120, 150, missing, "a small sector behind their end");
	damaged(1152 + 116, 9, missing, "another one");
	damaged(1152 + 120, 300, missing, "a chain of small sectors that ends early");
	damaged(1152 + 120, 4096, missing, "a chain of sectors that ends early");
	damaged(60, 0xFFFFFFFE, missing, "no table of small sectors");
	data = whole();
	put32(data + 512 + 4 * 2, 2);
	put32(data + 1152 + 120, 0x7FFFFFFF);
	put32(data + 1152 + 116, 2);
	same(ole2_damage(data, SIZE), circles, "a stream in a circle");
	free(data);
}

#define BYTES(text) text, sizeof(text) - 1

int main(void)
{
	test_damage();
	check("EncryptedPackage", 5000, "", 0, "office document", "an envelope");
	check("EncryptedPackages", 5000, "", 0, NULL, "a longer name");
	check("WordDocument", 5000, BYTES("\xec\xa5\xc1\0\0\0\0\0\0\0\0\1"), "Word document", "Word");
	check("WordDocument", 5000, BYTES("\xec\xa5\xc1\0\0\0\0\0\0\0\xff\xfe"), NULL, "Word with all other flags");
	check("WordDocument", 5000, BYTES("words words words"), NULL, "no document of Word");
	check("Workbook", 5000, BYTES("\x09\x08\x02\0\0\6\x86\0\0\0\x2f\0\0\0"), "Excel workbook", "Excel");
	check("Workbook", 3000, BYTES("\x09\x08\x02\0\0\6\x2f\0\0\0"), "Excel workbook", "Excel in small sectors");
	check("Workbook", 5000, BYTES("\x09\x08\x02\0\0\6\x42\0\2\0\xb0\4\0\0"), NULL, "Excel in the clear");
	check("Workbook", 5000, BYTES("\x2f\0\0\0"), NULL, "no workbook");
	check("Current User", 40, BYTES("\0\0\xf6\x0f\0\0\0\0\0\0\0\0\xdf\xc4\xd1\xf3"), "PowerPoint presentation",
	      "PowerPoint");
	check("Current User", 40, BYTES("\0\0\xf6\x0f\0\0\0\0\0\0\0\0\x5f\xc0\x91\xe3"), NULL,
	      "PowerPoint in the clear");
	uint8_t *data = file("EncryptedPackage", 5000, "", 0);
	memmove(data + 1154, data + 1152, 128);
	same(ole2_encrypted(data, SIZE), NULL, "the words in the middle of something else");
	free(data);
	same(ole2_encrypted((const uint8_t *)"", 0), NULL, "nothing");
	data = file("Other", 5000, "", 0);
	ok(ole2_end(data, SIZE) == SIZE, "the end of a file whose last sector is used");
	put32(data + 512 + 4 * 7, UINT32_MAX);
	put32(data + 512 + 4 * 6, UINT32_MAX);
	ok(ole2_end(data, SIZE) == SIZE - 1024, "and of one whose last two are free");
	ok(ole2_end(data, 100) == 100, "and of one that is cut");
	free(data);
	/* A chain that bites its tail is left in time. */
	data = file("Current User", 40, "", 0);
	put32(data + 512 + 4 * 2, 2);
	put32(data + 1152 + 116, 0x7fffffff);
	same(ole2_encrypted(data, SIZE), NULL, "a chain without an end");
	free(data);
	return tap_end();
}
