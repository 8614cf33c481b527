/*
 * child.c - one helper program at work; see child.h. Refuses lines longer than agreed.
 */
#include "update/child.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/fd.h"
#include "process/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_SIZE 65536
#define TURN_MS   200  /* how late a stop is noticed */
#define END_MS    2000 /* between its last word and its end */

/* Hands on the whole lines that are there. */
static int take_lines(const struct child_task *task, struct buffer *buffer)
{
	char *end;
	int error = 0;
	while (!error && buffer->size && (end = memchr(buffer->data, '\n', buffer->size))) {
		*end = '\0';
		size_t length = (size_t)(end - (char *)buffer->data);
		error = task->line(task->context, (const char *)buffer->data, length);
		buffer_drop(buffer, length + 1);
	}
	return error;
}

/* Waits for something to read, in turns so that a stop is noticed. 0, -ETIMEDOUT, -ECANCELED or -errno. */
static int await_words(const struct child_task *task, int socket)
{
	for (;;) {
		if (task->stop && *task->stop)
			return -ECANCELED;
		if (clock_now() >= task->deadline)
			return -ETIMEDOUT;
		int64_t turn = clock_now() + TURN_MS;
		struct pollfd poll_fd = {.fd = socket, .events = POLLIN};
		int ready = poll(&poll_fd, 1, clock_poll_timeout(turn < task->deadline ? turn : task->deadline));
		if (ready > 0)
			return 0;
		if (ready < 0 && errno != EINTR)
			return -errno;
	}
}

/* All that it says, until it closes its end. */
static int hear(const struct child_task *task, int socket)
{
	struct buffer buffer;
	buffer_init(&buffer, task->line_max + READ_SIZE);
	int error;
	while ((error = await_words(task, socket)) == 0) {
		error = buffer_reserve(&buffer, READ_SIZE);
		if (error)
			break;
		ssize_t got = read(socket, buffer.data + buffer.size, READ_SIZE);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got < 0)
			error = errno == ECONNRESET ? 0 : -errno;
		if (got <= 0)
			break;
		buffer.size += (size_t)got;
		error = take_lines(task, &buffer);
		if (!error && buffer.size > task->line_max)
			error = -EMSGSIZE;
		if (error)
			break;
	}
	buffer_free(&buffer);
	return error == -EFBIG ? -EMSGSIZE : error;
}

/* Its end: it has a moment to leave by itself, unless it is to be ended. */
static int end(pid_t pid, bool now, int *ret_status)
{
	int64_t patience = clock_now() + END_MS;
	pid_t got = 0;
	while (!now && (got = waitpid(pid, ret_status, WNOHANG)) == 0 && clock_now() < patience)
		(void)poll(NULL, 0, 5);
	/* What it forked goes too; the group's number is ours for as long as the leader was not waited for. */
	if (got == 0) {
		(void)kill(-pid, SIGKILL);
		while ((got = waitpid(pid, ret_status, 0)) < 0 && errno == EINTR)
			continue;
	}
	return got == pid ? 0 : -ECHILD;
}

static int start(const struct child_task *task, int *ret_socket, pid_t *ret_pid, struct why *why)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return why_errno(why, -errno, "cannot start %s", task->path);
	if (task->keep >= 0)
		(void)fcntl(task->keep, F_SETFD, 0);
	int error = spawn_program(task->path, task->argv, pair[1], SPAWN_OWN_GROUP, ret_pid, why);
	if (task->keep >= 0)
		(void)fcntl(task->keep, F_SETFD, FD_CLOEXEC);
	fd_close(&pair[1]);
	if (error)
		fd_close(&pair[0]);
	*ret_socket = pair[0];
	return error;
}

/* It reads its job at once, or is no program of ours: the socket's buffer or the deadline is the bound. */
static int give_input(const struct child_task *task, int socket)
{
	size_t size = task->input ? strlen(task->input) : 0, sent = 0;
	int error = fd_nonblocking(socket);
	while (!error && task->input && sent <= size) {
		bool last = sent == size;
		ssize_t got = fd_send(socket, last ? "\n" : task->input + sent, last ? 1 : size - sent, -1);
		if (got > 0) {
			sent += (size_t)got;
		} else if (got == -EAGAIN) {
			struct pollfd poll_fd = {.fd = socket, .events = POLLOUT};
			if (clock_now() >= task->deadline)
				return -ETIMEDOUT;
			(void)poll(&poll_fd, 1, TURN_MS);
		} else if (got != -EINTR) {
			return got == -EPIPE ? 0 : (int)got; /* its end tells more */
		}
	}
	return error;
}

int child_run(const struct child_task *task, int *ret_status, struct why *why)
{
	int socket;
	pid_t pid;
	*ret_status = 0;
	int error = start(task, &socket, &pid, why);
	if (error)
		return error;
	error = give_input(task, socket);
	error = error ? error : hear(task, socket);
	fd_close(&socket);
	int gone = end(pid, error != 0, ret_status);
	switch (error) {
	case 0:
		return gone ? why_errno(why, gone, "cannot wait for %s", task->path) : 0;
	case -ETIMEDOUT:
		return why_set(why, error, "%s did not end in time", task->path);
	case -ECANCELED:
		return why_set(why, error, "stopped by a signal");
	default:
		return why_errno(why, error, "the conversation with %s failed", task->path);
	}
}
