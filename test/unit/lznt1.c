/*
 * lznt1.c - chunks of NTFS come out as they went in, and hostile ones stay within their room.
 */
#include "scan/archive/lznt1.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

/* In heap blocks of just those sizes, so that the sanitizer sees every byte read or written behind them. */
static bool undo(const uint8_t *data, size_t size, char *ret, size_t ret_size)
{
	uint8_t *packed = malloc(size ? size : 1), *plain = malloc(ret_size ? ret_size : 1);
	if (!packed || !plain)
		exit(99);
	memcpy(packed, data, size);
	bool good = lznt1_undo(packed, size, plain, ret_size);
	if (ret)
		memcpy(ret, plain, ret_size);
	free(packed);
	free(plain);
	return good;
}

/* The example of the specification ([MS-XCA], 3.3), without its last letters. */
static const uint8_t example[] =
	"\x38\xb0\x88\x46\x23\x20\x00\x20\x47\x20\x41\x00\x10\xa2\x47\x01\xa0\x45\x20\x44\x00\x08\x45\x01"
	"\x50\x79\x00\xc0\x45\x20\x05\x24\x13\x88\x05\xb4\x02\x4a\x44\xef\x03\x58\x02\x8c\x09\x16\x01\x48\x45"
	"\x00\xbe\x00\x9e\x00\x04\x01\x18\x90\x00";
static const char example_text[] = "F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D D E E "
				   "F# D E F# G F# D E F# G F# E D E A F# F# G A A G F# E D D E F# E D D";

int main(void)
{
	static char room[8192];
	ok(undo(example, sizeof example - 1, room, sizeof example_text) && strcmp(room, example_text) == 0,
	   "the example of the specification");
	ok(undo(BYTES("\4\x30Hello"), room, 8) && memcmp(room, "Hello\0\0\0", 8) == 0, "a chunk that is not packed");
	ok(undo(BYTES("\0\x30H\0\x30i"), room, 4097) && room[0] == 'H' && room[4096] == 'i', "each chunk is of 4 KiB");
	ok(undo(BYTES("\0\0garbage"), room, 4) && memcmp(room, "\0\0\0\0", 4) == 0, "an end");
	ok(!undo(BYTES("\0\x30H\0\x30i"), room, 4096), "more than there is room for");
	ok(!undo(BYTES("\4\x30Hell"), room, 8), "a chunk that is cut");
	ok(!undo(BYTES("\2\xb0\1\0\0"), room, 8), "a copy of what does not come before");
	ok(!undo(BYTES("\3\xb0\2a\xff\x0f"), room, 8), "a copy that is too long");
	unsigned good = 0;
	uint32_t seed = 3;
	for (int round = 0; round < 20000; round++) {
		uint8_t noise[60];
		for (size_t i = 0; i < sizeof noise; i++) {
			seed = seed * 1664525u + 1013904223u;
			noise[i] = (uint8_t)(seed >> 24);
		}
		noise[1] = (uint8_t)(0xb0 | (noise[1] & 1));
		good += undo(noise, (size_t)round % sizeof noise, NULL, (size_t)round % 5000);
	}
	okf(good > 0 && good < 20000, "20000 pieces of noise, of which %u are something", good);
	return tap_end();
}
