/*
 * spawn.h - starts one of our programs with one descriptor for it to talk on.
 *
 * Called by client (the scanner) and supervisor (the worker).
 */
#ifndef CSAPI_PROCESS_SPAWN_H
#define CSAPI_PROCESS_SPAWN_H

#include "base/why.h"

#include <stdbool.h>
#include <sys/types.h>

/* The number that the descriptor has in the program that was started. */
#define SPAWN_FD 3

/*
 * Starts `path` (no search along PATH) with `argv` and our environment; `fd` becomes SPAWN_FD there, standard input is
 * /dev/null, standard output our standard error, and every signal is at its default. With
 * `own_group` it leads a process group of its own, so that it can be ended with all that it forked. `fd` stays the caller's. 0 with the
 * pid, which the caller must wait for; -errno with why, also when the program cannot be executed.
 */
int spawn_program(const char *path, char *const argv[], int fd, bool own_group, pid_t *ret_pid, struct why *why);

#endif
