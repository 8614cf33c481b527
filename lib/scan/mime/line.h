/*
 * line.h - the lines of a message: ends, and what a line looks like.
 */
#ifndef CSAPI_SCAN_MIME_LINE_H
#define CSAPI_SCAN_MIME_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length of the line at `data` with its line end. */
size_t line_length(const uint8_t *data, size_t size);
bool line_is_blank(const uint8_t *line, size_t length);
/* Does it begin with the name of a header field and a colon? */
bool line_is_field(const uint8_t *line, size_t length);
/* Of a mailbox: "From ", quoted or not. */
bool line_is_from(const uint8_t *line, size_t length);
/* Is it blank, or one word, such as a boundary? */
bool line_is_word(const uint8_t *line, size_t length);
/* The offset behind the first `mark` at the start of a line from `from` on; `size` if there is none. */
size_t line_mark(const uint8_t *data, size_t size, size_t from, const char *mark);
/* Do lines end in something else than LF or CRLF? Judged by the first. */
bool line_ends_odd(const uint8_t *data, size_t size);
/* The same with LF or CRLF; caller frees. NULL: no memory. */
uint8_t *line_ends_mended(const uint8_t *data, size_t size, size_t *ret_size);

#endif
