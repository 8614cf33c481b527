/*
 * apple.c - AppleSingle, AppleDouble (RFC 1740) and MacBinary: a file of a Macintosh with its two forks in one.
 *
 * Mail programs of that world take the forks out; the rest of the world sees a head in front of the file. The forks become
 * members. Called by walk.
 */
#include "scan/archive/walk.h"

#include "scan/mark.h"

#include <string.h>

/* AppleSingle: mark, version, filler, number of entries; then id, offset and length of each (RFC 1740, appendix A). */
#define SINGLE_HEAD  26u
#define SINGLE_ENTRY 12u
#define ENTRY_DATA   1u
#define ENTRY_FORK   2u
#define ENTRY_NAME   3u
/* MacBinary: a head of 128 bytes, and forks that are filled up to such blocks. */
#define BLOCK       128u
#define NAME_MOST   63u
#define DATA_LENGTH 83u
#define FORK_LENGTH 87u

static void give(struct walk *walk, const char *name, size_t name_size, uint64_t offset, uint64_t length)
{
	struct member member;
	size_t left = offset < walk->size ? walk->size - (size_t)offset : 0;
	if (!length || walk->over || !member_begin(walk, &member, name, strnlen(name, name_size), false))
		return;
	bool whole = member_append(walk, &member, walk->data + (left ? offset : 0), length < left ? length : left);
	if (whole && length > left)
		member_code(&member, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "cut short: %zu of %lu bytes", left,
			    (unsigned long)length);
	member_end(walk, &member);
}

void applesingle_walk(struct walk *walk)
{
	size_t count = walk->size < SINGLE_HEAD ? 0 : (size_t)walk->data[24] << 8 | walk->data[25], name_size = 0;
	const char *name = "";
	for (size_t pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < count && SINGLE_HEAD + (i + 1) * SINGLE_ENTRY <= walk->size; i++) {
			const uint8_t *entry = walk->data + SINGLE_HEAD + i * SINGLE_ENTRY;
			uint32_t id = mark_be32(entry), offset = mark_be32(entry + 4), length = mark_be32(entry + 8);
			/* The name first, wherever it stands. */
			if (pass == 0 && id == ENTRY_NAME && offset < walk->size && length <= walk->size - offset) {
				name = (const char *)walk->data + offset;
				name_size = length;
			} else if (pass == 1 && id == ENTRY_DATA) {
				give(walk, name, name_size, offset, length);
			} else if (pass == 1 && id == ENTRY_FORK) {
				give(walk, "rsrc", sizeof "rsrc", offset, length);
			}
		}
	if (SINGLE_HEAD + count * SINGLE_ENTRY > walk->size)
		walk_code(walk, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "cut short in its entries");
}

void macbinary_walk(struct walk *walk)
{
	uint32_t data = mark_be32(walk->data + DATA_LENGTH), fork = mark_be32(walk->data + FORK_LENGTH);
	give(walk, (const char *)walk->data + 2, walk->data[1] < NAME_MOST ? walk->data[1] : NAME_MOST, BLOCK, data);
	give(walk, "rsrc", sizeof "rsrc", BLOCK + ((uint64_t)data + BLOCK - 1) / BLOCK * BLOCK, fork);
}
