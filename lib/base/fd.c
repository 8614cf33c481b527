/*
 * fd.c - whole reads and writes, and descriptors over sockets; see fd.h. Called by scan, process and cmd.
 */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FD_READ_STEP 65536 /* bytes a read: the size of a pipe */
#define FD_PASS_MOST 16    /* descriptors received and closed, so that a sender of many leaves none open here */

void fd_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

int fd_raise(int fd)
{
	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	int raised = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	int error = errno;
	(void)close(fd);
	errno = error;
	return raised;
}

int fd_read_all(int fd, struct buffer *buffer)
{
	for (;;) {
		size_t step = FD_READ_STEP;
		if (step > buffer->cap - buffer->size)
			step = buffer->cap - buffer->size;
		uint8_t probe;
		int error = buffer_reserve(buffer, step);
		if (error)
			return error;
		/* At the cap one byte more tells "just fits" from "too large". */
		ssize_t got = step ? read(fd, buffer->data + buffer->size, step) : read(fd, &probe, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return 0;
		if (!step)
			return -EFBIG;
		buffer->size += (size_t)got;
	}
}

int fd_write_all(int fd, const void *data, size_t size)
{
	const uint8_t *from = data;
	while (size) {
		ssize_t put = write(fd, from, size);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		from += put;
		size -= (size_t)put;
	}
	return 0;
}

ssize_t fd_send(int socket, const void *data, size_t size, int pass)
{
	struct iovec vector = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
	if (pass >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof control;
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof pass);
		memcpy(CMSG_DATA(header), &pass, sizeof pass);
	}
	for (;;) {
		ssize_t put = sendmsg(socket, &message, MSG_NOSIGNAL);
		if (put >= 0)
			return put;
		if (errno != EINTR)
			return -errno;
	}
}

/* Collects the descriptors of a received message; the first into *ret_pass, the others are closed. How many came. */
static unsigned collect(struct msghdr *message, int *ret_pass)
{
	unsigned came = 0;
	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
			if (came++ == 0)
				*ret_pass = fd;
			else
				(void)close(fd);
		}
	}
	return came;
}

ssize_t fd_receive(int socket, void *data, size_t size, int *ret_pass)
{
	struct iovec vector = {.iov_base = data, .iov_len = size};
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int) * FD_PASS_MOST)];
	} control;
	struct msghdr message = {
		.msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
	int pass = -1;
	if (ret_pass)
		*ret_pass = -1;
	ssize_t got;
	do
		got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	unsigned came = collect(&message, &pass);
	if (came > 1 || (message.msg_flags & MSG_CTRUNC)) {
		fd_close(&pass);
		return -EPROTO;
	}
	if (ret_pass)
		*ret_pass = pass;
	else
		fd_close(&pass);
	return got;
}

bool fd_abandoned(int fd)
{
	struct pollfd polled = {.fd = fd};
	return poll(&polled, 1, 0) > 0 && polled.revents;
}

int fd_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	return 0;
}
