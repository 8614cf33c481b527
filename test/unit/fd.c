/*
 * fd.c - whole reads and writes, and descriptors over sockets: one is passed, more are refused, none is left open.
 */
#include "base/fd.h"
#include "descriptors.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_read(void)
{
	struct buffer buffer;
	int fd = memfd_create("read", MFD_CLOEXEC);
	char block[1000];
	memset(block, 'r', sizeof block);
	for (int i = 0; i < 100; i++)
		(void)fd_write_all(fd, block, sizeof block);
	buffer_init(&buffer, 100000);
	(void)lseek(fd, 0, SEEK_SET);
	ok(fd_read_all(fd, &buffer) == 0 && buffer.size == 100000, "a file that just fits");
	buffer_free(&buffer);
	buffer_init(&buffer, 99999);
	(void)lseek(fd, 0, SEEK_SET);
	ok(fd_read_all(fd, &buffer) == -EFBIG && buffer.size == 99999, "one byte too many");
	buffer_free(&buffer);
	fd_close(&fd);
	ok(fd == -1, "a closed descriptor is -1");
	fd_close(&fd);
	ok(fd_read_all(-1, &buffer) == -EBADF, "no descriptor");
	int directory = open("/", O_RDONLY | O_CLOEXEC);
	ok(fd_read_all(directory, &buffer) == -EISDIR, "a directory");
	fd_close(&directory);
	int ends[2];
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		abort();
	ok(fd_read_all(ends[0], &buffer) == -EAGAIN, "a pipe that does not block and is empty");
	fd_close(&ends[1]);
	ok(fd_read_all(ends[0], &buffer) == 0 && buffer.size == 0, "a pipe at its end");
	fd_close(&ends[0]);
	buffer_free(&buffer);
}

static void on_alarm(int number)
{
	(void)number;
}

/* A slow pipe, and signals all the time. */
static void test_interrupted(void)
{
	int ends[2];
	static uint8_t block[300000];
	struct buffer buffer;
	struct sigaction action = {.sa_handler = on_alarm};
	if (pipe2(ends, O_CLOEXEC))
		abort();
	(void)fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		for (size_t i = 0; i < sizeof block; i++)
			block[i] = (uint8_t)(i * 7);
		for (size_t i = 0; i < sizeof block; i += 30000) {
			(void)usleep(2000);
			if (fd_write_all(ends[1], block + i, 30000))
				_exit(1);
		}
		_exit(0);
	}
	fd_close(&ends[1]);
	(void)sigaction(SIGALRM, &action, NULL); /* no SA_RESTART */
	(void)ualarm(500, 500);
	buffer_init(&buffer, sizeof block);
	int error = fd_read_all(ends[0], &buffer);
	(void)ualarm(0, 0);
	bool good = error == 0 && buffer.size == sizeof block;
	for (size_t i = 0; good && i < buffer.size; i++)
		good = buffer.data[i] == (uint8_t)(i * 7);
	ok(good, "a slow pipe, interrupted by signals");
	int status = 1;
	while (waitpid(child, &status, 0) < 0)
		continue;
	ok(status == 0, "and its writer");
	fd_close(&ends[0]);
	buffer_free(&buffer);
}

static void test_write(void)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC), ends[2];
	ok(fd_write_all(full, "x", 1) == -ENOSPC, "a full device");
	ok(fd_write_all(full, "", 0) == 0, "nothing to write");
	fd_close(&full);
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		abort();
	static char block[1 << 20];
	ok(fd_write_all(ends[1], block, sizeof block) == -EAGAIN, "a pipe that does not block and is full");
	fd_close(&ends[0]);
	(void)signal(SIGPIPE, SIG_IGN);
	ok(fd_write_all(ends[1], "x", 1) == -EPIPE, "a pipe that nobody reads");
	fd_close(&ends[1]);
}

/* Sends `count` descriptors in one message. */
static void send_many(int socket, unsigned count, int fd)
{
	static union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int) * 253)];
	} control;
	struct iovec vector = {.iov_base = "m", .iov_len = 1};
	struct msghdr message = {.msg_iov = &vector,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = CMSG_SPACE(sizeof(int) * count)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int) * count);
	for (unsigned i = 0; i < count; i++)
		memcpy(CMSG_DATA(header) + i * sizeof fd, &fd, sizeof fd);
	if (sendmsg(socket, &message, 0) != 1)
		abort();
}

