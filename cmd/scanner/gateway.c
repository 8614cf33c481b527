/*
 * gateway.c - sockets for clamd's protocol; see gateway.h. Refuses a name instead of an address, and every address but this machine's own unless it is
 * written out.
 */
#include "gateway.h"

#include "base/fd.h"
#include "base/place.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define LOOPBACK "127.0.0.1"

/* "[ADDRESS:]PORT" in its two parts; changes `text`. 0 or -EINVAL. */
static int split(char *text, const char **ret_address, const char **ret_port)
{
	char *colon = strrchr(text, ':');
	*ret_address = colon ? text : LOOPBACK;
	*ret_port = colon ? colon + 1 : text;
	if (!colon)
		return 0;
	*colon = '\0';
	if (text[0] == '[' && colon > text && colon[-1] == ']') {
		colon[-1] = '\0';
		*ret_address = text + 1;
		return 0;
	}
	return strchr(text, ':') ? -EINVAL : 0;
}

static int listen_at(const struct addrinfo *address, int *ret_fd)
{
	int on = 1, error = 0;
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, address->ai_addr, address->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0)
		error = -errno;
	if (error)
		fd_close(&fd);
	*ret_fd = fd;
	return error;
}

static int open_network(const char *where, int *ret_fd, struct why *why)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	const char *address, *port;
	char *text = strdup(where);
	int error = !text ? -ENOMEM : split(text, &address, &port);
	if (!error && (strspn(port, "0123456789") != strlen(port) || strlen(port) > 5 || !atoi(port) ||
		       atoi(port) > 65535 || getaddrinfo(address, port, &hints, &found)))
		error = -EINVAL;
	if (error == -EINVAL)
		(void)why_set(why, error, "--clamd-listen=%.64s is not [ADDRESS:]PORT, such as 3310 or [::1]:3310",
			      where);
	else if (!error && (error = listen_at(found, ret_fd)) != 0)
		(void)why_errno(why, error, "cannot listen on %s for clamd's protocol", where);
	if (found)
		freeaddrinfo(found);
	free(text);
	return error;
}

static void add(struct gateway_options *options, int fd, bool local)
{
	options->sockets[options->count] = fd;
	options->local[options->count++] = local;
}

int gateway_open(const struct scanner_settings *settings, const char *scanner, struct gateway_sockets *ret_sockets,
		 struct why *why)
{
	struct gateway_sockets *sockets = ret_sockets;
	*sockets = (struct gateway_sockets){.network = -1, .local.lock = -1};
	if (!settings->clamd_socket && !settings->clamd_listen)
		return 0;
	if (!scanner)
		return why_set(why, -EINVAL, "clamd's protocol takes a scanner whose own socket has a path");
	int error = 0;
	if (settings->clamd_socket)
		error = listener_open(settings->clamd_socket, settings->clamd_socket_mode, &sockets->local, why);
	if (!error && settings->clamd_listen)
		error = open_network(settings->clamd_listen, &sockets->network, why);
	sockets->program = error ? NULL : place_find(PLACE_CLAMD, why);
	if (error || !sockets->program)
		return error ? error : -ENOENT;
	sockets->options = (struct gateway_options){
		.path = sockets->program, .scanner = scanner, .stream_most = settings->clamd_stream_max};
	for (unsigned i = 0; i < sockets->local.count; i++)
		add(&sockets->options, sockets->local.fds[i], true);
	if (sockets->network >= 0)
		add(&sockets->options, sockets->network, false);
	return 1;
}

void gateway_close(struct gateway_sockets *sockets)
{
	if (sockets->local.count)
		listener_close(&sockets->local);
	fd_close(&sockets->network);
	free(sockets->program);
	sockets->program = NULL;
}
