/*
 * session.c - a whole conversation in clamd's protocol with a client that sends everything at once and then listens: it ends, each answer
 * is a line, and no more room in memory is counted than was sent. No scanner runs, so no message is clean.
 */
#include "fuzz.h"
#include "mutator.h"

#include "gateway/session.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What fits into a socket without a reader. */
#define INPUT_MOST 16384u

static void check_answers(int fd)
{
	static char answers[(1 << 20) + 1];
	ssize_t got;
	size_t size = 0;
	while ((got = recv(fd, answers + size, sizeof answers - 1 - size, MSG_DONTWAIT)) > 0)
		size += (size_t)got;
	answers[size] = 0;
	PROMISE(!size || answers[size - 1] == '\n' || answers[size - 1] == '\0');
	/* Names of files are told byte for byte, as clamd does, but for what would end the line. */
	PROMISE(!memchr(answers, '\r', size));
	for (size_t at = 0; at < size; at += strcspn(answers + at, "\n") + 1) {
		const char *line = answers + at + strspn(answers + at, "0123456789: ");
		PROMISE(strncmp(line, "stream: OK", 10) != 0 || (line[10] && line[10] != '\n'));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int pair[2];
	_Atomic uint64_t held = 0;
	const struct session_options options = {
		.scanner = "/nonexistent/socket", .stream_most = 4096, .held = &held, .held_count = 1};
	size = size < INPUT_MOST ? size : INPUT_MOST;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return 0;
	PROMISE(send(pair[0], data, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size);
	(void)shutdown(pair[0], SHUT_WR);
	/* All answers wait in the socket until the conversation is over. */
	const int room = 64 << 20;
	(void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
	(void)session_run(pair[1], &options);
	/* What a conversation that broke off had counted goes with its process. */
	PROMISE(held <= options.stream_most + INPUT_MOST);
	check_answers(pair[0]);
	(void)close(pair[0]);
	return 0;
}

FUZZ_MUTATOR(mutate_lines)
