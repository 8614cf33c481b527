/*
 * cms.c - CMS and PKCS #7 (RFC 5652, RFC 3274) as S/MIME uses them: the content of what is signed, digested, authenticated or compressed.
 *
 * Opaque signed mail hides its parts in here, and mail programs show them. Signatures are not checked and certificates not
 * looked at; what is encrypted is said to be. Reads BER, for indefinite lengths and octets in pieces are common. Called by
 * walk.
 */
#include "scan/archive/walk.h"

#include <string.h>

#define TAG_OID      0x06
#define TAG_INTEGER  0x02
#define TAG_SET      0x31
#define TAG_SEQUENCE 0x30
#define TAG_OCTETS   0x04
#define TAG_PIECES   0x24 /* octets, constructed */
#define TAG_CONTENT  0xA0 /* [0], constructed */
#define TAG_DIGEST   0xA1 /* [1], constructed */
#define CONSTRUCTED  0x20
/* Structures in each other that are followed. */
#define LEVELS_MOST 16u

struct element {
	uint8_t tag;
	const uint8_t *data; /* of its value */
	size_t size;         /* with an indefinite length: all that is left */
	bool indefinite;
	const uint8_t *next; /* behind it; NULL with an indefinite length */
};

struct reader {
	const uint8_t *data, *end;
	bool cut; /* an element is longer than what is left */
};

/* Reads the head of an element, and moves behind the head. False: there is none. */
static bool head_read(struct reader *reader, struct element *ret)
{
	size_t left = (size_t)(reader->end - reader->data);
	if (left < 2 || (reader->data[0] & 0x1f) == 0x1f)
		return false;
	const uint8_t *at = reader->data;
	size_t bytes = at[1] & 0x80 ? at[1] & 0x7fu : 0, length = at[1];
	if (bytes > sizeof length || bytes + 2 > left)
		return false;
	*ret = (struct element){.tag = at[0], .indefinite = at[1] == 0x80};
	at += 2;
	if (bytes)
		length = 0;
	for (size_t i = 0; i < bytes; i++)
		length = length << 8 | *at++;
	left = (size_t)(reader->end - at);
	ret->data = at;
	reader->cut |= !ret->indefinite && length > left;
	ret->size = ret->indefinite || length > left ? left : length;
	ret->next = ret->indefinite ? NULL : at + ret->size;
	reader->data = at;
	return true;
}

static bool is_end(const struct reader *reader)
{
	return reader->end - reader->data >= 2 && reader->data[0] == 0 && reader->data[1] == 0;
}

/* Behind an element whose head was read. False: it cannot be passed over. */
static bool pass(struct reader *reader, const struct element *element)
{
	unsigned open = 0;
	if (!element->indefinite) {
		reader->data = element->next;
		return true;
	}
	for (;;) {
		struct element inner;
		if (is_end(reader)) {
			reader->data += 2;
			if (open-- == 0)
				return true;
		} else if (!head_read(reader, &inner)) {
			return false;
		} else if (inner.indefinite) {
			open++;
		} else {
			reader->data = inner.next;
		}
	}
}

/* Goes into the next element, if it is a `tag`. */
static bool enter(struct reader *reader, uint8_t tag)
{
	struct element element;
	if (reader->data == reader->end || *reader->data != tag || !head_read(reader, &element))
		return false;
	if (!element.indefinite)
		reader->end = element.next;
	return true;
}

static bool pass_one(struct reader *reader, uint8_t tag)
{
	struct element element;
	return reader->data < reader->end && *reader->data == tag && head_read(reader, &element) &&
	       pass(reader, &element);
}

/* Appends octets, and those in the pieces that they may come in. */
static bool octets_take(struct walk *walk, struct member *member, struct reader *reader, unsigned level)
{
	struct element element;
	if (level > LEVELS_MOST || !head_read(reader, &element))
		return false;
	if (element.tag == TAG_OCTETS && !element.indefinite) {
		reader->data = element.next;
		return member_append(walk, member, element.data, element.size);
	}
	if (element.tag != TAG_PIECES)
		return false;
	struct reader inner = {element.data, element.data + element.size, false};
	while (inner.data < inner.end && !is_end(&inner))
		if (!octets_take(walk, member, &inner, level + 1))
			break;
	reader->cut |= inner.cut || (element.indefinite && !is_end(&inner));
	reader->data = inner.data;
	return true;
}

