/*
 * frame.h - the frames that client, scanner and worker exchange: a fixed header and a JSON payload.
 *
 * Header, little-endian: magic "CSA1" (4 bytes), type (4), id (4), length of the payload (4). A descriptor, where a
 * frame carries one, comes with the first byte of its header. Pure encoding; the bytes travel by process/channel.
 */
#ifndef CSAPI_FORMAT_FRAME_H
#define CSAPI_FORMAT_FRAME_H

#include "base/buffer.h"

#include <stddef.h>
#include <stdint.h>

#define FRAME_HEADER_SIZE 16
/* Longest payload, in bytes: a report with 20,000 parts and long names stays below it. */
#define FRAME_PAYLOAD_MAX (64u << 20)
/* Version of the conversation; both sides must say the same. */
#define FRAME_PROTOCOL 1

enum frame_type {
	FRAME_HELLO = 1, /* both ways, first: {"protocol": 1}; the scanner's answer tells its version */
	FRAME_READY,     /* scanner to client: the definitions are loaded, or failed to */
	FRAME_SCAN,      /* client to scanner to worker: a request, with the message's descriptor */
	FRAME_REPORT,    /* scanner to client: the verdict document for the request of the same id */
	FRAME_ERROR,     /* scanner to client: the conversation is broken; the connection is closed behind it */
	FRAME_EVENT,     /* worker to scanner: something about the message at hand */
	FRAME_WAIT, /* scanner to client, every few seconds while messages of it are outstanding: "I am alive"; id 0, {} */
	FRAME_COMMAND, /* client to scanner, for its own user and root: {"command": "status"}, or stats, reload, stop, ping */
	FRAME_ANSWER, /* scanner to client: what the command of the same id gave, a document of its own */
	FRAME_TYPE_END
};

struct frame {
	enum frame_type type;
	uint32_t id;
	uint32_t length;
};

/* Appends header and payload. 0, -ENOMEM, -EFBIG (payload or buffer's cap). */
int frame_append(struct buffer *buffer, enum frame_type type, uint32_t id, const void *payload, size_t length);
/* Reads a header. 0, -EAGAIN while there are fewer than FRAME_HEADER_SIZE bytes, -EBADMSG for what is not one. */
int frame_peek(const void *data, size_t size, struct frame *ret_frame);

#endif
