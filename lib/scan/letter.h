/*
 * letter.h - what a byte of a text can be: part of a word, a digit, a letter of base64, or what stands between.
 *
 * One table for all that look at every byte of a message, some of them more than once: the locale's tables are asked by a call for each byte.
 * Of ASCII only. Called by carve, readings, script, stray and variant.
 */
#ifndef CSAPI_SCAN_LETTER_H
#define CSAPI_SCAN_LETTER_H

#include <stdbool.h>
#include <stdint.h>

enum {
	LETTER_SMALL = 1,
	LETTER_LARGE = 2,
	LETTER_DECIMAL = 4,
	LETTER_HEXADECIMAL = 8,
	LETTER_PREFIX = 16,  /* x, h or u, in front of a hexadecimal number */
	LETTER_SIGN = 32,    /* + and / */
	LETTER_PADDING = 64, /* = */
	LETTER_DASH = 128,   /* - */
	LETTER_LOW = 256,    /* _ */
	LETTER_SPACE = 512,  /* what isspace() says in the C locale */
	LETTER_QUOTE = 1024, /* " and ' */
	LETTER_BREAK = 2048, /* breaks lines and texts of a script: blanks, quotes, signs that join */

	LETTER_WORD = LETTER_SMALL | LETTER_LARGE | LETTER_DECIMAL,
	LETTER_BASE64 = LETTER_WORD | LETTER_SIGN | LETTER_PADDING,
	LETTER_ADDRESS = LETTER_BASE64 | LETTER_DASH | LETTER_LOW /* base64 and the same for addresses (RFC 4648, 5) */
};

extern const uint16_t letter_kinds[UINT8_MAX + 1];

/* Is it one of these kinds? */
static inline bool letter_is(uint8_t byte, unsigned kinds)
{
	return letter_kinds[byte] & kinds;
}

#endif