static void test_pass(int type, const char *name)
{
	int pair[2], pass = 99, fd = memfd_create("pass", MFD_CLOEXEC);
	char data[8];
	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair))
		abort();
	unsigned before = open_descriptors();
	okf(fd_send(pair[0], "abc", 3, fd) == 3 && fd_receive(pair[1], data, sizeof data, &pass) == 3, "%s: passed",
	    name);
	struct stat sent, received;
	okf(pass >= 0 && pass != fd && fstat(fd, &sent) == 0 && fstat(pass, &received) == 0 &&
		    sent.st_ino == received.st_ino && (fcntl(pass, F_GETFD) & FD_CLOEXEC),
	    "%s: it is the same file, and closed on exec", name);
	fd_close(&pass);
	(void)fd_send(pair[0], "abc", 3, -1);
	okf(fd_receive(pair[1], data, sizeof data, &pass) == 3 && pass == -1, "%s: none is passed", name);
	(void)fd_send(pair[0], "abc", 3, fd);
	okf(fd_receive(pair[1], data, sizeof data, NULL) == 3 && open_descriptors() == before,
	    "%s: one that nobody asked for is closed", name);
	static const unsigned counts[] = {2, 16, 17, 253};
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		send_many(pair[0], counts[i], fd);
		pass = 99;
		okf(fd_receive(pair[1], data, sizeof data, &pass) == -EPROTO && pass == -1 &&
			    open_descriptors() == before,
		    "%s: %u at once are refused, and none is left open", name, counts[i]);
	}
	okf(fd_send(pair[0], "abc", 3, 9999) == -EBADF, "%s: what is no descriptor cannot be passed", name);
	fd_close(&pair[0]);
	okf(fd_receive(pair[1], data, sizeof data, &pass) == 0 && pass == -1, "%s: the other side closed", name);
	okf(fd_send(pair[1], "abc", 3, -1) == -EPIPE, "%s: sending then fails, and raises no signal", name);
	fd_close(&pair[1]);
	fd_close(&fd);
}

/* The kernel drops descriptors that there is no room for. */
static bool no_room(void)
{
	int pair[2], pass = 99, fd = memfd_create("pass", MFD_CLOEXEC);
	char data[8];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) || fd_send(pair[0], "abc", 3, fd) != 3)
		return false;
	struct rlimit limit = {(rlim_t)fd + 1, (rlim_t)fd + 1};
	if (setrlimit(RLIMIT_NOFILE, &limit))
		return false;
	while (dup(0) >= 0)
		continue;
	return fd_receive(pair[1], data, sizeof data, &pass) == -EPROTO && pass == -1;
}

static void test_no_room(void)
{
	(void)fflush(stdout);
	pid_t child = fork();
	if (child == 0)
		_exit(no_room() ? 0 : 1);
	int status = 1;
	ok(waitpid(child, &status, 0) == child && status == 0, "one that was dropped on the way is told");
}

static void test_nonblocking(void)
{
	int pair[2], pass;
	char data[8];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		abort();
	ok(fd_nonblocking(pair[0]) == 0 && fd_receive(pair[0], data, sizeof data, &pass) == -EAGAIN && pass == -1,
	   "nothing to receive");
	static char block[1 << 20];
	ssize_t sent;
	while ((sent = fd_send(pair[0], block, sizeof block, -1)) > 0)
		continue;
	ok(sent == -EAGAIN, "no room to send");
	ok(fd_nonblocking(-1) == -EBADF, "no descriptor");
	fd_close(&pair[0]);
	fd_close(&pair[1]);
}

int main(void)
{
	unsigned before = open_descriptors();
	test_read();
	test_interrupted();
	test_write();
	test_pass(SOCK_STREAM, "stream");
	test_pass(SOCK_SEQPACKET, "packets");
	test_no_room();
	test_nonblocking();
	ok(open_descriptors() == before, "no descriptor is left open");
	return tap_end();
}
