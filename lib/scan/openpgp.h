/*
 * openpgp.h - the packets of OpenPGP (RFC 4880 and RFC 9580), and the armour that mail puts around them.
 *
 * A message that is only signed or compressed hides nothing from a mail program that knows OpenPGP, so it is a container like another;
 * one that is encrypted is locked. No signature is checked. Called by detect, mime and the archive reader of that name.
 */
#ifndef CSAPI_SCAN_OPENPGP_H
#define CSAPI_SCAN_OPENPGP_H

#include "base/buffer.h"
#include "scan/budget.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPENPGP_ARMOUR "-----BEGIN PGP MESSAGE-----"

enum openpgp_tag {
	OPENPGP_KEY_FOR = 1,
	OPENPGP_SIGNATURE = 2,
	OPENPGP_KEY_BY = 3,
	OPENPGP_ONE_PASS = 4,
	OPENPGP_COMPRESSED = 8,
	OPENPGP_ENCRYPTED = 9,
	OPENPGP_MARKER = 10,
	OPENPGP_LITERAL = 11,
	OPENPGP_SEALED = 18,
	OPENPGP_AEAD = 20,
};

enum openpgp_kind {
	OPENPGP_NONE,   /* no message, as far as can be told */
	OPENPGP_LOCKED, /* encrypted, or armour around what cannot be read */
	OPENPGP_OPEN,   /* signed or compressed or neither */
};

/* A packet, or one piece of its body. */
struct openpgp_packet {
	unsigned tag;
	size_t at, size; /* of the piece, in the data; never behind its end */
	bool partial;    /* another piece follows */
	bool cut;        /* it is declared longer than the data are */
};

/* Reads the head of the packet at `at`. False: none begins there. */
bool openpgp_packet(const uint8_t *data, size_t size, size_t at, struct openpgp_packet *ret);
/* Moves on to the next piece of the body. False: that was the last one; the next packet begins behind it. */
bool openpgp_piece(const uint8_t *data, size_t size, struct openpgp_packet *packet);

/* What the data are; armour counts where it stands first. */
enum openpgp_kind openpgp_kind(const uint8_t *data, size_t size);
/* Does armour stand first? */
bool openpgp_is_armour(const uint8_t *data, size_t size);
/* The bytes in the armour, charged to a part of `budget`; the caller frees them in any case. The code of a limit, or SCAN_CODE_NONE. */
enum scan_code openpgp_undress(const uint8_t *data, size_t size, struct budget *budget, struct buffer *ret_buffer);

#endif
