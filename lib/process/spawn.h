/*
 * spawn.h - starts one of our programs with one descriptor for it to talk on.
 *
 * Called by client (the scanner) and supervisor (the worker).
 */
#ifndef CSAPI_PROCESS_SPAWN_H
#define CSAPI_PROCESS_SPAWN_H

#include "base/why.h"

#include <sys/types.h>

/* The number that the descriptor has in the program that was started. */
#define SPAWN_FD 3

/* Flags: */
#define SPAWN_OWN_GROUP 1u /* it leads a process group of its own, so that it can be ended with all that it forked */
#define SPAWN_ALONE     2u /* from within somebody else's program: it prints nowhere, and gets no descriptor but `fd` */

/*
 * Starts `path` (no search along PATH) with `argv` and our environment; `fd` becomes SPAWN_FD there, standard input is
 * /dev/null, standard output our standard error, and every signal is at its default. `flags` as above. `fd` stays the caller's. 0 with the
 * pid, which the caller must wait for; -errno with why, also when the program cannot be executed.
 */
int spawn_program(const char *path, char *const argv[], int fd, unsigned flags, pid_t *ret_pid, struct why *why);

#endif
