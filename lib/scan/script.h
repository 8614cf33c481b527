/*
 * script.h - files that a script puts together: lists of numbers, escapes in texts, texts that are joined.
 *
 * What a page of HTML, a script of Windows or a file of its registry has in it so that no scanner sees it: [80, 75, 3, 4], "\x50\x4b",
 * unescape("%50%4b"), &#80;&#75;, Chr(80) & Chr(75), "UEsDBBQA" + "AAAI". Runs nothing: what is computed in any other way stays unseen. Called by
 * readings and sign.
 */
#ifndef CSAPI_SCAN_SCRIPT_H
#define CSAPI_SCAN_SCRIPT_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A run of the text that stands for bytes. */
struct script_value {
	enum script_kind {
		SCRIPT_DECIMAL,     /* numbers from 0 to 255 */
		SCRIPT_HEXADECIMAL, /* of two digits each, with something between or in front of them */
		SCRIPT_DIGITS,      /* hexadecimal digits, perhaps in pieces */
		SCRIPT_PIECES,      /* texts in quotes, of letters of base64, that are joined */
		SCRIPT_LINES,       /* lines of base64, as long as each other, the same around each: echo ...>>file */
	} kind;
	bool either; /* decimal numbers that could as well be hexadecimal */
	size_t start, size;
	size_t between; /* of lines: what stands between two of them, in bytes */
};

/* The next one from *at on, which moves behind it. False: there is no more. */
bool script_next(const uint8_t *data, size_t size, size_t *at, struct script_value *ret_value);
/* What it stands for; of pieces and lines, the text. `bytes` is set up here and freed by the caller. 0 or -ENOMEM. */
int script_undo(const uint8_t *data, const struct script_value *value, struct buffer *bytes);
/* A text without escapes, and where they stood in it: numbers of type size_t, in order. */
struct script_plain {
	struct buffer text, places;
	size_t next; /* of the places */
};

/*
 * A text in which base64 is broken by escapes of JSON, scripts, addresses or markup, without these. False: there is none, or no memory, and
 * nothing to free.
 */
bool script_unescape(const uint8_t *data, size_t size, struct script_plain *ret_plain);
void script_plain_free(struct script_plain *plain);
/* Was there an escape in this stretch of the text? Asked of one stretch behind the other. */
bool script_plain_broken(struct script_plain *plain, size_t start, size_t size);
/* Is it a text of 16 bits for each letter (UTF-16, either order), of which nearly all are of Latin scripts? */
bool script_is_wide(const uint8_t *data, size_t size);
/*
 * A text of 16 bits for each letter in one byte each; letters of more are question marks. False: it is none, or there is no memory, and there is nothing to free.
 */
bool script_narrow(const uint8_t *data, size_t size, struct buffer *ret_text);

#endif
