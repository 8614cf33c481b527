/*
 * mark.c - finds archives that begin behind foreign bytes, or are read from their end.
 *
 * Called by detect and archive.
 */
#include "scan/mark.h"

#include <string.h>

#define RAR4_MARK      "Rar!\x1a\x07\x00"
#define RAR5_MARK      "Rar!\x1a\x07\x01\x00"
#define SEVEN_ZIP_MARK "7z\xbc\xaf\x27\x1c"

/* A main header of RAR 5 has some numbers and a few records; this is more than any. */
#define RAR5_MAIN_MOST 512u

/* An end record is 22 bytes and a comment of at most 65535; some slack for what was appended to it. */
#define ZIP_END_SIZE   22u
#define ZIP_END_SEARCH (ZIP_END_SIZE + 65535u + 4096u)

uint16_t mark_le16(const uint8_t *data)
{
	return (uint16_t)(data[0] | data[1] << 8);
}

uint32_t mark_le32(const uint8_t *data)
{
	return (uint32_t)mark_le16(data) | (uint32_t)mark_le16(data + 2) << 16;
}

uint64_t mark_le64(const uint8_t *data)
{
	return (uint64_t)mark_le32(data) | (uint64_t)mark_le32(data + 4) << 32;
}

uint16_t mark_be16(const uint8_t *data)
{
	return (uint16_t)(data[0] << 8 | data[1]);
}

