/*
 * listener.h - the unix sockets that a resident scanner listens on, and where clients look for them.
 *
 * Called by cmd/csapi-scanner.c (listen) and client (candidates).
 */
#ifndef CSAPI_PROCESS_LISTENER_H
#define CSAPI_PROCESS_LISTENER_H

#include "base/why.h"

#include <stdbool.h>
#include <sys/types.h>

#define LISTENER_MOST 4

struct listener {
	int fds[LISTENER_MOST]; /* owned; CLOEXEC, non-blocking */
	unsigned count;
	char *path;  /* made by us and removed at the end; NULL: handed over by the service manager */
	char *shown; /* path for status: ours, or that of the first socket handed over; NULL: it has none */
	int lock;    /* beside the path, held for as long as we listen; -1: none */
};

/* XDG_RUNTIME_DIR/csapi/scanner.sock; for root, and where that variable is unset, /run/csapi/scanner.sock. Caller frees; NULL: no memory. */
char *listener_default_path(void);
/*
 * Where a client looks, in this order: CSAPI_SOCKET alone if it is set; else the user's own, then /run/csapi/scanner.sock. At most two; caller frees
 * each; count of them, or -ENOMEM.
 */
int listener_candidates(char *ret_paths[2]);

/*
 * Takes the sockets that the service manager handed over (LISTEN_PID, LISTEN_FDS; the variables are removed). 1: there were some, 0:
 * none, -errno with why (one is not a listening unix stream socket).
 */
int listener_activate(struct listener *ret_listener, struct why *why);
/*
 * Listens on a path. Its directory is made (0755 for root, 0700 else) if it is missing. A path left behind by a scanner that is gone is replaced; -EADDRINUSE
 * when one is alive there (decided by a lock file beside it, so that two that start at once cannot both win). `mode` of the socket. 0 or -errno
 * with why.
 */
int listener_open(const char *path, mode_t mode, struct listener *ret_listener, struct why *why);
/* Closes, and removes what listener_open made. */
void listener_close(struct listener *listener);

#endif
