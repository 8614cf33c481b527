/*
 * buffer.c - bytes that grow up to a cap; see buffer.h. Refuses to grow past the cap. Called from every floor.
 */
#include "base/buffer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_FIRST 256 /* bytes of the first allocation: most frames fit */

void buffer_init(struct buffer *buffer, size_t cap)
{
	*buffer = (struct buffer){.cap = cap};
}

void buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){.cap = buffer->cap};
}

int buffer_reserve(struct buffer *buffer, size_t size)
{
	if (size > buffer->cap - buffer->size)
		return -EFBIG;
	size_t need = buffer->size + size;
	if (need <= buffer->room)
		return 0;
	size_t room = buffer->room ? buffer->room : BUFFER_FIRST;
	while (room < need)
		room = room > buffer->cap / 2 ? buffer->cap : room * 2;
	if (room < need)
		room = need;
	uint8_t *data = realloc(buffer->data, room);
	if (!data)
		return -ENOMEM;
	buffer->data = data;
	buffer->room = room;
	return 0;
}

int buffer_append(struct buffer *buffer, const void *data, size_t size)
{
	int error = buffer_reserve(buffer, size);
	if (error)
		return error;
	if (size)
		memcpy(buffer->data + buffer->size, data, size);
	buffer->size += size;
	return 0;
}

int buffer_append_text(struct buffer *buffer, const char *text)
{
	return buffer_append(buffer, text, strlen(text));
}

void buffer_drop(struct buffer *buffer, size_t size)
{
	if (size >= buffer->size) {
		buffer->size = 0;
		return;
	}
	memmove(buffer->data, buffer->data + size, buffer->size - size);
	buffer->size -= size;
}

uint8_t *buffer_take(struct buffer *buffer, size_t *ret_size)
{
	uint8_t *data = buffer->data;
	if (ret_size)
		*ret_size = buffer->size;
	buffer_init(buffer, buffer->cap);
	return data;
}
