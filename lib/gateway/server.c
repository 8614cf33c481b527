/*
 * server.c - processes for clients; see server.h. Refuses to read a byte of what a client sends.
 */
#include "gateway/server.h"

#include "base/fd.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A fork that fails, or no descriptor for a client: before the next try. */
#define PAUSE_MS 100

struct server {
	const struct server_options *options;
	int signals;
	sigset_t before; /* what the clients' processes have */
	pid_t clients[SERVER_CLIENTS_MOST];
	unsigned count;
	bool stopping;
};

static void reap(struct server *server)
{
	pid_t pid;
	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (unsigned i = 0; i < server->count; i++)
			if (server->clients[i] == pid) {
				server->clients[i] = server->clients[--server->count];
				break;
			}
}

static void take_signals(struct server *server)
{
	struct signalfd_siginfo info;
	while (read(server->signals, &info, sizeof info) == sizeof info)
		server->stopping |= info.ssi_signo != SIGCHLD;
	reap(server);
}

/* In the child: nothing of the parent's stays open. Does not return. */
static void serve_client(struct server *server, int client, bool local)
{
	const struct server_options *options = server->options;
	struct session_options session = options->session;
	session.local = local;
	(void)sigprocmask(SIG_SETMASK, &server->before, NULL);
	(void)close(server->signals);
	(void)close(options->lifeline);
	for (unsigned i = 0; i < options->count; i++)
		(void)close(options->sockets[i]);
	_exit(session_run(client, &session));
}

/* False: it is better to pause. */
static bool accept_client(struct server *server, unsigned number)
{
	int client = accept4(server->options->sockets[number], NULL, NULL, SOCK_CLOEXEC);
	if (client < 0)
		return errno == EAGAIN || errno == ECONNABORTED || errno == EINTR;
	pid_t pid = fork();
	if (pid == 0)
		serve_client(server, client, server->options->local[number]);
	(void)close(client);
	if (pid > 0)
		server->clients[server->count++] = pid;
	return pid > 0;
}

static int open_signals(struct server *server)
{
	sigset_t set;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, &server->before) < 0)
		return -errno;
	server->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return server->signals < 0 ? -errno : 0;
}

static void end_clients(struct server *server)
{
	for (unsigned i = 0; i < server->count; i++)
		(void)kill(server->clients[i], SIGKILL);
	while (server->count && waitpid(-1, NULL, 0) > 0)
		server->count--;
}

int server_run(const struct server_options *options, struct why *why)
{
	static struct server server;
	server = (struct server){.options = options};
	int error = open_signals(&server);
	if (error)
		return why_errno(why, error, "cannot wait for clients");
	while (!server.stopping) {
		struct pollfd waits[SERVER_SOCKETS_MOST + 2] = {{.fd = options->lifeline, .events = POLLIN},
								{.fd = server.signals, .events = POLLIN}};
		bool room = server.count < SERVER_CLIENTS_MOST;
		for (unsigned i = 0; i < options->count; i++)
			waits[i + 2] = (struct pollfd){.fd = room ? options->sockets[i] : -1, .events = POLLIN};
		if (poll(waits, options->count + 2, -1) < 0 && errno != EINTR)
			break;
		if (waits[1].revents)
			take_signals(&server);
		server.stopping |= waits[0].revents != 0;
		bool well = true;
		for (unsigned i = 0; i < options->count && !server.stopping && server.count < SERVER_CLIENTS_MOST; i++)
			if (waits[i + 2].revents)
				well &= accept_client(&server, i);
		if (!well)
			(void)poll(NULL, 0, PAUSE_MS);
	}
	end_clients(&server);
	(void)close(server.signals);
	return 0;
}
