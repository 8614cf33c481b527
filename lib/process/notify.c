/*
 * notify.c - datagrams to the service manager; see notify.h. Refuses to wait for it.
 */
#include "process/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int notify_send(const char *state)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (!name || !*name)
		return 0;
	size_t length = strlen(name);
	/* A path, or an abstract name written with "@"; there is no other kind on one machine. */
	if ((name[0] != '/' && name[0] != '@') || length < 2 || length >= sizeof address.sun_path)
		return -EINVAL;
	memcpy(address.sun_path, name, length);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	ssize_t sent;
	do
		sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address, size);
	while (sent < 0 && errno == EINTR);
	int error = sent < 0 ? -errno : 0;
	(void)close(fd);
	return error;
}
