/*
 * tnef.c - TNEF, Outlook's winmail.dat ([MS-OXTNEF]): attributes, some of which hold MAPI properties ([MS-OXCDATA]).
 *
 * libclamav takes out attachments that an attribute of their own carries; what only a property carries (the file, an
 * embedded message, the body as HTML or as compressed RTF) is found here too. Compressed RTF by itself lies in files of Outlook (.msg). Check sums are not checked: mail programs do
 * not. Called by walk.
 */
#include "scan/archive/walk.h"

#include "scan/mark.h"

#include <stdio.h>
#include <string.h>

#define START       6u /* signature and key */
#define HEADER_SIZE 9u /* level, id, size */
#define CHECK_SIZE  2u

/* Attributes, without their type (2.1.3.2). */
#define ATTACH_DATA  0x800Fu
#define ATTACH_TITLE 0x8010u
#define ATTACHMENT   0x9005u
#define PROPERTIES   0x9003u
#define BODY         0x800Cu

/* Property types and ids. */
#define TYPE_MULTIPLE 0x1000u
#define TYPE_BINARY   0x0102u
#define TYPE_OBJECT   0x000Du
#define TYPE_STRING   0x001Eu
#define TYPE_UNICODE  0x001Fu
#define PR_ATTACH     0x3701u
#define PR_RTF        0x1009u
#define PR_HTML       0x1013u
#define PR_TEXT       0x1000u
#define NAMED         0x8000u
#define GUID_SIZE     16u
/* Values of one property; a message has a few. */
#define VALUES_MOST 1024u

/* What is left of a structure. A failed read leaves it empty. */
struct cursor {
	const uint8_t *data;
	size_t size;
	bool broken; /* something did not fit */
};

static const uint8_t *cursor_take(struct cursor *cursor, size_t size)
{
	if (cursor->size < size) {
		cursor->broken = true;
		cursor->size = 0;
		return NULL;
	}
	const uint8_t *data = cursor->data;
	cursor->data += size;
	cursor->size -= size;
	return data;
}

static uint32_t cursor_u32(struct cursor *cursor)
{
	const uint8_t *data = cursor_take(cursor, 4);
	return data ? mark_le32(data) : 0;
}

static void give(struct walk *walk, const char *name, size_t name_size, const uint8_t *data, size_t size, bool cut)
{
	struct member member;
	if (!member_begin(walk, &member, name, strnlen(name, name_size), false))
		return;
	bool whole = member_append(walk, &member, data, size);
	if (whole && cut)
		member_code(&member, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "cut short after %zu bytes", size);
	member_end(walk, &member);
}

/* The dictionary that compressed RTF begins with ([MS-OXRTFCP], 2.1.2.1). */
static const char dictionary[] =
	"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
	"\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
	"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
#define WINDOW 4096u

/* Runs of eight items each: letters, and references into the last 4096 bytes. */
static void rtf_expand(struct walk *walk, struct member *member, struct cursor *cursor)
{
	uint8_t window[WINDOW] = {0}, out[8 * 18];
	unsigned at = sizeof dictionary - 1;
	memcpy(window, dictionary, at);
	bool more = true;
	while (more && cursor->size) {
		unsigned flags = *cursor_take(cursor, 1), count = 0;
		for (unsigned i = 0; i < 8 && more; i++) {
			const uint8_t *item = cursor_take(cursor, flags >> i & 1 ? 2 : 1);
			if (!item) {
				more = false;
				break;
			}
			unsigned from = (unsigned)item[0] << 4 | (flags >> i & 1 ? item[1] >> 4 : 0);
			unsigned length = flags >> i & 1 ? (item[1] & 15u) + 2 : 1;
			/* A reference to the place where the next byte will stand is the end. */
			if (flags >> i & 1 && from == at % WINDOW) {
				more = false;
				break;
			}
			for (unsigned k = 0; k < length; k++) {
				uint8_t byte = flags >> i & 1 ? window[(from + k) % WINDOW] : item[0];
				window[at++ % WINDOW] = byte;
				out[count++] = byte;
			}
		}
		more = member_append(walk, member, out, count) && more;
	}
}

static void give_rtf(struct walk *walk, const uint8_t *data, size_t size)
{
	struct cursor cursor = {data, size, false};
	struct member member;
	(void)cursor_u32(&cursor); /* sizes lie */
	(void)cursor_u32(&cursor);
	uint32_t kind = cursor_u32(&cursor);
	(void)cursor_u32(&cursor);
	if (cursor.broken || !member_begin(walk, &member, "body.rtf", strlen("body.rtf"), false))
		return;
	if (kind == 0x75465A4C) /* "LZFu"; else "MELA", as it is */
		rtf_expand(walk, &member, &cursor);
	else
		member_append(walk, &member, cursor.data, cursor.size);
	member_end(walk, &member);
}

void lzfu_walk(struct walk *walk)
{
	give_rtf(walk, walk->data, walk->size);
}

