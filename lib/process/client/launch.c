/*
 * launch.c - starts a private scanner with the client's options as arguments; see launch.h.
 */
#include "process/client/launch.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/place.h"
#include "process/spawn.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define CLOSE_MS       1000
#define ARGUMENTS_MOST (9 + LIMIT_COUNT)

/* Adds "--key=value"; the caller frees all of them. */
static int add_argument(char **arguments, unsigned *count, const char *key, const char *value)
{
	assert(*count < ARGUMENTS_MOST - 1);
	char *argument = NULL;
	if (asprintf(&argument, "--%s=%s", key, value) < 0)
		return -ENOMEM;
	for (char *c = argument + 2; *c && *c != '='; c++)
		if (*c == '_')
			*c = '-';
	arguments[(*count)++] = argument;
	return 0;
}

/* More than the option takes that csapi-scan shares: a scanner that runs may have been given it by -o. */
static int add_limit(char **arguments, unsigned *count, enum limit limit, uint64_t value)
{
	const struct limit_row *row = limits_row(limit);
	bool beyond = limit == LIMIT_max_cumulative_extract_size && value > row->max;
	char text[64];
	(void)snprintf(text, sizeof text, "%s%" PRIu64, beyond ? "maxCumulativeExtractSize=" : "", value);
	return add_argument(arguments, count, beyond ? "option" : row->key, text);
}

static int make_arguments(const struct client_options *options, unsigned workers, const char *path, char **arguments)
{
	char number[32];
	unsigned count = 0;
	arguments[count++] = strdup(path);
	int error = arguments[0] ? 0 : -ENOMEM;
	(void)snprintf(number, sizeof number, "%d", SPAWN_FD);
	error = error ? error : add_argument(arguments, &count, "private", number);
	(void)snprintf(number, sizeof number, "%u", workers);
	error = error ? error : add_argument(arguments, &count, "max_concurrency", number);
	if (!error && options->definitions)
		error = add_argument(arguments, &count, "definitions", options->definitions);
	if (!error && options->passwords)
		error = add_argument(arguments, &count, "passwords", options->passwords);
	if (!error && options->file_base)
		error = add_argument(arguments, &count, "file_base", options->file_base);
	if (!error && options->no_engine) {
		arguments[count++] = strdup("--no-engine");
		error = arguments[count - 1] ? 0 : -ENOMEM;
	}
	for (int i = 0; !error && i < LIMIT_COUNT; i++) {
		const struct limits *limits = options->limits.set[i] ? &options->limits : &options->usual;
		if (limits->set[i])
			error = add_limit(arguments, &count, (enum limit)i, limits->value[i]);
	}
	return error;
}

int launch_start(const struct client_options *options, unsigned workers, pid_t *ret_pid, int *ret_fd, struct why *why)
{
	char *arguments[ARGUMENTS_MOST] = {NULL};
	int pair[2] = {-1, -1};
	why->text[0] = '\0';
	char *path = options->scanner_path ? strdup(options->scanner_path) : place_find(PLACE_SCANNER, why);
	int error = path ? make_arguments(options, workers, path, arguments) : -ENOENT;
	if (!error && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		error = why_errno(why, -errno, "no socket");
	for (int i = 0; i < 2 && !error; i++)
		if ((pair[i] = fd_raise(pair[i])) < 0)
			error = why_errno(why, -errno, "no socket");
	unsigned flags = options->alone ? SPAWN_ALONE : 0;
	error = error ? error : spawn_program(path, arguments, pair[1], flags, ret_pid, why);
	fd_close(&pair[1]);
	for (unsigned i = 0; i < ARGUMENTS_MOST; i++)
		free(arguments[i]);
	free(path);
	if (error) {
		fd_close(&pair[0]);
		return *why->text ? error : why_errno(why, error, "the scanner cannot be started");
	}
	*ret_fd = pair[0];
	return 0;
}

bool launch_end(pid_t pid)
{
	int64_t deadline = clock_now() + CLOSE_MS;
	int status = 0;
	pid_t ended;
	while ((ended = waitpid(pid, &status, WNOHANG)) == 0) {
		if (clock_now() >= deadline) {
			(void)kill(pid, SIGKILL);
			ended = waitpid(pid, &status, 0);
			break;
		}
		(void)poll(NULL, 0, 1);
	}
	return ended == pid && WIFEXITED(status);
}
