/*
 * talk.c - says to a scanner what no honest client says, and prints what it answers.
 *
 * usage: talk MOVE... -- SCANNER [ARGUMENT]...      starts it, for this conversation alone
 *        talk MOVE... -- --connect=SOCKET           talks to one that listens
 *
 * Moves, in order: hello (a greeting), frame=TYPE:ID:PAYLOAD (a frame), raw=TEXT (bytes), random=COUNT (of bytes),
 * header=LENGTH (the header of a request with a payload of that length), wait=MILLISECONDS, answer (wait for one frame),
 * end (wait until it closes, printing every frame). What goes with the next frame: file=PATH, path=PATH (opened with
 * O_PATH), write=PATH (only for writing), sparse=BYTES (a memfd of holes), pipe or socket (with a silent other end). Many
 * descriptors: many=PATH (twelve bytes of a header that never ends, each with one), hundred=PATH (a request with a hundred).
 * Each answer is a line "TYPE ID PAYLOAD", TYPE a number of format/frame.h, or "closed" or "silence"; the last line is
 * "exit STATUS" of a scanner that was started. Used by test/process.bats and test/resident.bats.
 */
#include "base/clock.h"
#include "base/fd.h"
#include "process/channel.h"
#include "process/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 20000
#define EXIT_USE    125

static struct channel channel;
static int file = -1;
static int other = -1; /* end of a pipe or socket that goes along */

static noreturn void give_up(const char *text)
{
	(void)fprintf(stderr, "talk: %s: %s\n", text, strerror(errno));
	exit(EXIT_USE);
}

static bool starts(const char *text, const char *word, const char **ret_rest)
{
	size_t size = strlen(word);
	*ret_rest = text + size;
	return strncmp(text, word, size) == 0;
}

/* The next frame: 0, or -EAGAIN after which there is none. */
static int next_frame(struct frame *ret_frame, const char **ret_payload)
{
	int error;
	int64_t deadline = clock_now() + PATIENCE_MS;
	while ((error = channel_next(&channel, ret_frame, ret_payload)) == -EAGAIN) {
		struct pollfd wait = {.fd = channel.fd, .events = POLLIN};
		if (poll(&wait, 1, clock_poll_timeout(deadline)) <= 0) {
			(void)puts("silence");
			return -EAGAIN;
		}
		if (channel_receive(&channel) <= 0) {
			(void)puts("closed");
			return -EAGAIN;
		}
	}
	if (error)
		give_up("the answer is no frame");
	return 0;
}

/* One frame that says something; false: none came. */
static bool hear(void)
{
	struct frame frame;
	const char *payload;
	do {
		if (next_frame(&frame, &payload))
			return false;
		if (frame.type != FRAME_WAIT)
			(void)printf("%d %u %.*s\n", (int)frame.type, frame.id, (int)frame.length, payload);
		channel_drop(&channel, &frame);
	} while (frame.type == FRAME_WAIT);
	return true;
}

static void say_frame(const char *text)
{
	char *rest;
	unsigned long type = strtoul(text, &rest, 10);
	unsigned long id = *rest == ':' ? strtoul(rest + 1, &rest, 10) : 0;
	const char *payload = *rest == ':' ? rest + 1 : rest;
	(void)channel_send(&channel, (enum frame_type)type, (uint32_t)id, payload, strlen(payload), file);
	fd_close(&file);
}

static void say_header(const char *text)
{
	uint32_t length = (uint32_t)strtoul(text, NULL, 10);
	uint8_t header[FRAME_HEADER_SIZE] = {'C', 'S', 'A', '1', FRAME_SCAN};
	for (int i = 0; i < 4; i++)
		header[12 + i] = (uint8_t)(length >> 8 * i);
	(void)fd_send(channel.fd, header, sizeof header, -1);
}

static void say_random(const char *text)
{
	uint8_t bytes[256];
	for (unsigned long left = strtoul(text, NULL, 10); left;) {
		size_t size = left < sizeof bytes ? left : sizeof bytes;
		if (getrandom(bytes, size, 0) != (ssize_t)size)
			give_up("random");
		if (fd_send(channel.fd, bytes, size, -1) < 0)
			return; /* it has heard enough */
		left -= size;
	}
}

static void open_file(const char *path, int flags)
{
	fd_close(&file);
	if ((file = open(path, flags | O_CLOEXEC)) < 0)
		give_up(path);
}

static void open_sparse(const char *bytes)
{
	fd_close(&file);
	file = memfd_create("sparse", MFD_CLOEXEC);
	if (file < 0 || ftruncate(file, strtoll(bytes, NULL, 10)) < 0)
		give_up("sparse");
}

