/*
 * openpgp.c - OpenPGP messages that are signed or compressed: their content. Refuses what is encrypted. Called by walk.
 *
 * What a compressed packet holds is a member of its own, with packets in it again; so the limits for depth hold.
 */
#include "scan/archive/walk.h"

#include "scan/openpgp.h"

#include <string.h>

/* The body of a packet from its byte `skip` on, whatever pieces it comes in; moves behind the last one. */
static void body_append(struct walk *walk, struct member *member, const uint8_t *data, size_t size,
			struct openpgp_packet *packet, size_t skip)
{
	do {
		size_t less = skip < packet->size ? skip : packet->size;
		(void)member_append(walk, member, data + packet->at + less, packet->size - less);
		skip -= less;
	} while (openpgp_piece(data, size, packet));
	if (packet->cut)
		member_code(member, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "cut short after %zu bytes",
			    member->bytes.size);
}

static void literal_walk(struct walk *walk, const uint8_t *data, size_t size, struct openpgp_packet *packet)
{
	struct member member;
	const char *name = (const char *)data + packet->at + 2;
	size_t head = packet->size >= 6 ? 6u + data[packet->at + 1] : SIZE_MAX;
	if (head > packet->size)
		walk_code(walk, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "a literal packet without its head");
	else if (member_begin(walk, &member, name, head - 6, true)) {
		body_append(walk, &member, data, size, packet, head);
		member_end(walk, &member);
	}
}

static void compressed_walk(struct walk *walk, const uint8_t *data, size_t size, struct openpgp_packet *packet)
{
	static const enum stream_method methods[] = {STREAM_STORED, STREAM_DEFLATE, STREAM_ZLIB, STREAM_BZIP2};
	struct member member;
	uint8_t method = packet->size ? data[packet->at] : UINT8_MAX;
	if (method >= sizeof methods / sizeof *methods)
		walk_code(walk, DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM, "compressed by method %u", method);
	else if (member_begin(walk, &member, "", 0, true)) {
		body_append(walk, &member, data, size, packet, 1);
		if (!walk->over)
			stream_undo(walk, &member, methods[method]);
		member_end(walk, &member);
	}
}

/* Packets up to the first one that encrypts. */
static void packets_walk(struct walk *walk, const uint8_t *data, size_t size)
{
	struct openpgp_packet packet;
	size_t at = 0;
	while (!walk->over && openpgp_packet(data, size, at, &packet)) {
		switch (packet.tag) {
		case OPENPGP_KEY_FOR:
		case OPENPGP_KEY_BY:
		case OPENPGP_ENCRYPTED:
		case OPENPGP_SEALED:
		case OPENPGP_AEAD:
			walk_code(walk, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, "OpenPGP message");
			return;
		case OPENPGP_COMPRESSED:
			compressed_walk(walk, data, size, &packet);
			break;
		case OPENPGP_LITERAL:
			literal_walk(walk, data, size, &packet);
			break;
		default:
			break;
		}
		while (openpgp_piece(data, size, &packet))
			;
		at = packet.at + packet.size;
	}
	if (!walk->over && at < size)
		walk_code(walk, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "no packet begins at byte %zu of %zu", at,
			  size);
}

void openpgp_walk(struct walk *walk)
{
	if (openpgp_kind(walk->data, walk->size) != OPENPGP_OPEN) {
		walk_code(walk, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, "OpenPGP message");
		return;
	}
	if (!openpgp_is_armour(walk->data, walk->size)) {
		packets_walk(walk, walk->data, walk->size);
		return;
	}
	struct buffer buffer;
	enum scan_code code = openpgp_undress(walk->data, walk->size, walk->budget, &buffer);
	if (code)
		walk_code(walk, code, "in armour");
	if (buffer.size)
		packets_walk(walk, buffer.data, buffer.size);
	buffer_free(&buffer);
}
