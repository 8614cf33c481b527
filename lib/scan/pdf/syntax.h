/*
 * syntax.h - the syntax of PDF (ISO 32000-1, 7.2 and 7.3) as far as dictionaries and what they say of streams need it.
 *
 * Read as viewers do, not as the engine: comments, texts in parentheses and names with escapes are understood. Nothing is kept; spans lie in
 * the data that were given. Called by pdf and by the reader of its streams in archive.
 */
#ifndef CSAPI_SCAN_PDF_SYNTAX_H
#define CSAPI_SCAN_PDF_SYNTAX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longer names are cut. */
#define SYNTAX_NAME_MOST 32u

struct syntax_span {
	const uint8_t *data;
	size_t size; /* 0: there is none */
};

struct syntax_cursor {
	const uint8_t *data;
	size_t size, at;
};

/* What a dictionary says, as far as it matters. The spans are values. */
struct syntax_dictionary {
	struct syntax_span encrypt, id, filter, parameters, length, width, height, bits;
	bool xref;    /* /Type /XRef */
	bool image;   /* /Subtype /Image */
	bool mask;    /* /ImageMask true */
	bool version; /* has a /V */
};

/* All dictionaries of objects and trailers, one by one. */
struct syntax_search {
	struct syntax_cursor cursor;
	/* What stands in a text may be a dictionary to those who begin there; but nobody gets the same bytes read for ever. */
	uint64_t work;
	struct syntax_dictionary found;
	size_t start, end; /* of it: "<<", and ">>" or where it is cut */
	bool trailer;      /* it is that of one */
	bool unread;       /* it, or one before it, goes on where there was no work left to read it */
};

bool syntax_is_blank(uint8_t byte);
/* Moves over blanks and comments. */
void syntax_skip_blanks(struct syntax_cursor *cursor);
bool syntax_next_is(const struct syntax_cursor *cursor, const char *text);
/* One item of a value: a name, a number, a reference ("12 0 R"), an array, a dictionary, a text. False: there is no more. */
bool syntax_item_next(struct syntax_cursor *cursor, struct syntax_span *ret_item);
/* The name that an item is, its escapes undone; "" for anything else. */
void syntax_name(struct syntax_span item, char ret_name[SYNTAX_NAME_MOST]);
/* The number that an item is; `missing` if it is something else, or a negative one, or larger than 32 bits. */
uint32_t syntax_number(struct syntax_span item, uint32_t missing);
bool syntax_is_reference(struct syntax_span item);

struct syntax_search syntax_search_begin(const uint8_t *data, size_t size);
bool syntax_search_next(struct syntax_search *search);
/* The dictionary that stands at the cursor, blanks aside. False: there is none. */
bool syntax_dictionary_read(struct syntax_cursor *cursor, struct syntax_dictionary *ret);
/*
 * The next object from *at on that a reference names, behind its "obj"; *at moves there. False: there is no more, or it is no reference.
 */
bool syntax_object_next(const uint8_t *data, size_t size, struct syntax_span reference, size_t *at);

#endif