uint32_t mark_be32(const uint8_t *data)
{
	return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

uint64_t mark_be64(const uint8_t *data)
{
	return (uint64_t)mark_be32(data) << 32 | mark_be32(data + 4);
}

bool mark_starts(const uint8_t *data, size_t size, size_t offset, const char *bytes, size_t count)
{
	return offset <= size && count <= size - offset && memcmp(data + offset, bytes, count) == 0;
}

bool mark_cd_sector(const uint8_t *data, size_t size, size_t offset)
{
	return MARK_STARTS(data, size, offset, "\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0");
}

size_t mark_cd_step(const uint8_t *data, size_t size)
{
	bool codes = mark_cd_sector(data, size, MARK_CD_WITH_CODES) && !mark_cd_sector(data, size, MARK_CD_SECTOR);
	return codes ? MARK_CD_WITH_CODES : MARK_CD_SECTOR;
}

uint32_t mark_crc32(const uint8_t *data, size_t size)
{
	/* Four bits at a time: it only ever sees headers, but hostile data may hold a mark every few bytes. */
	static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
					   0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
					   0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
	uint32_t crc = 0xffffffffu;
	for (size_t i = 0; i < size; i++) {
		crc = crc >> 4 ^ table[(crc ^ data[i]) & 15];
		crc = crc >> 4 ^ table[(crc ^ data[i] >> 4) & 15];
	}
	return ~crc;
}

static bool rar4_proven(const uint8_t *data, size_t size)
{
	/* the main header: CRC, type 0x73, flags, size, six reserved bytes */
	if (size < 7 + 13 || data[9] != 0x73 || mark_le16(data + 12) < 13)
		return false;
	return mark_le16(data + 7) == (mark_crc32(data + 9, 11) & 0xffff);
}

static bool rar5_proven(const uint8_t *data, size_t size)
{
	/* CRC-32, then the size as a number of 7-bit groups, then the block itself: its type is main or encryption */
	size_t at = 12;
	size_t length = 0;
	for (unsigned shift = 0;; shift += 7) {
		if (at >= size || shift > 14)
			return false;
		length |= (size_t)(data[at] & 0x7f) << shift;
		if (!(data[at++] & 0x80))
			break;
	}
	if (length == 0 || length > size - at || length > RAR5_MAIN_MOST)
		return false;
	return (data[at] == 1 || data[at] == 4) && mark_le32(data + 8) == mark_crc32(data + 12, at + length - 12);
}

static bool seven_zip_proven(const uint8_t *data, size_t size)
{
	return size >= 32 && data[6] == 0 && mark_le32(data + 8) == mark_crc32(data + 12, 20);
}

/* Searched for by that of its bytes which texts have least: every file is asked. */
static size_t mark_find(const uint8_t *data, size_t size, const char *mark, size_t mark_size, size_t rare,
			bool (*proven)(const uint8_t *, size_t))
{
	if (size < mark_size)
		return MARK_NONE;
	if (memcmp(data, mark, mark_size) == 0)
		return 0;
	const uint8_t *at = data + rare, *end = data + size;
	for (; (at = memchr(at, mark[rare], (size_t)(end - at))) != NULL; at++) {
		const uint8_t *start = at - rare;
		if ((size_t)(end - start) >= mark_size && memcmp(start, mark, mark_size) == 0 &&
		    proven(start, (size_t)(end - start)))
			return (size_t)(start - data);
	}
	return MARK_NONE;
}

size_t mark_rar4(const uint8_t *data, size_t size)
{
	return mark_find(data, size, RAR4_MARK, sizeof RAR4_MARK - 1, 4, rar4_proven);
}

size_t mark_rar5(const uint8_t *data, size_t size)
{
	return mark_find(data, size, RAR5_MARK, sizeof RAR5_MARK - 1, 4, rar5_proven);
}

size_t mark_seven_zip(const uint8_t *data, size_t size)
{
	return mark_find(data, size, SEVEN_ZIP_MARK, sizeof SEVEN_ZIP_MARK - 1, 2, seven_zip_proven);
}

size_t mark_blank_line(const uint8_t *data, size_t size)
{
	const uint8_t *end = data + size;
	for (const uint8_t *at = data; size && (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
		if ((end - at > 1 && at[1] == '\n') || (end - at > 2 && at[1] == '\r' && at[2] == '\n'))
			return (size_t)(at - data);
	return MARK_NONE;
}

size_t mark_script(const uint8_t *data, size_t size, const char *mark, size_t offset)
{
	const uint8_t *at = data, *end = data + size;
	if (size < 2 || memcmp(data, "#!", 2) != 0)
		return MARK_NONE;
	while ((at = memmem(at, (size_t)(end - at), mark, strlen(mark))) != NULL) {
		size_t start = (size_t)(at - data) - offset;
		if ((size_t)(at - data) > offset && data[start - 1] == '\n')
			return start;
		at++;
	}
	return MARK_NONE;
}

/* The 64-bit end record, which stands before its locator, which stands before the end record. */
static void zip_end64(const uint8_t *data, size_t record, uint64_t *size, uint64_t *offset, struct mark_zip_end *end,
		      size_t *limit)
{
	if (record < 20 || memcmp(data + record - 20, "PK\6\7", 4) != 0)
		return;
	uint64_t at = mark_le64(data + record - 20 + 8);
	if (at > record - 20 || record - 20 - at < 56 || memcmp(data + at, "PK\6\6", 4) != 0) {
		/* The archive was moved behind something: then it stands right before the locator. */
		if (record < 20 + 56)
			return;
		at = record - 20 - 56;
		if (memcmp(data + at, "PK\6\6", 4) != 0)
			return;
	}
	end->entries = mark_le64(data + at + 32);
	end->volume = mark_le32(data + at + 16) != 0 || mark_le32(data + at + 20) != 0;
	*size = mark_le64(data + at + 40);
	*offset = mark_le64(data + at + 48);
	*limit = (size_t)at;
}

static bool zip_end_at(const uint8_t *data, size_t record, struct mark_zip_end *ret_end)
{
	const uint8_t *bytes = data + record;
	uint64_t size = mark_le32(bytes + 12);
	uint64_t offset = mark_le32(bytes + 16);
	size_t limit = record;
	struct mark_zip_end end = {.record = record, .entries = mark_le16(bytes + 10)};
	uint16_t disk = mark_le16(bytes + 4);
	uint16_t start = mark_le16(bytes + 6);

	/* 0xffff: the number stands in the 64-bit record */
	end.volume = (disk != 0 && disk != 0xffff) || (start != 0 && start != 0xffff);
	zip_end64(data, record, &size, &offset, &end, &limit);
	if (size > limit)
		return false;
	end.directory_size = (size_t)size;
	end.directory = limit - end.directory_size;
	if (size >= 46 && memcmp(data + end.directory, "PK\1\2", 4) != 0) {
		/* Something stands between the directory and the record; then the offset must be right. */
		if (offset > limit || size > limit - offset || memcmp(data + offset, "PK\1\2", 4) != 0)
			return false;
		end.directory = (size_t)offset;
	}
	end.base = offset <= end.directory ? end.directory - (size_t)offset : 0;
	*ret_end = end;
	/* An empty archive has nothing to prove itself with, so it must be all there is; likewise a lone last volume. */
	return size >= 46 || record == 0 || memcmp(data, "PK", 2) == 0;
}

bool mark_zip_end(const uint8_t *data, size_t size, struct mark_zip_end *ret_end)
{
	if (size < ZIP_END_SIZE)
		return false;
	size_t last = size - ZIP_END_SIZE;
	size_t first = last > ZIP_END_SEARCH ? last - ZIP_END_SEARCH : 0;
	for (size_t at = last + 1; at-- > first;)
		if (data[at] == 'P' && memcmp(data + at, "PK\5\6", 4) == 0 && zip_end_at(data, at, ret_end))
			return true;
	return false;
}
