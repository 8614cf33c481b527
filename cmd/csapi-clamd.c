/*
 * csapi-clamd.c - clamd's protocol in front of csapi-scanner, which starts this program with the sockets; see csapi-scanner(8).
 *
 * Of no use by itself.
 */
#include "base/fd.h"
#include "format/json_memory.h"
#include "gateway/server.h"
#include "process/spawn.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

/* The sockets come at once. */
#define PATIENCE_MS 10000
#define ARGUMENTS   9

static int misuse(void)
{
	(void)fputs("csapi-clamd: started by csapi-scanner --clamd-socket or --clamd-listen; of no use by itself\n",
		    stderr);
	return 2;
}

/* One socket, with a byte that says of which kind it is. 0 or -errno. */
static int take_socket(struct server_options *options)
{
	struct pollfd wait = {.fd = SPAWN_FD, .events = POLLIN};
	char kind = 0;
	int fd = -1;
	if (poll(&wait, 1, PATIENCE_MS) <= 0)
		return -ETIMEDOUT;
	ssize_t got = fd_receive(SPAWN_FD, &kind, 1, &fd);
	if (got != 1 || fd < 0 || (kind != 'u' && kind != 't')) {
		fd_close(&fd);
		return got < 0 ? (int)got : -EPROTO;
	}
	options->local[options->count] = kind == 'u';
	options->sockets[options->count++] = fd;
	return 0;
}

/* SCANNER-SOCKET SOCKETS STREAM-MOST UID GID MAX-AGE PARANOID PART-BY-PART; -1 for both ids: nobody to become. */
static int read_arguments(char **argv, unsigned *ret_sockets, struct session_options *session)
{
	unsigned long long stream = strtoull(argv[3], NULL, 10);
	long user = strtol(argv[4], NULL, 10), group = strtol(argv[5], NULL, 10);
	*ret_sockets = (unsigned)strtoul(argv[2], NULL, 10);
	*session = (struct session_options){.scanner = argv[1],
					    .max_age = strtoull(argv[6], NULL, 10),
					    .paranoid = argv[7][0] == '1',
					    .part_by_part = argv[8][0] == '1',
					    .stream_most = stream,
					    .drop = user > 0,
					    .user = (uid_t)user,
					    .group = (gid_t)group};
	return *ret_sockets >= 1 && *ret_sockets <= SERVER_SOCKETS_MOST && stream ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
	struct server_options options = {.lifeline = SPAWN_FD};
	unsigned sockets;
	struct why why = {""};
	int type;
	socklen_t size = sizeof type;
	if (argc != ARGUMENTS || read_arguments(argv, &sockets, &options.session) ||
	    getsockopt(SPAWN_FD, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
		return misuse();
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)signal(SIGPIPE, SIG_IGN);
	json_memory_guard();
	int error = 0;
	while (!error && options.count < sockets)
		error = take_socket(&options);
	error = error ? error : server_run(&options, &why);
	if (error)
		(void)fprintf(stderr, "csapi-clamd: %s\n", *why.text ? why.text : strerror(-error));
	return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
