/*
 * talk.c - starts a scanner and says to it what no honest client says; prints what it answers.
 *
 * usage: talk MOVE... -- SCANNER [ARGUMENT]...
 *
 * Moves, in order: hello (a greeting), frame=TYPE:ID:PAYLOAD (a frame), file=PATH (goes with the next frame), many=PATH
 * (twelve bytes of a header that never ends, each with a descriptor), raw=TEXT (bytes), header=LENGTH (the header of a
 * request with a payload of that length), answer (wait for one frame), end (wait until it closes, printing every frame).
 * Each answer is a line "TYPE ID PAYLOAD", TYPE a number of format/frame.h; the last line is "exit STATUS". Used by
 * test/process.bats.
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
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 20000
#define EXIT_USE    125

static struct channel channel;
static int file = -1;

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

/* One frame that the scanner sent; false: it closed. */
static bool hear(void)
{
	struct frame frame;
	const char *payload;
	int error;
	int64_t deadline = clock_now() + PATIENCE_MS;
	while ((error = channel_next(&channel, &frame, &payload)) == -EAGAIN) {
		struct pollfd wait = {.fd = channel.fd, .events = POLLIN};
		if (poll(&wait, 1, clock_poll_timeout(deadline)) <= 0) {
			(void)puts("silence");
			return false;
		}
		if (channel_receive(&channel) <= 0)
			return false;
	}
	if (error)
		give_up("the answer is no frame");
	(void)printf("%d %u %.*s\n", (int)frame.type, frame.id, (int)frame.length, payload);
	channel_drop(&channel, &frame);
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

static void open_file(const char *path)
{
	fd_close(&file);
	if ((file = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		give_up(path);
}

static void say_many(const char *path)
{
	open_file(path);
	/* The bytes are the beginning of a header that never ends. */
	for (int i = 0; i < 12; i++)
		(void)fd_send(channel.fd, &"CSA1\3\0\0\0\1\0\0\0"[i], 1, file);
	fd_close(&file);
}

static void move(const char *text)
{
	const char *rest;
	if (strcmp(text, "hello") == 0)
		say_frame("1:0:{\"protocol\":1}");
	else if (starts(text, "frame=", &rest))
		say_frame(rest);
	else if (starts(text, "file=", &rest))
		open_file(rest);
	else if (starts(text, "many=", &rest))
		say_many(rest);
	else if (starts(text, "raw=", &rest))
		(void)fd_send(channel.fd, rest, strlen(rest), -1);
	else if (starts(text, "header=", &rest))
		say_header(rest);
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

int main(int argc, char **argv)
{
	int moves = 1, pair[2];
	struct why why;
	pid_t pid;
	while (moves < argc && strcmp(argv[moves], "--") != 0)
		moves++;
	if (moves + 1 >= argc || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return EXIT_USE;
	if (spawn_program(argv[moves + 1], argv + moves + 1, pair[1], false, &pid, &why)) {
		(void)fprintf(stderr, "talk: %s\n", why.text);
		return EXIT_USE;
	}
	fd_close(&pair[1]);
	channel_init(&channel, pair[0], FRAME_PAYLOAD_MAX);
	for (int i = 1; i < moves; i++)
		move(argv[i]);
	channel_close(&channel);
	wait_for(pid);
	return fflush(stdout) ? EXIT_USE : 0;
}
