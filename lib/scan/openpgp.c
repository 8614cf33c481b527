/* openpgp.c - packets and armour of OpenPGP; see openpgp.h. Refuses to guess: what could be any bytes is no message. */
#include "scan/openpgp.h"

#include "scan/mark.h"
#include "scan/transfer.h"

#include <string.h>

#define PARTIAL_FIRST 224u
/* Packets in front of the content that are looked at. */
#define PACKETS_MOST 64u

/* A length of the new form at `at` (RFC 9580, 4.2.1). Bytes it takes; 0: it is not there. */
static size_t length_read(const uint8_t *data, size_t size, size_t at, size_t *ret_length, bool *ret_partial)
{
	size_t left = size - at;
	uint8_t first = left ? data[at] : 0;
	*ret_partial = left && first >= PARTIAL_FIRST && first < 255;
	if (left && first < 192) {
		*ret_length = first;
		return 1;
	}
	if (*ret_partial) {
		*ret_length = (size_t)1 << (first & 0x1f);
		return 1;
	}
	if (left >= 2 && first < PARTIAL_FIRST) {
		*ret_length = (size_t)(first - 192) * 256 + data[at + 1] + 192;
		return 2;
	}
	if (left < 5)
		return 0;
	*ret_length = mark_be32(data + at + 1);
	return 5;
}

static void settle(struct openpgp_packet *packet, size_t size, size_t at, size_t length)
{
	packet->at = at;
	packet->cut = length > size - at;
	packet->size = packet->cut ? size - at : length;
	packet->partial &= !packet->cut;
}

bool openpgp_packet(const uint8_t *data, size_t size, size_t at, struct openpgp_packet *ret)
{
	*ret = (struct openpgp_packet){0};
	if (at >= size || !(data[at] & 0x80))
		return false;
	size_t length = 0, used;
	if (data[at] & 0x40) {
		ret->tag = data[at] & 0x3f;
		used = length_read(data, size, at + 1, &length, &ret->partial);
		if (!used)
			return false;
	} else {
		ret->tag = data[at] >> 2 & 0xf;
		used = (size_t)1 << (data[at] & 3);
		if (used == 8) {
			used = 0; /* up to the end */
			length = size - at - 1;
		} else if (used > size - at - 1) {
			return false;
		}
		for (size_t i = 0; i < used; i++)
			length = length << 8 | data[at + 1 + i];
	}
	settle(ret, size, at + 1 + used, length);
	return ret->tag != 0;
}

bool openpgp_piece(const uint8_t *data, size_t size, struct openpgp_packet *packet)
{
	size_t length, at = packet->at + packet->size;
	if (!packet->partial)
		return false;
	size_t used = length_read(data, size, at, &length, &packet->partial);
	if (!used) {
		packet->cut = true;
		packet->partial = false;
		return false;
	}
	settle(packet, size, at + used, length);
	return true;
}

/* Behind all its pieces. */
static size_t packet_end(const uint8_t *data, size_t size, struct openpgp_packet packet)
{
	while (openpgp_piece(data, size, &packet))
		;
	return packet.at + packet.size;
}

/* Bits of a DEFLATE stream (RFC 1951, 3.1.1), of which the first few bytes are enough. */
static unsigned bits(const uint8_t *data, unsigned at, unsigned count)
{
	unsigned value = 0;
	for (unsigned i = 0; i < count; i++)
		value |= (unsigned)(data[(at + i) / 8] >> (at + i) % 8 & 1) << i;
	return value;
}

/* Do the lengths of a block's first code fill it just up? Those of chance do not. */
static bool code_is_whole(const uint8_t *data)
{
	unsigned count = bits(data, 13, 4) + 4, sum = 0;
	for (unsigned i = 0; i < count; i++) {
		unsigned length = bits(data, 17 + 3 * i, 3);
		sum += length ? 128u >> length : 0;
	}
	return sum == 128 && bits(data, 3, 5) <= 29 && bits(data, 8, 5) <= 29;
}

/* DEFLATE has no mark: does a block begin that can hold packets? */
static bool is_deflate(const uint8_t *data, size_t size)
{
	if (size < 10)
		return false;
	switch (bits(data, 1, 2)) {
	case 0: /* stored: the length, and its complement */
		return (data[1] ^ data[3]) == 0xff && (data[2] ^ data[4]) == 0xff && (data[5] & 0x80);
	case 1: { /* the fixed code: nine bits for a byte that begins a packet */
		unsigned code = 0;
		for (unsigned i = 0; i < 9; i++)
			code = code << 1 | bits(data, 3 + i, 1);
		return code >= 0x190;
	}
	case 2:
		return code_is_whole(data);
	default:
		return false;
	}
}

/* A byte for the method, and what its streams begin with. */
static bool is_compressed(const uint8_t *body, size_t size)
{
	if (size < 8)
		return false;
	switch (body[0]) {
	case 0:
		return body[1] & 0x80;
	case 1:
		return is_deflate(body + 1, size - 1);
	case 2:
		return (body[1] & 0xf) == 8 && (body[1] << 8 | body[2]) % 31 == 0;
	case 3:
		return memcmp(body + 1, "BZh", 3) == 0;
	default:
		return false;
	}
}

/* A letter for the kind, a name with its length, and a date. */
static bool is_literal(const uint8_t *body, size_t size)
{
	if (size < 6 || !memchr("btuml1", body[0], 6) || body[1] > size - 6)
		return false;
	for (size_t i = 0; i < body[1]; i++)
		if (body[2 + i] < ' ' || body[2 + i] == 0x7f)
			return false;
	return true;
}

