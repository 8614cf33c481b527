/*
 * landlock.h - Landlock: no file but those in one directory, no network, no signal to anybody outside.
 *
 * Has the kernel's constants of its own, so that what the running kernel offers counts and not what the headers know.
 * Called by sandbox.c.
 */
#ifndef CSAPI_PROCESS_SANDBOX_LANDLOCK_H
#define CSAPI_PROCESS_SANDBOX_LANDLOCK_H

#include "base/why.h"

/* The newest ABI that the kernel and we know, held down to `most` (0: not held). 0, or -errno with why it is not to be had. */
int landlock_find(unsigned most, unsigned *ret_abi, struct why *why);
/*
 * Of the files, leaves this process only those at and below `directory`, and for reading those at and below `readable` (NULL: none). Needs
 * no_new_privs. 0 or -errno.
 */
int landlock_enter(unsigned abi, const char *directory, const char *readable);

#endif
