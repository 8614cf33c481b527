/*
 * probe.h - tries what a worker must not be able to do, from where a worker is.
 *
 * Called by sandbox.c.
 */
#ifndef CSAPI_PROCESS_SANDBOX_PROBE_H
#define CSAPI_PROCESS_SANDBOX_PROBE_H

#include "base/why.h"
#include "verdict/isolation.h"

#include <sys/types.h>

struct probe {
	int (*enter)(void *context); /* what a worker does first: 0 or -errno */
	void *context;
	const char *definitions; /* to be read; NULL: not tried */
	const char *outside;     /* a directory to be written to */
	pid_t scanner;           /* to be signalled and traced */
};

/* One child for each row of isolation.def. 0 with their outcomes, or -errno with why: nothing is known then. */
int probe_run(const struct probe *probe, struct isolation *isolation, struct why *why);

#endif