/* EncapsulatedContentInfo (RFC 5652, 5.2), which begins as ContentInfo does: a type, and the content unless it is elsewhere. */
static void content_walk(struct walk *walk, struct reader *reader, bool packed)
{
	struct member member;
	if (!enter(reader, TAG_SEQUENCE) || !pass_one(reader, TAG_OID)) {
		walk_code(walk, DEC_RESULT_OPEN_CONTAINER_FAILED, "its content was not found");
		return;
	}
	/* A detached signature. */
	if (!enter(reader, TAG_CONTENT) || !member_begin(walk, &member, "", 0, true))
		return;
	bool taken = octets_take(walk, &member, reader, 0);
	/* PKCS #7 1.5 allows anything here, not only octets. */
	if (!taken && member.bytes.size == 0 && !member.full)
		member_append(walk, &member, reader->data, (size_t)(reader->end - reader->data));
	if (reader->cut)
		member_code(&member, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "cut short after %zu bytes",
			    member.bytes.size);
	if (packed && !walk->over)
		stream_undo(walk, &member, STREAM_ZLIB);
	member_end(walk, &member);
}

enum kind { OTHER, DATA, SIGNED, DIGESTED, AUTHENTICATED, COMPRESSED, SEALED };

/* By the last number of its type (RFC 5652, 4 to 9; RFC 3274; RFC 5083). */
static enum kind kind_read(const struct element *oid)
{
	static const uint8_t pkcs7[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07};
	static const uint8_t smime[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01};
	static const enum kind old[] = {OTHER, DATA, SIGNED, SEALED, SEALED, DIGESTED, SEALED};
	if (oid->size == sizeof pkcs7 + 1 && memcmp(oid->data, pkcs7, sizeof pkcs7) == 0)
		return oid->data[sizeof pkcs7] < sizeof old / sizeof *old ? old[oid->data[sizeof pkcs7]] : OTHER;
	if (oid->size != sizeof smime + 1 || memcmp(oid->data, smime, sizeof smime) != 0)
		return OTHER;
	uint8_t number = oid->data[sizeof smime];
	return number == 2 ? AUTHENTICATED : number == 9 ? COMPRESSED : number == 23 ? SEALED : OTHER;
}

/* Behind what stands before the content: the version, algorithms, and for whom it is. */
static bool pass_head(struct reader *reader, enum kind kind)
{
	if (!enter(reader, TAG_CONTENT) || !enter(reader, TAG_SEQUENCE) || !pass_one(reader, TAG_INTEGER))
		return false;
	if (kind != AUTHENTICATED)
		return pass_one(reader, kind == SIGNED ? TAG_SET : TAG_SEQUENCE);
	/* Originator and digest need not be there. */
	(void)pass_one(reader, TAG_CONTENT);
	bool passed = pass_one(reader, TAG_SET) && pass_one(reader, TAG_SEQUENCE);
	(void)pass_one(reader, TAG_DIGEST);
	return passed;
}

void cms_walk(struct walk *walk)
{
	struct reader reader = {walk->data, walk->data + walk->size, false}, whole = reader;
	struct element oid;
	if (!enter(&reader, TAG_SEQUENCE) || !head_read(&reader, &oid) || oid.tag != TAG_OID || oid.indefinite)
		return;
	reader.data = oid.next;
	enum kind kind = kind_read(&oid);
	if (kind == SEALED)
		walk_code(walk, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, "CMS, encrypted");
	else if (kind == OTHER)
		walk_code(walk, DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM, "CMS, of a kind that is not known");
	else if (kind == DATA)
		content_walk(walk, &whole, false);
	else if (!pass_head(&reader, kind))
		walk_code(walk, DEC_RESULT_OPEN_CONTAINER_FAILED, "its structure cannot be read");
	else
		content_walk(walk, &reader, kind == COMPRESSED);
}
