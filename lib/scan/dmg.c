/*
 * dmg.c - methods in an Apple disk image; see dmg.h.
 *
 * Such an image ends in a trailer that tells where a property list stands, in which there is, as base64, a table of pieces for each partition.
 * Refuses a list that is not where the trailer says: of that the engine speaks. Called by node.c.
 */
#include "scan/dmg.h"

#include "scan/mark.h"
#include "scan/transfer.h"

#include <string.h>

/* Bytes of the trailer, and where in it offset and length of the list stand. */
#define TRAILER     512u
#define LIST_OFFSET 216u
#define LIST_LENGTH 224u
/* Bytes of a table before its pieces, where in it their number stands, and bytes of each of them, which begins with its method. */
#define TABLE_HEAD  204u
#define TABLE_COUNT 200u
#define PIECE       40u

static const char *method_text(uint32_t method)
{
	switch (method) {
	case 0:          /* zeros */
	case 1:          /* as it is */
	case 2:          /* left out */
	case 0x80000004: /* ADC */
	case 0x80000005: /* Deflate */
	case 0x80000006: /* bzip2 */
	case 0x7ffffffe: /* a remark */
	case 0xffffffff: /* the end */
		return NULL;
	case 0x80000007:
		return "LZFSE";
	case 0x80000008:
		return "LZMA";
	default:
		return "a method that is not known";
	}
}

static const char *table_read(const uint8_t *table, size_t size)
{
	const char *text = NULL;
	if (size < TABLE_HEAD || memcmp(table, "mish", 4) != 0)
		return NULL;
	uint32_t count = mark_be32(table + TABLE_COUNT);
	for (size_t at = TABLE_HEAD; !text && count-- && size - at >= PIECE; at += PIECE)
		text = method_text(mark_be32(table + at));
	return text;
}

static const char *table_decode(const uint8_t *encoded, size_t size)
{
	struct buffer buffer;
	transfer_look(TRANSFER_BASE64, encoded, size, &buffer);
	const char *text = table_read(buffer.data, buffer.size);
	buffer_free(&buffer);
	return text;
}

const char *dmg_unread_method(const uint8_t *data, size_t size)
{
	static const char begin[] = "<data>", end[] = "</data>";
	const char *text = NULL;
	if (size < TRAILER || memcmp(data + size - TRAILER, "koly", 4) != 0)
		return NULL;
	uint64_t offset = mark_be64(data + size - TRAILER + LIST_OFFSET);
	uint64_t length = mark_be64(data + size - TRAILER + LIST_LENGTH);
	if (offset > size || length > size - offset)
		return NULL;
	const uint8_t *at = data + offset, *stop = at + length, *next;
	while (!text && (at = memmem(at, (size_t)(stop - at), begin, sizeof begin - 1))) {
		at += sizeof begin - 1;
		next = memmem(at, (size_t)(stop - at), end, sizeof end - 1);
		if (!next)
			break;
		text = table_decode(at, (size_t)(next - at));
		at = next;
	}
	return text;
}
