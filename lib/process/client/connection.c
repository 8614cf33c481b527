/*
 * connection.c - connects to a scanner that runs; see connection.h. Refuses to hand messages to a stranger: below the directory
 * of a user only that user's scanner, or root's, counts. /run/csapi is made by root, and a socket that was named was meant.
 */
#include "process/client/connection.h"

#include "base/clock.h"
#include "base/fd.h"
#include "process/listener.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define SYSTEM_PLACE "/run/csapi/"

/* A full queue of a listening socket makes connect wait: for no longer than the sending timeout of the socket. */
static int dial(const char *path, int64_t deadline, int *ret_fd, struct why *why)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int wait = clock_poll_timeout(deadline);
	/* No time at all would mean to wait for ever. */
	struct timeval patience = {.tv_sec = wait / 1000, .tv_usec = wait % 1000 * 1000 + 1};
	*ret_fd = -1;
	if (strlen(path) >= sizeof address.sun_path)
		return why_set(why, -ENAMETOOLONG, "the path of the socket is longer than %zu bytes",
			       sizeof address.sun_path - 1);
	(void)strcpy(address.sun_path, path);
	int fd = fd_raise(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), error = 0;
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) < 0)
		error = -errno;
	while (!error && connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
		if (errno != EINTR)
			error = errno == EAGAIN ? -ETIMEDOUT : -errno;
	if (error) {
		fd_close(&fd);
		return why_errno(why, error, "no scanner answers at %s", path);
	}
	*ret_fd = fd;
	return 0;
}

static bool trusted(int fd)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t size = sizeof peer;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == 0 || peer.uid == geteuid());
}

ssize_t connection_hear(struct channel *channel, int64_t deadline)
{
	struct pollfd wait = {.fd = channel->fd, .events = POLLIN};
	for (;;) {
		int ready = poll(&wait, 1, clock_poll_timeout(deadline));
		if (ready > 0)
			return channel_receive(channel);
		if (ready < 0 && errno != EINTR)
			return -errno;
		if (clock_now() >= deadline)
			return -ETIMEDOUT;
	}
}

/* The scanner's own greeting, which comes first. */
static int take_greeting(struct channel *channel, struct hello *ret_hello)
{
	struct frame frame;
	const char *payload;
	int error = channel_next(channel, &frame, &payload);
	if (error)
		return error;
	error = frame.type == FRAME_HELLO ? hello_json_decode(payload, frame.length, ret_hello) : -EBADMSG;
	channel_drop(channel, &frame);
	return error;
}

static int greet(struct channel *channel, int64_t deadline, struct hello *ret_hello)
{
	char text[32];
	int length = snprintf(text, sizeof text, "{\"protocol\":%d}", FRAME_PROTOCOL);
	int error = channel_send(channel, FRAME_HELLO, 0, text, (size_t)length, -1);
	/* One that does not want us may have said so. */
	if (error == -EPIPE || error == -ECONNRESET)
		error = 0;
	while (!error && (error = take_greeting(channel, ret_hello)) == -EAGAIN) {
		ssize_t got = connection_hear(channel, deadline);
		error = got > 0 ? 0 : got < 0 ? (int)got : -ECONNRESET;
	}
	return error;
}

static int open_one(const char *path, bool named, const struct limits *wanted, int64_t deadline,
		    struct channel *ret_channel, struct hello *ret_hello, struct why *why)
{
	int fd;
	int error = dial(path, deadline, &fd, why);
	if (error)
		return error;
	if (!named && strncmp(path, SYSTEM_PLACE, sizeof SYSTEM_PLACE - 1) != 0 && !trusted(fd)) {
		fd_close(&fd);
		return why_set(why, -EPERM, "the scanner at %s is another user's", path);
	}
	channel_init(ret_channel, fd, FRAME_PAYLOAD_MAX);
	error = greet(ret_channel, deadline, ret_hello);
	if (error == -EBADMSG)
		(void)why_set(why, error, "what answers at %s is no scanner, or one of another version", path);
	else if (error)
		(void)why_errno(why, error, "the scanner at %s does not answer", path);
	else if (wanted) {
		struct limits limits = ret_hello->limits;
		error = limits_tighten(&limits, wanted, why);
		if (error)
			hello_free(ret_hello);
	}
	if (error)
		channel_close(ret_channel);
	return error;
}

int connection_find(const char *socket, const struct limits *wanted, int patience_ms, struct channel *ret_channel,
		    struct hello *ret_hello, struct why *why)
{
	if (socket)
		return open_one(socket, true, wanted, clock_now() + patience_ms, ret_channel, ret_hello, why);
	char *paths[2];
	const char *word = secure_getenv("CSAPI_SOCKET");
	int count = listener_candidates(paths), error = count < 0 ? count : -ENOENT;
	bool none = true; /* so far nobody listens: any other trouble is the better one to tell */
	for (int i = 0; i < count; i++) {
		struct why that = {""};
		int now = error ? open_one(paths[i], word && *word, wanted, clock_now() + patience_ms, ret_channel,
					   ret_hello, &that)
				: 0;
		free(paths[i]);
		if (!error || (now && !none))
			continue;
		error = why_set(why, now, "%s", that.text);
		none = error == -ENOENT || error == -ECONNREFUSED;
	}
	return error;
}
