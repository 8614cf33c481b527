/*
 * supervisor.h - the external scanner: takes messages from clients, gives each to a worker, and answers whatever happens.
 *
 * It never reads a byte of a message and links no parser of one. Deadlines hold inside library calls, because they are
 * kept here, by killing. Called by cmd/csapi-scanner.c.
 */
#ifndef CSAPI_PROCESS_SUPERVISOR_H
#define CSAPI_PROCESS_SUPERVISOR_H

#include "base/why.h"
#include "verdict/limits.h"

#include <stdbool.h>

#define SUPERVISOR_CONCURRENCY_MAX 256u

struct supervisor_options {
	const char *worker_path;     /* csapi-worker */
	const char *definitions;     /* directory; NULL: there is none, for the reason in definitions_why */
	const char *definitions_why; /* borrowed */
	bool definitions_shipped;
	const char *file_base; /* directory for temporary files */
	unsigned max_concurrency;
	struct limits limits; /* requests may only tighten them */
	int take_private;     /* the socket of the one client that started us */
};

/* Serves until the client is gone, then ends every process and removes every file. 0 or -errno with why. */
int supervisor_run(const struct supervisor_options *options, struct why *why);

#endif
