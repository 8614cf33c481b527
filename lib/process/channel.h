/*
 * channel.h - frames over a unix stream socket, with descriptors beside them.
 *
 * The other side is never trusted: a frame over the cap, an unknown type or a heap of descriptors ends the conversation
 * (-EBADMSG, -EPROTO). Called by client, supervisor and job.
 */
#ifndef CSAPI_PROCESS_CHANNEL_H
#define CSAPI_PROCESS_CHANNEL_H

#include "base/buffer.h"
#include "format/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Descriptors that may wait for the frame they came with. */
#define CHANNEL_PASSES_MAX 8
/* Payload of a request or an event, in bytes: ids and names of at most 1 KiB each, escaped. */
#define CHANNEL_SMALL (64u << 10)

struct channel {
	int fd; /* owned */
	struct buffer in, out;
	uint32_t payload_most; /* of frames received */
	int passes[CHANNEL_PASSES_MAX];
	unsigned pass_count;
};

/* Takes over the socket. */
void channel_init(struct channel *ret_channel, int take_fd, uint32_t payload_most);
void channel_close(struct channel *channel);

/* Sends a whole frame, waiting as long as it takes; `pass` (-1: none) stays the caller's. 0 or -errno. */
int channel_send(struct channel *channel, enum frame_type type, uint32_t id, const void *payload, size_t length,
		 int pass);
/* Puts a frame behind those that wait; 0, -ENOMEM, -EFBIG. */
int channel_queue(struct channel *channel, enum frame_type type, uint32_t id, const void *payload, size_t length);
/* Sends what waits, as far as the socket takes it now. 0 (look at channel_waiting) or -errno. */
int channel_flush(struct channel *channel);
bool channel_waiting(const struct channel *channel);

/* One receive: bytes (0: the other side closed) or -errno, -EAGAIN on a socket that does not block. */
ssize_t channel_receive(struct channel *channel);
/* The next whole frame: 0, -EAGAIN (not there yet) or -EBADMSG. Its payload is borrowed until channel_drop. */
int channel_next(struct channel *channel, struct frame *ret_frame, const char **ret_payload);
void channel_drop(struct channel *channel, const struct frame *frame);
/* The oldest descriptor that came along; the caller's then. -1: none. */
int channel_take_pass(struct channel *channel);

#endif
