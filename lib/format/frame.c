/*
 * frame.c - headers of frames; see frame.h. Refuses unknown types and payloads over the cap.
 */
#include "format/frame.h"

#include <errno.h>
#include <string.h>

static const uint8_t magic[4] = {'C', 'S', 'A', '1'};

static void put32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t get32(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

int frame_append(struct buffer *buffer, enum frame_type type, uint32_t id, const void *payload, size_t length)
{
	uint8_t header[FRAME_HEADER_SIZE];
	if (length > FRAME_PAYLOAD_MAX)
		return -EFBIG;
	int error = buffer_reserve(buffer, sizeof header + length);
	if (error)
		return error;
	memcpy(header, magic, sizeof magic);
	put32(header + 4, (uint32_t)type);
	put32(header + 8, id);
	put32(header + 12, (uint32_t)length);
	/* Reserved above: neither can fail. */
	(void)buffer_append(buffer, header, sizeof header);
	return buffer_append(buffer, payload, length);
}

int frame_peek(const void *data, size_t size, struct frame *ret_frame)
{
	const uint8_t *header = data;
	if (size < FRAME_HEADER_SIZE)
		return -EAGAIN;
	uint32_t type = get32(header + 4);
	uint32_t length = get32(header + 12);
	if (memcmp(header, magic, sizeof magic) != 0 || type == 0 || type >= FRAME_TYPE_END ||
	    length > FRAME_PAYLOAD_MAX)
		return -EBADMSG;
	*ret_frame = (struct frame){(enum frame_type)type, get32(header + 8), length};
	return 0;
}
