/*
 * dmg.c - pieces of a disk image that the engine leaves out are told, and a list that is not there ends the search.
 */
#include "scan/dmg.h"
#include "tap.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLE 204u
#define PIECE 40u

static void put32(uint8_t *at, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static size_t base64(const uint8_t *data, size_t size, char *ret)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t count = 0;
	for (size_t i = 0; i < size; i += 3) {
		uint32_t group = (uint32_t)data[i] << 16 | (uint32_t)(i + 1 < size ? data[i + 1] : 0) << 8 |
				 (i + 2 < size ? data[i + 2] : 0u);
		for (unsigned j = 0; j < 4; j++)
			ret[count++] = letters[group >> (18 - 6 * j) & 63];
	}
	return count;
}

/* An image whose list says `count` pieces and has those of `methods`; `shift`: so far from where the trailer says. */
static const char *look(const uint32_t *methods, size_t there, uint32_t count, size_t shift)
{
	uint8_t table[TABLE + 8 * PIECE] = "mish", *image = calloc(1, 8192);
	if (!image)
		exit(99);
	put32(table + 200, count);
	for (size_t i = 0; i < there; i++)
		put32(table + TABLE + PIECE * i, methods[i]);
	size_t length = (size_t)sprintf((char *)image, "<plist><data>AAAA</data>\n<data>\n");
	length += base64(table, TABLE + there * PIECE, (char *)image + length);
	length += (size_t)sprintf((char *)image + length, "</data>");
	uint8_t *trailer = image + length;
	memcpy(trailer, "koly\0\0\0\4", 8);
	put32(trailer + 220, (uint32_t)shift);
	put32(trailer + 228, (uint32_t)length);
	uint8_t *exact = malloc(length + 512);
	if (!exact)
		exit(99);
	memcpy(exact, image, length + 512);
	const char *text = dmg_unread_method(exact, length + 512);
	for (size_t size = 0; size < length + 512; size += 7)
		(void)dmg_unread_method(exact + length + 512 - size, size);
	free(exact);
	free(image);
	return text;
}

int main(void)
{
	static const uint32_t read[] = {0, 1, 2, 0x80000004, 0x80000005, 0x80000006, 0x7ffffffe, 0xffffffff};
	static const uint32_t lzfse[] = {1, 0x80000007}, lzma[] = {0x80000008, 0xffffffff}, odd[] = {0x1234};
	same(look(read, 8, 8, 0), NULL, "all that the engine reads");
	same(look(lzfse, 2, 2, 0), "LZFSE", "LZFSE behind a piece that is read");
	same(look(lzma, 2, 2, 0), "LZMA", "LZMA");
	same(look(odd, 1, 1, 0), "a method that is not known", "a number of nobody's");
	same(look(lzfse, 2, 1, 0), NULL, "one behind the last piece");
	same(look(lzfse, 2, 0xffffffff, 0), "LZFSE", "more pieces said than are there");
	same(look(lzfse, 2, 2, 1000000), NULL, "a list behind the end");
	same(dmg_unread_method((const uint8_t *)"", 0), NULL, "nothing");
	return tap_end();
}
