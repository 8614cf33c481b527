/*
 * gateway.c - the process that speaks clamd's protocol for the scanner: started, and started again when it ends; see service.h.
 *
 * It is a client like others, and has no part in what this process does: its end costs the conversations that it had.
 */
#include "process/supervisor/service.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "process/spawn.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* Before one that ended is started anew. */
#define RESTART_MS 1000
/* It kills its clients' processes when its lifeline ends; then it is killed itself. */
#define END_MS 2000

static int spawn(const struct supervisor *supervisor, int socket, pid_t *ret_pid, struct why *why)
{
	const struct gateway_options *options = supervisor->options->gateway;
	char count[16], stream[24], user[16], group[16];
	(void)snprintf(count, sizeof count, "%u", options->count);
	(void)snprintf(stream, sizeof stream, "%" PRIu64, options->stream_most);
	(void)snprintf(user, sizeof user, "%ld", supervisor->options->drop ? (long)supervisor->options->user : -1L);
	(void)snprintf(group, sizeof group, "%ld", supervisor->options->drop ? (long)supervisor->options->group : -1L);
	const char *argv[] = {options->path, options->scanner, count, stream, user, group, NULL};
	return spawn_program(options->path, (char *const *)(uintptr_t)argv, socket, SPAWN_OWN_GROUP, ret_pid, why);
}

void gateway_start(struct supervisor *supervisor)
{
	const struct gateway_options *options = supervisor->options->gateway;
	struct gateway *gateway = &supervisor->gateway;
	struct why why = {""};
	int pair[2] = {-1, -1};
	gateway->lifeline = -1;
	gateway->restart_at = CLOCK_NEVER;
	if (!options || supervisor->stopping)
		return;
	int error = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 ? -errno : 0;
	error = error ? error : spawn(supervisor, pair[1], &gateway->pid, &why);
	fd_close(&pair[1]);
	for (unsigned i = 0; !error && i < options->count; i++)
		if (fd_send(pair[0], options->local[i] ? "u" : "t", 1, options->sockets[i]) != 1)
			error = -EPIPE;
	gateway->lifeline = pair[0];
	if (!error)
		return;
	log_write(LOG_LEVEL_ERROR, "clamd's protocol is not spoken for now: %s",
		  *why.text ? why.text : strerror(-error));
	gateway->restart_at = clock_now() + RESTART_MS;
}

void gateway_reap(struct supervisor *supervisor)
{
	struct gateway *gateway = &supervisor->gateway;
	if (gateway->pid <= 0 || waitpid(gateway->pid, NULL, WNOHANG) != gateway->pid)
		return;
	/* Its clients' processes went with it, or end with their clients. */
	(void)kill(-gateway->pid, SIGKILL);
	gateway->pid = 0;
	fd_close(&gateway->lifeline);
	if (supervisor->stopping)
		return;
	log_write(LOG_LEVEL_WARNING, "the process for clamd's protocol ended, and is started again");
	gateway->restart_at = clock_now() + RESTART_MS;
}

int64_t gateway_deadline(const struct supervisor *supervisor)
{
	return supervisor->gateway.restart_at;
}

void gateway_expire(struct supervisor *supervisor)
{
	if (clock_now() >= supervisor->gateway.restart_at)
		gateway_start(supervisor);
}

void gateway_end(struct supervisor *supervisor)
{
	struct gateway *gateway = &supervisor->gateway;
	int64_t deadline = clock_now() + END_MS;
	fd_close(&gateway->lifeline);
	if (gateway->pid <= 0)
		return;
	while (waitpid(gateway->pid, NULL, WNOHANG) == 0) {
		if (clock_now() >= deadline) {
			(void)kill(-gateway->pid, SIGKILL);
			(void)waitpid(gateway->pid, NULL, 0);
			break;
		}
		(void)poll(NULL, 0, 1);
	}
	(void)kill(-gateway->pid, SIGKILL);
	gateway->pid = 0;
}
