/*
 * chain.c - follows the headers of an ar or cpio archive from one to the next, without a library.
 *
 * libarchive searches for the next header where none stands, and takes a header that is cut short for the end, both in
 * silence. Judges nothing else: what the library complains of is left to it. Called by walk.
 */
#include "scan/archive/walk.h"

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
