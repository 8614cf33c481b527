/*
 * channel.c - frames over a socket: cut anywhere, several at once, too large, out of form, with descriptors or a heap of them.
 */
#include "process/channel.h"
#include "descriptors.h"
#include "tap.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Two ends: ours a channel, the other a plain socket. */
static int open_pair(struct channel *ret_channel, uint32_t most)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		abort();
	channel_init(ret_channel, pair[0], most);
	return pair[1];
}

static void test_pieces(void)
{
	struct channel channel;
	struct frame frame;
	const char *payload;
	struct buffer bytes;
	int other = open_pair(&channel, CHANNEL_SMALL);
	buffer_init(&bytes, 1000);
	(void)frame_append(&bytes, FRAME_EVENT, 7, "hello", 5);
	(void)frame_append(&bytes, FRAME_SCAN, 8, "", 0);
	bool early = false, good = true;
	for (size_t i = 0; i < FRAME_HEADER_SIZE + 5; i++) {
		early = early || channel_next(&channel, &frame, &payload) != -EAGAIN;
		good = good && fd_send(other, bytes.data + i, 1, -1) == 1 && channel_receive(&channel) == 1;
	}
	ok(!early && good && channel_next(&channel, &frame, &payload) == 0 && frame.type == FRAME_EVENT &&
		   frame.id == 7 && frame.length == 5 && memcmp(payload, "hello", 5) == 0,
	   "a frame that comes byte by byte");
	channel_drop(&channel, &frame);
	(void)fd_write_all(other, bytes.data, bytes.size);
	(void)channel_receive(&channel);
	bool first = channel_next(&channel, &frame, &payload) == 0 && frame.id == 7;
	channel_drop(&channel, &frame);
	bool second = channel_next(&channel, &frame, &payload) == 0 && frame.id == 8 && frame.length == 0;
	channel_drop(&channel, &frame);
	ok(first && second && channel_next(&channel, &frame, &payload) == -EAGAIN, "two that come at once");
	fd_close(&other);
	ok(channel_receive(&channel) == 0, "the other side closed");
	channel_close(&channel);
	buffer_free(&bytes);
}

static void test_bad(void)
{
	static const uint8_t large[FRAME_HEADER_SIZE] = {'C', 'S', 'A', '1', 1, 0, 0, 0, 0, 0, 0, 0, 101};
	struct channel channel;
	struct frame frame;
	const char *payload;
	int other = open_pair(&channel, 100);
	(void)fd_write_all(other, large, sizeof large);
	(void)channel_receive(&channel);
	ok(channel_next(&channel, &frame, &payload) == -EBADMSG,
	   "a payload over this channel's cap, told by its header");
	channel_close(&channel);
	fd_close(&other);
	other = open_pair(&channel, 100);
	(void)fd_write_all(other, "GET / HTTP/1.1\r\n\r\n", 18);
	(void)channel_receive(&channel);
	ok(channel_next(&channel, &frame, &payload) == -EBADMSG, "something else than a frame");
	channel_close(&channel);
	channel_close(&channel);
	fd_close(&other);
	/* A sender that never finishes a frame fills no more than the channel's room. */
	other = open_pair(&channel, CHANNEL_SMALL);
	(void)fd_nonblocking(other);
	static char block[1 << 20];
	memcpy(block, "CSA1\1\0\0\0\0\0\0\0\0\0\1", 16);
	ssize_t got = 1;
	for (int i = 0; i < 1000 && got > 0; i++) {
		(void)fd_send(other, block, sizeof block, -1);
		got = channel_receive(&channel);
	}
	ok(got == -EFBIG && channel.in.size <= channel.in.cap,
	   "a receiver that takes no frames out is not filled for ever");
	channel_close(&channel);
	fd_close(&other);
}

