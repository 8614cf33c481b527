/*
 * filter.h - which system calls a worker may make: seccomp, made once in the zygote, entered by each worker.
 *
 * The only door to libseccomp. Whatever is not allowed kills the process, so that a library which needs more is an error
 * with a name (SIGSYS) and never a file left out. Called by sandbox.c.
 */
#ifndef CSAPI_PROCESS_SANDBOX_FILTER_H
#define CSAPI_PROCESS_SANDBOX_FILTER_H

#include "base/why.h"

/* What it is for: each has calls of its own beside those of all. */
enum filter_use { FILTER_SCAN, FILTER_LOAD };

/*
 * Makes the program for workers whose only socket is the descriptor `channel`, or for a process that loads definitions, which has none. Once per
 * process. 0 or -errno with why.
 */
int filter_make(enum filter_use use, int channel, struct why *why);
/* Enters it, for good. Needs no_new_privs. 0 or -errno. */
int filter_enter(void);

#endif
