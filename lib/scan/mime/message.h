/*
 * message.h - one message, parsed by GMime.
 */
#ifndef CSAPI_SCAN_MIME_MESSAGE_H
#define CSAPI_SCAN_MIME_MESSAGE_H

#include "scan/transfer.h"

#include <gmime/gmime.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrows the bytes it was opened with. */
struct message {
	const uint8_t *data; /* from the first header field on */
	size_t size;
	const uint8_t *given; /* the same bytes before line ends were mended */
	size_t given_size;
	size_t skipped;    /* bytes in front of those, where a header was found behind something else */
	uint8_t *owned;    /* `data` with other line ends; NULL: it is the caller's */
	GByteArray *bytes; /* a window on `data`, which stays whose it is */
	GMimeObject *root; /* NULL: cannot be read */
	GArray *windows;   /* of struct window: the leaves, in order */
};

/* Where the content of a leaf stands in its message. */
struct window {
	size_t start;
	size_t size;
	enum transfer transfer;
	bool text;
	bool odd;      /* not everybody knows its encoding */
	bool doubtful; /* a text that another reader could take for parts */
};

/*
 * Where the header begins: behind a byte order mark, blank lines, "From " lines, and lines in front of the first field that are none.
 * `size` if there is no field before the first blank line.
 */
size_t message_header(const uint8_t *data, size_t size);
/* Never fails: what cannot be parsed has no root. message_close in any case. */
void message_open(struct message *message, const uint8_t *data, size_t size);
void message_close(struct message *message);

#endif
