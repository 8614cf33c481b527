/*
 * entity.h - where things stand in a message: its header, its body, the parts of a multipart, as offsets.
 *
 * A reader of its own beside that of mime, which tells what is in a message but not where: here nothing is decoded, and what is ambiguous is not
 * seen, which the editor notices by the content. Called by the editor.
 */
#ifndef CSAPI_SCAN_REPAIR_ENTITY_H
#define CSAPI_SCAN_REPAIR_ENTITY_H

#include "scan/transfer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest boundary that is followed, in bytes; RFC 2046 allows 70. */
#define ENTITY_BOUNDARY_MOST 255u

/* Bytes whose lines end in LF or CRLF, or all of them in CR. */
struct lines {
	const uint8_t *data; /* borrowed */
	size_t size;
	bool cr; /* lines end in CR alone */
};

struct entity {
	size_t start, end;                       /* all of it */
	size_t fields;                           /* where its first field begins; `body` if there is none */
	size_t body;                             /* behind the blank line; `end` if there is none */
	bool blank;                              /* there is a blank line */
	char type[128];                          /* lower case; "": not said, which means text/plain */
	char boundary[ENTITY_BOUNDARY_MOST + 1]; /* "": none */
	char protocol[128];                      /* of multipart/signed, lower case; "": none */
	enum transfer transfer;
	size_t encoding_start, encoding_end; /* the field that says so; equal: there is none */
	bool version;                        /* it has a MIME-Version */
	bool dkim, arc;                      /* it has signatures of DKIM, of ARC */
};

/* The bytes, with the kind of their line ends: CR where there is no LF. */
struct lines lines_of(const uint8_t *data, size_t size);
/* "\r\n", "\n" or "\r", as in the first line. Static. */
const char *lines_end(const struct lines *lines);
/* Where the next line begins, at most `end`. */
size_t lines_next(const struct lines *lines, size_t at, size_t end);
/*
 * Where in a mailbox the next message begins: at a "From " line behind a blank one and in front of a field, from `at` on; the size if there is none.
 */
size_t lines_next_message(const struct lines *lines, size_t at);
/* The entity that begins at `start` and is over by `end`. `message`: "From " lines and the like may stand in front of its fields. */
void entity_read(const struct lines *lines, size_t start, size_t end, bool message, struct entity *ret_entity);
/* The field that begins at `at`, up to the next one; is it called so (lower case)? A name that ends in "-" stands for all that begin so. */
size_t entity_field(const struct lines *lines, size_t at, size_t end);
bool entity_field_is(const struct lines *lines, size_t at, size_t end, const char *name);
bool entity_is_message(const struct entity *entity);
bool entity_is_multipart(const struct entity *entity);

/* The parts of a multipart, one after the other. */
struct entity_parts {
	const struct lines *lines;
	const struct entity *multipart;
	size_t at;       /* behind the delimiter read last */
	size_t preamble; /* where the first delimiter begins; the multipart's end: there is none */
	size_t epilogue; /* behind the last one; the multipart's end until it was met */
	bool closed;
};
void entity_parts_begin(const struct lines *lines, const struct entity *multipart, struct entity_parts *ret_parts);
/* False: there is no further one. A part ends before the line end that belongs to the delimiter behind it. */
bool entity_parts_next(struct entity_parts *parts, size_t *ret_start, size_t *ret_end);

#endif
