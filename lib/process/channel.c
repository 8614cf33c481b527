/*
 * channel.c - frames over a unix stream socket; see channel.h.
 */
#include "process/channel.h"

#include "base/fd.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define STEP 65536 /* bytes a receive */
/* What may wait to be sent: a report of the largest size, and more behind it. */
#define OUT_MOST ((size_t)FRAME_PAYLOAD_MAX * 4)

void channel_init(struct channel *ret_channel, int take_fd, uint32_t payload_most)
{
	*ret_channel = (struct channel){.fd = take_fd, .payload_most = payload_most};
	buffer_init(&ret_channel->in, (size_t)payload_most + FRAME_HEADER_SIZE + STEP);
	buffer_init(&ret_channel->out, OUT_MOST);
}

void channel_close(struct channel *channel)
{
	fd_close(&channel->fd);
	buffer_free(&channel->in);
	buffer_free(&channel->out);
	while (channel->pass_count) {
		int fd = channel_take_pass(channel);
		fd_close(&fd);
	}
}

int channel_send(struct channel *channel, enum frame_type type, uint32_t id, const void *payload, size_t length,
		 int pass)
{
	struct buffer frame;
	buffer_init(&frame, FRAME_HEADER_SIZE + (size_t)FRAME_PAYLOAD_MAX);
	int error = frame_append(&frame, type, id, payload, length);
	while (!error && frame.size) {
		ssize_t sent = fd_send(channel->fd, frame.data, frame.size, pass);
		if (sent == -EAGAIN) {
			struct pollfd wait = {.fd = channel->fd, .events = POLLOUT};
			(void)poll(&wait, 1, -1);
		} else if (sent < 0) {
			error = (int)sent;
		} else {
			buffer_drop(&frame, (size_t)sent);
			pass = -1; /* it went with the first byte */
		}
	}
	buffer_free(&frame);
	return error;
}

int channel_queue(struct channel *channel, enum frame_type type, uint32_t id, const void *payload, size_t length)
{
	return frame_append(&channel->out, type, id, payload, length);
}

int channel_flush(struct channel *channel)
{
	while (channel->out.size) {
		ssize_t sent = fd_send(channel->fd, channel->out.data, channel->out.size, -1);
		if (sent == -EAGAIN)
			return 0;
		if (sent < 0)
			return (int)sent;
		buffer_drop(&channel->out, (size_t)sent);
	}
	return 0;
}

bool channel_waiting(const struct channel *channel)
{
	return channel->out.size > 0;
}

ssize_t channel_receive(struct channel *channel)
{
	int pass = -1;
	int error = buffer_reserve(&channel->in, STEP);
	if (error)
		return error;
	ssize_t got = fd_receive(channel->fd, channel->in.data + channel->in.size, STEP, &pass);
	if (got > 0)
		channel->in.size += (size_t)got;
	if (pass < 0)
		return got;
	if (channel->pass_count == CHANNEL_PASSES_MAX) {
		fd_close(&pass);
		return -EPROTO;
	}
	channel->passes[channel->pass_count++] = pass;
	return got;
}

int channel_next(struct channel *channel, struct frame *ret_frame, const char **ret_payload)
{
	int error = frame_peek(channel->in.data, channel->in.size, ret_frame);
	if (error)
		return error;
	if (ret_frame->length > channel->payload_most)
		return -EBADMSG;
	if (channel->in.size < FRAME_HEADER_SIZE + (size_t)ret_frame->length)
		return -EAGAIN;
	*ret_payload = (const char *)channel->in.data + FRAME_HEADER_SIZE;
	return 0;
}

void channel_drop(struct channel *channel, const struct frame *frame)
{
	buffer_drop(&channel->in, FRAME_HEADER_SIZE + (size_t)frame->length);
}

int channel_take_pass(struct channel *channel)
{
	if (!channel->pass_count)
		return -1;
	int fd = channel->passes[0];
	channel->pass_count--;
	memmove(channel->passes, channel->passes + 1, channel->pass_count * sizeof *channel->passes);
	return fd;
}
