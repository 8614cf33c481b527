/*
 * local_address.c - a connect(2) that binds first; see local_address.h.
 */
#include "fetch/local_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static union {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
} from = {.any = {.sa_family = AF_UNSPEC}};

int local_address_set(const char *address)
{
	if (inet_pton(AF_INET, address, &from.v4.sin_addr) == 1)
		from.v4.sin_family = AF_INET;
	else if (inet_pton(AF_INET6, address, &from.v6.sin6_addr) == 1)
		from.v6.sin6_family = AF_INET6;
	else
		return -EINVAL;
	return 0;
}

/* libcurl finds this one before libc's. */
int connect(int fd, const struct sockaddr *to, socklen_t size)
{
	bool internet = to->sa_family == AF_INET || to->sa_family == AF_INET6;
	if (internet && from.any.sa_family != AF_UNSPEC) {
		if (to->sa_family != from.any.sa_family) {
			errno = EAFNOSUPPORT;
			return -1;
		}
		if (bind(fd, &from.any, to->sa_family == AF_INET ? sizeof from.v4 : sizeof from.v6) < 0)
			return -1;
	}
	return (int)syscall(SYS_connect, fd, to, size);
}
