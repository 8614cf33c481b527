/*
 * limits.c - asks a scanner that runs for its limits, which its greeting tells; see client.h. Submits nothing.
 */
#include "process/client.h"
#include "process/client/connection.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Where the other side listens; what was named, if that cannot be told. Caller frees; NULL: no memory. */
static char *place_of(int fd, const char *named)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t size = sizeof address;
	const size_t start = offsetof(struct sockaddr_un, sun_path);
	if (getpeername(fd, (struct sockaddr *)&address, &size) < 0 || size <= start || size > sizeof address ||
	    !address.sun_path[0])
		return strdup(named ? named : "?");
	return strndup(address.sun_path, size - start);
}

int client_limits(const char *socket, int timeout_ms, struct limits *ret_limits, char **ret_socket, struct why *why)
{
	struct channel channel;
	struct hello hello;
	int error = connection_find(socket, NULL, timeout_ms, &channel, &hello, why);
	if (error)
		return error;
	*ret_limits = hello.limits;
	*ret_socket = place_of(channel.fd, socket);
	channel_close(&channel);
	hello_free(&hello);
	return *ret_socket ? 0 : why_errno(why, -ENOMEM, "cannot tell where the scanner listens");
}
