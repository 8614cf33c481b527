/*
 * clamd-client.c - the least that a client of clamd can be: it passes descriptors over clamd's unix socket and prints the answers.
 *
 *     clamd-client SOCKET <MESSAGE             one message
 *     clamd-client -j N SOCKET FILE...         many, over N connections at once, answers in the order of the files
 *
 * It is what the scanner is measured against where clamdscan's own cost would hide clamd's. Each message has a connection of its
 * own, as a milter's does. Called by test/bench/run.py.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECTIONS_MOST 256
#define ANSWER_MOST      1024
#define SILENCE_MS       120000

struct connection {
	int fd; /* -1: free */
	size_t file, used;
	char answer[ANSWER_MOST];
};

static struct sockaddr_un address = {.sun_family = AF_UNIX};

static int fail(const char *what, const char *name)
{
	fprintf(stderr, "clamd-client: %s %s: %s\n", what, name, strerror(errno));
	exit(2);
}

/* One command and one byte with the descriptor: clamd wants the descriptor in a call of its own. */
static int ask(int message)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address))
		return fail("cannot reach", address.sun_path);
	if (send(fd, "zFILDES", 8, MSG_NOSIGNAL) != 8)
		return fail("cannot write to", address.sun_path);

	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	struct iovec byte = {.iov_base = (char[]){0}, .iov_len = 1};
	struct msghdr header = {
		.msg_iov = &byte, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
	struct cmsghdr *passed = CMSG_FIRSTHDR(&header);
	passed->cmsg_level = SOL_SOCKET;
	passed->cmsg_type = SCM_RIGHTS;
	passed->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(passed), &message, sizeof message);
	if (sendmsg(fd, &header, MSG_NOSIGNAL) != 1)
		return fail("cannot write to", address.sun_path);
	return fd;
}

/* True once the whole answer is there: it ends with NUL. */
static int take(struct connection *connection)
{
	ssize_t got = read(connection->fd, connection->answer + connection->used, ANSWER_MOST - 1 - connection->used);
	if (got < 0)
		return fail("cannot read from", address.sun_path);
	connection->used += (size_t)got;
	connection->answer[connection->used] = '\0';
	return !got || connection->used == ANSWER_MOST - 1 || memchr(connection->answer, 0, connection->used) != NULL;
}

/* The answer without clamd's own name for the descriptor. */
static char *verdict(struct connection *connection)
{
	char *colon = strstr(connection->answer, ": ");
	char *text = strdup(colon ? colon + 2 : "no answer");
	return text ? text : (fail("cannot keep", "an answer"), NULL);
}

static void begin(struct connection *connection, size_t file, const char *path)
{
	int message = open(path, O_RDONLY | O_CLOEXEC);
	if (message < 0)
		fail("cannot open", path);
	*connection = (struct connection){.fd = ask(message), .file = file};
	close(message);
}

static void wait_for_some(struct connection *connections, unsigned most, char **verdicts, size_t *left)
{
	struct pollfd polls[CONNECTIONS_MOST];
	for (unsigned i = 0; i < most; i++)
		polls[i] = (struct pollfd){.fd = connections[i].fd, .events = POLLIN};
	int ready = poll(polls, most, SILENCE_MS);
	if (ready <= 0) {
		errno = ready ? errno : ETIMEDOUT;
		fail("cannot wait for", address.sun_path);
	}
	for (unsigned i = 0; i < most; i++) {
		if (connections[i].fd < 0 || !polls[i].revents || !take(&connections[i]))
			continue;
		verdicts[connections[i].file] = verdict(&connections[i]);
		close(connections[i].fd);
		connections[i].fd = -1;
		--*left;
	}
}

static void scan_many(unsigned most, char **files, size_t count)
{
	static struct connection connections[CONNECTIONS_MOST];
	char **verdicts = calloc(count + 1, sizeof *verdicts);
	if (!verdicts)
		fail("cannot keep", "answers");
	for (unsigned i = 0; i < most; i++)
		connections[i].fd = -1;
	size_t next = 0, left = count;
	while (left) {
		for (unsigned i = 0; i < most && next < count; i++) {
			if (connections[i].fd < 0) {
				begin(&connections[i], next, files[next]);
				next++;
			}
		}
		wait_for_some(connections, most, verdicts, &left);
	}
	for (size_t i = 0; i < count; i++) {
		printf("%s: %s\n", files[i], verdicts[i]);
		free(verdicts[i]);
	}
	free(verdicts);
}

static void scan_input(void)
{
	struct connection connection = {.fd = ask(STDIN_FILENO)};
	while (!take(&connection))
		continue;
	char *text = verdict(&connection);
	printf("-: %s\n", text);
	free(text);
	close(connection.fd);
}

int main(int argc, char **argv)
{
	unsigned long most = 1;
	int option;
	while ((option = getopt(argc, argv, "j:")) != -1) {
		if (option != 'j' || !(most = strtoul(optarg, NULL, 10)) || most > CONNECTIONS_MOST)
			return 2;
	}
	if (optind >= argc || strlen(argv[optind]) >= sizeof address.sun_path) {
		fputs("usage: clamd-client [-j N] SOCKET [FILE...]\n", stderr);
		return 2;
	}
	memcpy(address.sun_path, argv[optind], strlen(argv[optind]) + 1);
	if (optind + 1 < argc)
		scan_many((unsigned)most, argv + optind + 1, (size_t)(argc - optind - 1));
	else
		scan_input();
	return 0;
}