static void open_pair(bool is_pipe)
{
	int pair[2];
	fd_close(&file);
	fd_close(&other);
	if (is_pipe ? pipe2(pair, O_CLOEXEC) < 0 : socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		give_up("pair");
	file = pair[0];
	other = pair[1];
}

/* A whole request, with more descriptors than anybody needs. */
static void say_hundred(const char *path)
{
	enum { HUNDRED = 100 };
	static const char request[] = "CSA1\3\0\0\0\1\0\0\0\2\0\0\0{}";
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(HUNDRED * sizeof(int))];
	} control = {0};
	struct iovec bytes = {.iov_base = (void *)(uintptr_t)request, .iov_len = sizeof request - 1};
	struct msghdr message = {.msg_iov = &bytes,
				 .msg_iovlen = 1,
				 .msg_control = control.space,
				 .msg_controllen = sizeof control.space};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int fds[HUNDRED];
	open_file(path, O_RDONLY);
	for (int i = 0; i < HUNDRED; i++)
		fds[i] = file;
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof fds);
	memcpy(CMSG_DATA(header), fds, sizeof fds);
	if (sendmsg(channel.fd, &message, MSG_NOSIGNAL) < 0)
		give_up("a hundred descriptors");
	fd_close(&file);
}

static void say_many(const char *path)
{
	open_file(path, O_RDONLY);
	/* The bytes are the beginning of a header that never ends. */
	for (int i = 0; i < 12; i++)
		(void)fd_send(channel.fd, &"CSA1\3\0\0\0\1\0\0\0"[i], 1, file);
	fd_close(&file);
}

static bool move_descriptor(const char *text)
{
	const char *rest;
	if (starts(text, "file=", &rest))
		open_file(rest, O_RDONLY);
	else if (starts(text, "path=", &rest))
		open_file(rest, O_PATH);
	else if (starts(text, "write=", &rest))
		open_file(rest, O_WRONLY);
	else if (starts(text, "sparse=", &rest))
		open_sparse(rest);
	else if (strcmp(text, "pipe") == 0 || strcmp(text, "socket") == 0)
		open_pair(*text == 'p');
	else if (starts(text, "many=", &rest))
		say_many(rest);
	else if (starts(text, "hundred=", &rest))
		say_hundred(rest);
	else
		return false;
	return true;
}

static void move(const char *text)
{
	const char *rest;
	if (move_descriptor(text))
		return;
	if (strcmp(text, "hello") == 0)
		say_frame("1:0:{\"protocol\":1}");
	else if (starts(text, "frame=", &rest))
		say_frame(rest);
	else if (starts(text, "raw=", &rest))
		(void)fd_send(channel.fd, rest, strlen(rest), -1);
	else if (starts(text, "random=", &rest))
		say_random(rest);
	else if (starts(text, "header=", &rest))
		say_header(rest);
	else if (starts(text, "wait=", &rest))
		(void)poll(NULL, 0, atoi(rest));
	else if (strcmp(text, "answer") == 0)
		(void)hear();
	else if (strcmp(text, "end") == 0)
		while (hear())
			continue;
	else
		give_up(text);
}

/* The scanner ends with the conversation, or it is killed and said to be late. */
static void wait_for(pid_t pid)
{
	int status;
	for (int waited = 0; waited < PATIENCE_MS; waited += 10) {
		if (waitpid(pid, &status, WNOHANG) == pid) {
			(void)printf("exit %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
			return;
		}
		(void)poll(NULL, 0, 10);
	}
	(void)kill(pid, SIGKILL);
	(void)puts("exit never");
}

static void connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		give_up(path);
	channel_init(&channel, fd, FRAME_PAYLOAD_MAX);
}

static pid_t start(char **command)
{
	int pair[2];
	struct why why;
	pid_t pid;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		give_up("socketpair");
	if (spawn_program(command[0], command, pair[1], 0, &pid, &why)) {
		(void)fprintf(stderr, "talk: %s\n", why.text);
		exit(EXIT_USE);
	}
	fd_close(&pair[1]);
	channel_init(&channel, pair[0], FRAME_PAYLOAD_MAX);
	return pid;
}

int main(int argc, char **argv)
{
	int moves = 1;
	pid_t pid = 0;
	const char *path;
	while (moves < argc && strcmp(argv[moves], "--") != 0)
		moves++;
	if (moves + 1 >= argc)
		return EXIT_USE;
	if (starts(argv[moves + 1], "--connect=", &path))
		connect_to(path);
	else
		pid = start(argv + moves + 1);
	for (int i = 1; i < moves; i++)
		move(argv[i]);
	channel_close(&channel);
	if (pid)
		wait_for(pid);
	return fflush(stdout) ? EXIT_USE : 0;
}