static void test_passes(void)
{
	unsigned before = open_descriptors();
	struct channel channel;
	int fd = memfd_create("pass", MFD_CLOEXEC);
	int other = open_pair(&channel, CHANNEL_SMALL);
	(void)fd_send(other, "abc", 3, fd);
	(void)fd_send(other, "abc", 3, -1);
	(void)fd_send(other, "abc", 3, fd);
	while (channel.in.size < 9)
		(void)channel_receive(&channel);
	int first = channel_take_pass(&channel), second = channel_take_pass(&channel);
	ok(first >= 0 && second >= 0 && first != second && channel_take_pass(&channel) == -1,
	   "descriptors come in the order they were sent");
	fd_close(&first);
	fd_close(&second);
	ssize_t got = 1;
	unsigned taken = 0;
	for (int i = 0; i < 50 && got > 0; i++) {
		(void)fd_send(other, "x", 1, fd);
		got = channel_receive(&channel);
		taken += got > 0;
	}
	ok(got == -EPROTO && taken == CHANNEL_PASSES_MAX, "a heap of descriptors without frames is refused");
	channel_close(&channel);
	fd_close(&other);
	fd_close(&fd);
	ok(open_descriptors() == before, "and none is left open");
}

static void test_queue(void)
{
	struct channel channel, reader;
	struct frame frame;
	const char *payload;
	static char text[400000];
	memset(text, 'q', sizeof text);
	int other = open_pair(&channel, CHANNEL_SMALL);
	channel_init(&reader, other, sizeof text);
	(void)fd_nonblocking(channel.fd);
	(void)fd_nonblocking(reader.fd);
	ok(channel_queue(&channel, FRAME_REPORT, 1, text, sizeof text) == 0 &&
		   channel_queue(&channel, FRAME_REPORT, 2, text, sizeof text) == 0 && channel_waiting(&channel),
	   "two large frames wait");
	ok(channel_flush(&channel) == 0 && channel_waiting(&channel), "they do not fit into the socket at once");
	uint32_t next = 1;
	for (int i = 0; i < 1000 && next < 3; i++) {
		(void)channel_receive(&reader);
		while (channel_next(&reader, &frame, &payload) == 0 && frame.id == next && payload[399999] == 'q') {
			channel_drop(&reader, &frame);
			next++;
		}
		(void)channel_flush(&channel);
	}
	ok(next == 3 && !channel_waiting(&channel), "they arrive in the end, in order");
	ok(channel_queue(&channel, FRAME_REPORT, 3, text, (size_t)FRAME_PAYLOAD_MAX + 1) == -EFBIG &&
		   !channel_waiting(&channel),
	   "one that no frame can hold is not begun");
	channel_close(&reader);
	(void)channel_queue(&channel, FRAME_REPORT, 3, "x", 1);
	ok(channel_flush(&channel) == -EPIPE, "nobody listens any more");
	ok(channel_send(&channel, FRAME_REPORT, 3, "x", 1, -1) == -EPIPE, "whichever way it is said");
	channel_close(&channel);
}

/* A whole frame with its descriptor through a socket that does not block and is too small for it. */
static void test_send(void)
{
	struct channel channel, reader;
	struct frame frame;
	const char *payload;
	static char text[2000000];
	int other = open_pair(&channel, CHANNEL_SMALL), fd = memfd_create("pass", MFD_CLOEXEC);
	channel_init(&reader, other, sizeof text);
	(void)fd_nonblocking(channel.fd);
	(void)fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		int error;
		while ((error = channel_next(&reader, &frame, &payload)) == -EAGAIN)
			if (channel_receive(&reader) <= 0)
				_exit(2);
		int pass = channel_take_pass(&reader);
		_exit(error || frame.length != sizeof text || pass < 0 || channel_take_pass(&reader) >= 0);
	}
	bool sent = channel_send(&channel, FRAME_SCAN, 1, text, sizeof text, fd) == 0;
	int status = 1;
	ok(waitpid(child, &status, 0) == child && status == 0 && sent,
	   "a large frame is sent whole, and its descriptor once");
	channel_close(&channel);
	channel_close(&reader);
	fd_close(&fd);
}

int main(void)
{
	test_pieces();
	test_bad();
	test_passes();
	test_queue();
	test_send();
	return tap_end();
}
