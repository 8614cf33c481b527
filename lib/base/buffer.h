/*
 * buffer.h - a growing run of bytes with a cap.
 *
 * Every buffer that hostile data can grow is one of these. A failed append leaves the buffer as it was.
 */
#ifndef CSAPI_BASE_BUFFER_H
#define CSAPI_BASE_BUFFER_H

#include <stddef.h>
#include <stdint.h>

struct buffer {
	uint8_t *data; /* owned; NULL while empty */
	size_t size;   /* bytes in use */
	size_t room;   /* bytes allocated */
	size_t cap;    /* bytes it may ever hold */
};

void buffer_init(struct buffer *buffer, size_t cap);
void buffer_free(struct buffer *buffer);
/* 0; -ENOMEM; -EFBIG when the cap would be exceeded (nothing is appended then). */
int buffer_append(struct buffer *buffer, const void *data, size_t size);
int buffer_append_text(struct buffer *buffer, const char *text);
/* Makes room for `size` more bytes behind data + size; the caller adds to `size` what it wrote. Same errors. */
int buffer_reserve(struct buffer *buffer, size_t size);
/* Drops `size` bytes from the front. */
void buffer_drop(struct buffer *buffer, size_t size);
/* Gives the bytes away (caller frees; NULL when empty); the buffer is empty and usable again. */
uint8_t *buffer_take(struct buffer *buffer, size_t *ret_size);

#endif
