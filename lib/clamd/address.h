/*
 * address.h - where a clamd listens: as people write it, and as sockets want it.
 *
 * Called by clamd.c, and by the programs to check a configuration.
 */
#ifndef CSAPI_CLAMD_ADDRESS_H
#define CSAPI_CLAMD_ADDRESS_H

#include "base/why.h"

#include <stdbool.h>
#include <sys/socket.h>

#define ADDRESS_PORT        3310 /* where none is said: clamd.conf(5), TCPSocket */
#define ADDRESS_SOCKETS_MAX 8    /* numeric addresses of one name that are tried */

struct address {
	char *text; /* as it was written; owned */
	struct {
		struct sockaddr_storage name;
		socklen_t size;
	} sockets[ADDRESS_SOCKETS_MAX];
	unsigned count;
};

/*
 * "host:port", "host", "[2001:db8::1]:port", "2001:db8::1", "/path/of/socket" or "unix:/path/of/socket". Without `resolve` names are not looked up, and
 * only the form is checked; with it a look-up may take as long as the system's resolver does. 0 (address_free it); -EINVAL (no address), -EHOSTUNREACH (no
 * such name) with why; -ENOMEM.
 */
int address_parse(const char *text, bool resolve, struct address *ret_address, struct why *why);
void address_free(struct address *address);

#endif