static void give_value(struct walk *walk, unsigned type, unsigned id, const uint8_t *data, size_t size)
{
	if (id == PR_ATTACH && type == TYPE_OBJECT && size > GUID_SIZE)
		give(walk, "object", sizeof "object", data + GUID_SIZE, size - GUID_SIZE, false);
	else if (id == PR_ATTACH && size)
		give(walk, "", 0, data, size, false);
	else if (id == PR_RTF && size)
		give_rtf(walk, data, size);
	else if (id == PR_HTML && size)
		give(walk, "body.html", sizeof "body.html", data, size, false);
	else if (id == PR_TEXT && size)
		give(walk, "body.txt", sizeof "body.txt", data, size, false);
}

/* Bytes of a value whose type has a fixed size; 0: it has none, or nobody knows. */
static size_t fixed_size(unsigned type)
{
	switch (type & ~TYPE_MULTIPLE) {
	case 0x0002: /* 16 bits, padded */
	case 0x0003:
	case 0x0004:
	case 0x000A:
	case 0x000B:
		return 4;
	case 0x0005:
	case 0x0006:
	case 0x0007:
	case 0x0014:
	case 0x0040:
		return 8;
	case 0x0048:
		return GUID_SIZE;
	default:
		return 0;
	}
}

/* The name of a property that has no number of its own: a set, and a number or a text. */
static void pass_name(struct cursor *cursor)
{
	(void)cursor_take(cursor, GUID_SIZE);
	if (cursor_u32(cursor) == 0) {
		(void)cursor_u32(cursor);
		return;
	}
	uint32_t length = cursor_u32(cursor);
	(void)cursor_take(cursor, ((size_t)length + 3) / 4 * 4);
}

/* One property. False: the rest cannot be read. */
static bool property_walk(struct walk *walk, struct cursor *cursor)
{
	const uint8_t *head = cursor_take(cursor, 4);
	if (!head)
		return false;
	unsigned type = mark_le16(head), id = mark_le16(head + 2), plain = type & ~TYPE_MULTIPLE;
	if (id >= NAMED)
		pass_name(cursor);
	bool counted = plain == TYPE_BINARY || plain == TYPE_OBJECT || plain == TYPE_STRING || plain == TYPE_UNICODE;
	uint32_t values = counted || type & TYPE_MULTIPLE ? cursor_u32(cursor) : 1;
	if (values > VALUES_MOST || (!counted && !fixed_size(type)))
		return false;
	for (uint32_t i = 0; i < values && !walk->over && !cursor->broken; i++) {
		size_t size = counted ? cursor_u32(cursor) : fixed_size(type);
		/* The last padding is left out by some. */
		size_t padded = (size + 3) / 4 * 4 <= cursor->size ? (size + 3) / 4 * 4 : size;
		const uint8_t *data = cursor_take(cursor, padded);
		if (data && counted)
			give_value(walk, plain, id, data, size);
	}
	return !cursor->broken;
}

static void properties_walk(struct walk *walk, const uint8_t *data, size_t size)
{
	struct cursor cursor = {data, size, false};
	uint32_t count = cursor_u32(&cursor);
	bool more = true;
	for (uint32_t i = 0; i < count && more && cursor.size && !walk->over; i++)
		more = property_walk(walk, &cursor);
	if (!more && !walk->over)
		walk_code(walk, DEC_RESULT_MALFORMED_CONTAINER_DETECTED,
			  "MAPI properties that cannot be read to their end");
}

/* The title of the attachment whose data stand at `at`: it comes behind them, or before. */
static const uint8_t *title_find(const struct walk *walk, size_t from, const uint8_t *before, size_t *size)
{
	if (from + HEADER_SIZE <= walk->size && mark_le16(walk->data + from + 1) == ATTACH_TITLE) {
		size_t length = mark_le32(walk->data + from + 5);
		if (!before && length <= walk->size - from - HEADER_SIZE) {
			*size = length;
			return walk->data + from + HEADER_SIZE;
		}
	}
	return before;
}

void tnef_walk(struct walk *walk)
{
	const uint8_t *title = NULL;
	size_t title_size = 0, at = START;
	bool cut = false;
	while (!walk->over && !cut && at < walk->size && walk->size - at >= HEADER_SIZE) {
		unsigned id = mark_le16(walk->data + at + 1);
		size_t length = mark_le32(walk->data + at + 5), left = walk->size - at - HEADER_SIZE;
		const uint8_t *data = walk->data + at + HEADER_SIZE;
		cut = length > left;
		length = cut ? left : length;
		size_t next = at + HEADER_SIZE + length + CHECK_SIZE;
		if (id == ATTACH_TITLE) {
			title = data;
			title_size = length;
		} else if (id == ATTACH_DATA) {
			title = title_find(walk, next, title, &title_size);
			give(walk, title ? (const char *)title : "", title ? title_size : 0, data, length, cut);
			title = NULL;
		} else if (id == ATTACHMENT || id == PROPERTIES) {
			properties_walk(walk, data, length);
		} else if (id == BODY) {
			give(walk, "body.txt", sizeof "body.txt", data, length, cut);
		}
		at = next;
	}
	if (!walk->over && (cut || (at < walk->size && walk->size - at < HEADER_SIZE && walk->size - at > 0)))
		walk_code(walk, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "cut short in an attribute");
}
