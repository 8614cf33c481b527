/*
 * binhex.c - BinHex 4.0 (RFC 1741): a text between two colons that holds a name, a data fork and a resource fork.
 *
 * libclamav opens it in a mail only where a header field declares it. Every text between colons that follows its line of
 * introduction, or stands at the begin, is read; the forks become members. Called by walk.
 */
#include "scan/archive/walk.h"

#include "scan/mark.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define INTRODUCTION "(This file must be converted with BinHex"
/* The header: length and name, then version, type, creator, flags, two lengths and a check (RFC 1741, 4). */
#define NAME_MOST   63u
#define FIELDS_SIZE 21u
#define DATA_LENGTH 11u
#define FORK_LENGTH 15u
#define CHECK_SIZE  2u
#define REPEAT      0x90
#define STEP        4096u

/* The bytes that the text stands for, one by one. */
struct decoder {
	const uint8_t *data;
	size_t size, at;
	unsigned bits, count; /* not yet given out */
	uint8_t last;         /* the byte that a repetition repeats */
	unsigned repeat;
	bool ended; /* by a colon, a foreign character or the end of the data */
};

static int sextet(uint8_t byte)
{
	static const char alphabet[] = "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr";
	const char *found = byte ? strchr(alphabet, byte) : NULL;
	return found ? (int)(found - alphabet) : -1;
}

static int plain_byte(struct decoder *decoder)
{
	while (decoder->count < 8) {
		while (decoder->at < decoder->size && isspace(decoder->data[decoder->at]))
			decoder->at++;
		int value = decoder->at < decoder->size ? sextet(decoder->data[decoder->at]) : -1;
		if (value < 0) {
			decoder->ended = true;
			return -1;
		}
		decoder->at++;
		decoder->bits = decoder->bits << 6 | (unsigned)value;
		decoder->count += 6;
	}
	decoder->count -= 8;
	return (int)(decoder->bits >> decoder->count & 0xff);
}

/* The next byte, repetitions undone; -1: there is none. */
static int next_byte(struct decoder *decoder)
{
	if (decoder->repeat) {
		decoder->repeat--;
		return decoder->last;
	}
	int byte = plain_byte(decoder);
	if (byte != REPEAT) {
		decoder->last = (uint8_t)byte;
		return byte;
	}
	int count = plain_byte(decoder);
	if (count < 0)
		return -1;
	if (count == 0)
		return decoder->last = REPEAT;
	/* The byte stood there once already. */
	decoder->repeat = count > 1 ? (unsigned)count - 2 : 0;
	return count > 1 ? decoder->last : next_byte(decoder);
}

static bool take(struct decoder *decoder, uint8_t *ret, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		int byte = next_byte(decoder);
		if (byte < 0)
			return false;
		ret[i] = (uint8_t)byte;
	}
	return true;
}

/* One fork with the check behind it. */
static void fork_walk(struct walk *walk, struct decoder *decoder, const char *name, uint32_t length)
{
	struct member member;
	uint8_t bytes[STEP];
	if (!length || !member_begin(walk, &member, name, strlen(name), false))
		return;
	uint32_t left = length;
	bool more = true;
	while (left && more && !decoder->ended) {
		size_t want = left < STEP ? left : STEP, got = 0;
		int byte = 0;
		while (got < want && (byte = next_byte(decoder)) >= 0)
			bytes[got++] = (uint8_t)byte;
		more = member_append(walk, &member, bytes, got);
		left -= (uint32_t)got;
	}
	if (left && more)
		member_code(&member, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "cut short: %lu of %lu bytes",
			    (unsigned long)(length - left), (unsigned long)length);
	member_end(walk, &member);
}

/* Behind a colon. False: this is no BinHex. */
static bool file_walk(struct walk *walk, struct decoder *decoder)
{
	uint8_t length, fields[FIELDS_SIZE], check[CHECK_SIZE];
	char name[NAME_MOST + sizeof "/rsrc"] = "";
	if (!take(decoder, &length, 1) || !length || length > NAME_MOST || !take(decoder, (uint8_t *)name, length) ||
	    !take(decoder, fields, sizeof fields) || fields[0] != 0)
		return false;
	fork_walk(walk, decoder, name, mark_be32(fields + DATA_LENGTH));
	if (!walk->over && take(decoder, check, sizeof check)) {
		strcat(name, "/rsrc");
		fork_walk(walk, decoder, name, mark_be32(fields + FORK_LENGTH));
	}
	return true;
}

/* The first colon of a file from `from` on that begins a line; `size`: there is none. */
static size_t colon_find(const uint8_t *data, size_t size, size_t from)
{
	for (size_t at = from; at < size; at++) {
		const uint8_t *colon = memchr(data + at, ':', size - at);
		if (!colon)
			return size;
		at = (size_t)(colon - data);
		if (at == 0 || data[at - 1] == '\n' || data[at - 1] == '\r')
			return at;
	}
	return size;
}

void binhex_walk(struct walk *walk)
{
	size_t at = 0;
	while (!walk->over && (at = colon_find(walk->data, walk->size, at)) < walk->size) {
		struct decoder decoder = {.data = walk->data, .size = walk->size, .at = at + 1};
		bool is = file_walk(walk, &decoder);
		at = is ? decoder.at + 1 : at + 1;
	}
	if (!walk->over && !walk->entries)
		walk_code(walk, DEC_RESULT_OPEN_CONTAINER_FAILED, "nothing could be taken out of it");
}
