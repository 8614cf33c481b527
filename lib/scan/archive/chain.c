/*
 * chain.c - follows the headers of an ar or cpio archive, or of a Zstandard stream, from one to the next, without a library.
 *
 * libarchive searches for the next header where none stands, and takes a header that is cut short for the end, both in
 * silence; of a Zstandard stream with anything behind it, it gives nothing. Judges nothing else: what the library complains of is left to it. Called by walk.
 */
#include "scan/archive/walk.h"

#include "scan/mark.h"

#include <string.h>

#define AR_HEADER   60u
#define NEWC_HEADER 110u
#define ODC_HEADER  76u

/* Digits of a field in the given base; what is no digit ends it. */
static uint64_t digits(const uint8_t *field, size_t size, unsigned base)
{
	uint64_t value = 0;
	for (size_t i = 0; i < size; i++) {
		unsigned digit = field[i] >= '0' && field[i] <= '9'   ? field[i] - (unsigned)'0'
				 : field[i] >= 'a' && field[i] <= 'f' ? field[i] - (unsigned)'a' + 10
				 : field[i] >= 'A' && field[i] <= 'F' ? field[i] - (unsigned)'A' + 10
								      : base;
		if (digit >= base)
			break;
		value = value * base + digit;
	}
	return value;
}

static bool ar_is_whole(const uint8_t *data, size_t size)
{
	size_t at = 8;
	while (size - at >= AR_HEADER) {
		uint64_t length = digits(data + at + 48, 10, 10);
		length += length & 1;
		if (memcmp(data + at + 58, "`\n", 2) != 0 || length > size - at - AR_HEADER)
			return true; /* that is said by the library */
		at += AR_HEADER + (size_t)length;
	}
	while (at < size && (data[at] == '\n' || data[at] == 0))
		at++;
	return at == size;
}

/* Length of the member at `data` with its header and padding; 0 if it is the last one or goes beyond the end. */
static size_t cpio_member(const uint8_t *data, size_t size, bool newc)
{
	size_t header = newc ? NEWC_HEADER : ODC_HEADER;
	uint64_t name = newc ? digits(data + 94, 8, 16) : digits(data + 59, 6, 8);
	uint64_t length = newc ? digits(data + 54, 8, 16) : digits(data + 65, 11, 8);
	uint64_t mask = newc ? 3 : 0;
	uint64_t whole = ((header + name + mask) & ~mask) + ((length + mask) & ~mask);
	bool last = name == sizeof "TRAILER!!!" && size - header >= name &&
		    memcmp(data + header, "TRAILER!!!", sizeof "TRAILER!!!") == 0;
	return last || whole > size ? 0 : (size_t)whole;
}

static bool cpio_is_whole(const uint8_t *data, size_t size, bool newc)
{
	size_t header = newc ? NEWC_HEADER : ODC_HEADER;
	size_t at = 0;
	while (size - at >= header) {
		/* The two new forms may follow each other. */
		bool mark = newc ? memcmp(data + at, "07070", 5) == 0 && (data[at + 5] == '1' || data[at + 5] == '2')
				 : memcmp(data + at, "070707", 6) == 0;
		if (!mark)
			return false;
		size_t length = cpio_member(data + at, size - at, newc);
		if (!length)
			break;
		at += length;
	}
	return true;
}

bool chain_is_whole(const struct walk *walk)
{
	if (walk->format == DETECT_AR && walk->size >= 8)
		return ar_is_whole(walk->data, walk->size);
	if (walk->format != DETECT_CPIO || walk->size < 6 || memcmp(walk->data, "07070", 5) != 0)
		return true;
	if (walk->data[5] == '1' || walk->data[5] == '2')
		return cpio_is_whole(walk->data, walk->size, true);
	return walk->data[5] != '7' || cpio_is_whole(walk->data, walk->size, false);
}

/* Behind a block of a frame (RFC 8878, 3.1.1.2) and all after it; 0: one is cut short, or of no known type. */
static size_t zstd_blocks_end(const uint8_t *data, size_t size, size_t at)
{
	for (bool last = false; !last;) {
		if (at > size || size - at < 3)
			return 0;
		uint32_t head = mark_le16(data + at) | (uint32_t)data[at + 2] << 16;
		unsigned type = head >> 1 & 3;
		size_t length = type == 1 ? 1u : head >> 3;
		if (type == 3 || length > size - at - 3)
			return 0;
		last = head & 1;
		at += 3 + length;
	}
	return at;
}

/* Behind a frame, or a frame that is to be passed over (RFC 8878, 3.1.1 and 3.1.2); 0: there is no whole one. */
static size_t zstd_frame_end(const uint8_t *data, size_t size)
{
	static const uint8_t dictionary[] = {0, 1, 2, 4}, content[] = {0, 2, 4, 8};
	if (size >= 8 && (mark_le32(data) & 0xfffffff0) == 0x184d2a50)
		return mark_le32(data + 4) <= size - 8 ? 8 + (size_t)mark_le32(data + 4) : 0;
	if (size < 5 || mark_le32(data) != 0xfd2fb528)
		return 0;
	bool single = data[4] & 0x20, checked = data[4] & 4;
	size_t head = 5u + dictionary[data[4] & 3] + content[data[4] >> 6];
	head += !single || !content[data[4] >> 6]; /* the size of the window, or a small content's own */
	size_t end = zstd_blocks_end(data, size, head);
	if (!end || !checked)
		return end;
	return size - end >= 4 ? end + 4 : 0;
}

size_t chain_zstd_end(const uint8_t *data, size_t size)
{
	size_t at = 0, length;
	while ((length = zstd_frame_end(data + at, size - at)) > 0)
		at += length;
	return at;
}
