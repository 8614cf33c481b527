/*
 * transfer.h - undoes the content transfer encodings of MIME: base64, quoted-printable, uuencode, xxencode.
 *
 * Lenient like a mail reader: what is damaged is passed over, and whatever decodes is given out, so that nothing a
 * recipient could open stays unseen. Called by mime.
 */
#ifndef CSAPI_SCAN_TRANSFER_H
#define CSAPI_SCAN_TRANSFER_H

#include "base/buffer.h"
#include "scan/budget.h"
#include "verdict/scan_code.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum transfer {
	TRANSFER_IDENTITY, /* 7bit, 8bit, binary, and every name that is not known */
	TRANSFER_BASE64,
	TRANSFER_QUOTED_PRINTABLE,
	TRANSFER_UUENCODE,
	TRANSFER_XXENCODE, /* like it, in letters that survive EBCDIC */
};

/*
 * The encoding that the value of a Content-Transfer-Encoding field names. Quotes, comments, an "x-" in front and
 * whatever follows the name do not hide it.
 */
enum transfer transfer_find(const char *value);

/* Does the value name an encoding that is in use somewhere, and that nobody here undoes? */
bool transfer_is_foreign(const char *value);

/* Is it written just as the standards, or old mail programs, write an encoding? */
bool transfer_is_plain(const char *value);
/* Is it one of the five of RFC 2045, 6.1, and nothing else? Any reader knows those; what one does not know it takes for the file as it is. */
bool transfer_is_standard(const char *value);

/* A line of uuencode says how long it is; some programs add a check sum. */
#define UUENCODE_MORE 2u
/* Is the line, without its end, one of uuencode, and no longer than its first character says? `strict`: nor shorter. */
bool transfer_is_uuencode(const uint8_t *line, size_t size, bool strict);

/*
 * Decodes `data` (not TRANSFER_IDENTITY, which needs no copy) and charges the bytes to the current part of `budget` as
 * they come out. *ret_buffer is set up here and freed by the caller, whatever is returned: SCAN_CODE_NONE, the code of
 * the limit that cut the data, or DEC_RESULT_OUT_OF_MEMORY.
 */
enum scan_code transfer_decode(enum transfer transfer, const uint8_t *data, size_t size, struct budget *budget,
			       struct buffer *ret_buffer);
/* The same to look at what comes out, within the limits by default and charged to nobody: it is no part of the message. */
void transfer_look(enum transfer transfer, const uint8_t *data, size_t size, struct buffer *ret_buffer);
/* What a hexadecimal digit stands for; -1: it is none. */
int transfer_digit(uint8_t byte);

/* Hexadecimal digits that come one by one. */
struct transfer_digits {
	struct buffer *bytes; /* borrowed; each two digits are appended */
	unsigned half;        /* the digit that waits for another, if `open` */
	bool open;
	bool failed; /* a byte found no room */
};

/* Takes a digit; anything else is passed over. */
void transfer_digit_add(struct transfer_digits *digits, uint8_t byte);

#endif
