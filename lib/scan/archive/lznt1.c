/*
 * lznt1.c - chunks of 4 KiB, each packed by itself; see lznt1.h.
 */
#include "scan/archive/lznt1.h"

#include "scan/mark.h"

#include <string.h>

#define CHUNK 4096u

/* Bytes that came before, again: how many of the 16 bits say how far back depends on how much of the chunk there is. */
static bool copy(uint16_t token, uint8_t *chunk, size_t *done, size_t most)
{
	unsigned bits = 4;
	while (bits < 12 && *done > (size_t)1 << bits)
		bits++;
	size_t back = (size_t)(token >> (16 - bits)) + 1, count = (size_t)(token & ((1u << (16 - bits)) - 1)) + 3;
	if (back > *done || count > most - *done)
		return false;
	for (size_t i = 0; i < count; i++, ++*done)
		chunk[*done] = chunk[*done - back];
	return true;
}

static bool chunk_undo(const uint8_t *data, size_t size, uint8_t *ret, size_t most)
{
	size_t at = 0, done = 0;
	while (at < size) {
		unsigned flags = data[at++];
		for (unsigned i = 0; i < 8 && at < size; i++, flags >>= 1) {
			if (!(flags & 1)) {
				if (done == most)
					return false;
				ret[done++] = data[at++];
				continue;
			}
			if (size - at < 2 || !copy(mark_le16(data + at), ret, &done, most))
				return false;
			at += 2;
		}
	}
	return true;
}

bool lznt1_undo(const uint8_t *data, size_t size, uint8_t *ret, size_t ret_size)
{
	memset(ret, 0, ret_size);
	for (size_t at = 0, to = 0; size - at >= 2; to += CHUNK) {
		uint16_t head = mark_le16(data + at);
		size_t length = (size_t)(head & 0x0fff) + 1;
		if (!head)
			break;
		at += 2;
		if (length > size - at || to >= ret_size)
			return false;
		size_t most = ret_size - to < CHUNK ? ret_size - to : CHUNK;
		if (head & 0x8000 ? !chunk_undo(data + at, length, ret + to, most) : length > most)
			return false;
		if (!(head & 0x8000))
			memcpy(ret + to, data + at, length);
		at += length;
	}
	return true;
}
