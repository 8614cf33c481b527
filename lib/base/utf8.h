/*
 * utf8.h - names from hostile messages made harmless.
 *
 * utf8_clean gives valid UTF-8 that is safe to store, compare and put into JSON; utf8_visible also makes it
 * safe for a terminal: control characters, line separators and bidirectional overrides come out as \u{202e}.
 */
#ifndef CSAPI_BASE_UTF8_H
#define CSAPI_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/*
 * A copy of `size` bytes with each byte that is not part of valid UTF-8 (overlong forms, surrogates and NUL
 * included) as U+FFFD, cut at a character's end before it exceeds `most` bytes. Caller frees; NULL: no memory.
 */
char *utf8_clean(const void *data, size_t size, size_t most);
/* A copy of valid UTF-8 that shows nothing but printable characters. Caller frees; NULL: no memory. */
char *utf8_visible(const char *text);
/* One character by its number: its bytes, one to four, in `ret`, how many there are; 0: there is none of that number. */
size_t utf8_write(uint32_t point, char ret[4]);
/* Is the NUL-terminated text valid UTF-8? */
int utf8_valid(const char *text);

#endif
