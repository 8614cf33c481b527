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
	char *path;   /* made by us and removed at the end; NULL: handed over by the service manager */
	char *shown;  /* path for status: ours, or that of the first socket handed over; NULL: it has none */
	int lock;     /* the file PATH.lock, held for as long as we listen; -1: none */
	dev_t device; /* of the socket made by us: what was replaced by others is not removed */
	ino_t inode;
};

/*
 * XDG_RUNTIME_DIR/csapi/scanner.sock; for root, and where that variable is no absolute path, /run/csapi/scanner.sock. Caller
 * frees; NULL: no memory.
 */
char *listener_default_path(void);
/*
 * Where a client looks, in this order: CSAPI_SOCKET alone if it is set; else the user's own, then /run/csapi/scanner.sock. Root
 * trusts no directory of another user: for root the last alone. At most two; caller frees each; count of them, or -ENOMEM.
 */
int listener_candidates(char *ret_paths[2]);

/*
 * Takes the sockets that the service manager handed over (LISTEN_PID, LISTEN_FDS; the variables are removed, whoever they
 * were meant for). 1: there were some, 0: none, -errno with why (one is not a listening unix stream socket; more than
 * LISTENER_MOST; all are closed then).
 */
int listener_activate(struct listener *ret_listener, struct why *why);
/*
 * Listens on a path, with the longest queue that the kernel allows. Its directory is made (0755 for root, 0700 else) if it is
 * missing and the one above is there. A path left behind by a scanner that is gone is replaced; -EADDRINUSE when one is alive
 * there (decided by a lock on the file PATH.lock, so that two that start at once cannot both win); -ENAMETOOLONG above 107
 * bytes; -EEXIST when something else than a socket is there. `mode` of the socket, whatever the umask is. 0 or -errno with why.
 */
int listener_open(const char *path, mode_t mode, struct listener *ret_listener, struct why *why);
/* Closes, and removes the socket and the lock that listener_open made; the directory stays. */
void listener_close(struct listener *listener);

#endif