/* Can this packet begin or go on a message that is not encrypted, and be nothing else? */
static bool is_open(const uint8_t *data, const struct openpgp_packet *packet)
{
	const uint8_t *body = data + packet->at;
	switch (packet->tag) {
	case OPENPGP_COMPRESSED:
		return is_compressed(body, packet->size);
	case OPENPGP_LITERAL:
		return is_literal(body, packet->size);
	case OPENPGP_ONE_PASS:
		return packet->size >= 13 && !packet->partial && !packet->cut && (body[0] == 3 || body[0] == 6);
	case OPENPGP_SIGNATURE:
		return packet->size >= 10 && !packet->partial && !packet->cut && body[0] >= 3 && body[0] <= 6;
	case OPENPGP_MARKER:
		return packet->size == 3 && memcmp(body, "PGP", 3) == 0;
	default:
		return false;
	}
}

static bool is_locked(const uint8_t *data, const struct openpgp_packet *packet)
{
	uint8_t version = packet->size ? data[packet->at] : 0;
	if (packet->partial || packet->cut)
		return false;
	return (packet->tag == OPENPGP_KEY_FOR && (version == 3 || version == 6)) ||
	       (packet->tag == OPENPGP_KEY_BY && version >= 4 && version <= 6);
}

static bool is_content(unsigned tag)
{
	return tag == OPENPGP_COMPRESSED || tag == OPENPGP_LITERAL;
}

static bool is_sealed(unsigned tag)
{
	return tag == OPENPGP_ENCRYPTED || tag == OPENPGP_SEALED || tag == OPENPGP_AEAD;
}

/* Content goes up to the end of the data, or to the signature on it. */
static bool is_last(const uint8_t *data, size_t size, size_t end)
{
	struct openpgp_packet packet;
	if (end == size)
		return true;
	return openpgp_packet(data, size, end, &packet) && packet.tag == OPENPGP_SIGNATURE && is_open(data, &packet);
}

/* Of bytes without armour: packets in front, and then content; a signature alone has none. */
static enum openpgp_kind packets_kind(const uint8_t *data, size_t size)
{
	struct openpgp_packet packet;
	size_t at = 0;
	bool key = false;
	for (unsigned i = 0; i < PACKETS_MOST && openpgp_packet(data, size, at, &packet); i++) {
		size_t end = packet_end(data, size, packet);
		if (key && is_sealed(packet.tag))
			return OPENPGP_LOCKED;
		if (is_locked(data, &packet))
			key = true;
		else if (!is_open(data, &packet))
			return OPENPGP_NONE;
		else if (is_content(packet.tag))
			return is_last(data, size, end) ? OPENPGP_OPEN : OPENPGP_NONE;
		at = end;
	}
	return OPENPGP_NONE;
}

bool openpgp_is_armour(const uint8_t *data, size_t size)
{
	return size > strlen(OPENPGP_ARMOUR) && memcmp(data, OPENPGP_ARMOUR, strlen(OPENPGP_ARMOUR)) == 0;
}

static size_t line_next(const uint8_t *data, size_t size, size_t at)
{
	const uint8_t *end = memchr(data + at, '\n', size - at);
	return end ? (size_t)(end - data) + 1 : size;
}

/* Is there nothing but blanks in the line? */
static bool line_is_blank(const uint8_t *data, size_t at, size_t end)
{
	for (; at < end; at++)
		if (!memchr(" \t\r\n", data[at], 4))
			return false;
	return true;
}

/* Fields up to a blank line, base64, a check sum behind an equals sign. Without a blank line there are no fields. */
static void armour_body(const uint8_t *data, size_t size, size_t *ret_start, size_t *ret_size)
{
	size_t first = line_next(data, size, 0), at = first, next;
	while (at < size && !line_is_blank(data, at, next = line_next(data, size, at)))
		if (memmem(data + at, next - at, ": ", 2) == NULL)
			break;
		else
			at = next;
	if (at < size && line_is_blank(data, at, line_next(data, size, at)))
		at = line_next(data, size, at);
	*ret_start = at;
	while (at < size && data[at] != '-' && data[at] != '=')
		at = line_next(data, size, at);
	*ret_size = at - *ret_start;
}

enum scan_code openpgp_undress(const uint8_t *data, size_t size, struct budget *budget, struct buffer *ret_buffer)
{
	size_t start, length;
	armour_body(data, size, &start, &length);
	budget_part(budget);
	return transfer_decode(TRANSFER_BASE64, data + start, length, budget, ret_buffer);
}

enum openpgp_kind openpgp_kind(const uint8_t *data, size_t size)
{
	if (!openpgp_is_armour(data, size))
		return packets_kind(data, size);
	/* Nobody opens a second one behind it. */
	size_t mark = strlen(OPENPGP_ARMOUR);
	if (memmem(data + mark, size - mark, OPENPGP_ARMOUR, mark))
		return OPENPGP_LOCKED;
	struct limits limits;
	struct budget budget;
	struct buffer buffer;
	/* A budget of its own: these bytes are no part of the message yet. */
	limits_defaults(&limits);
	budget_init(&budget, &limits);
	(void)openpgp_undress(data, size, &budget, &buffer);
	bool open = buffer.size && packets_kind(buffer.data, buffer.size) == OPENPGP_OPEN;
	buffer_free(&buffer);
	return open ? OPENPGP_OPEN : OPENPGP_LOCKED;
}
