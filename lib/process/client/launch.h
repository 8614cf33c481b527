/*
 * launch.h - a private scanner: started for one client, ended with it.
 *
 * Called by client.c.
 */
#ifndef CSAPI_PROCESS_CLIENT_LAUNCH_H
#define CSAPI_PROCESS_CLIENT_LAUNCH_H

#include "base/why.h"
#include "process/client.h"

#include <sys/types.h>

/* Starts the scanner with the options and `workers` workers. 0 with its pid and our end of its socket, or -errno with why. */
int launch_start(const struct client_options *options, unsigned workers, pid_t *ret_pid, int *ret_fd, struct why *why);
/* Waits for a scanner whose socket is closed; kills it after a second. False: it did not clean up behind itself. */
bool launch_end(pid_t pid);

#endif
