/*
 * zygote.h - a process that loaded the engine once and forks workers when it is told to.
 *
 * It never touches a message. The workers become children of the supervisor, which learns of their end even when the
 * zygote is gone, and belong to the zygote's process group. Called by cmd/csapi-worker.c.
 */
#ifndef CSAPI_PROCESS_ZYGOTE_H
#define CSAPI_PROCESS_ZYGOTE_H

#include "base/why.h"
#include "process/job.h"
#include "process/sandbox.h"

#include <stdbool.h>

struct zygote {
	/* Loads what all workers share. 0 with facts (zygote frees), or -errno with code and why. */
	int (*load)(void *context, struct facts *ret_facts, enum scan_code *ret_code, struct why *why);
	job_scan scan;
	void *context;
	struct sandbox_options sandbox;
	bool probe;    /* try the sandbox before the first worker */
	bool resident; /* it lives long: the engine is laid onto huge pages */
};

/*
 * Serves the supervisor on `control` until it closes. Says CONTROL_ISOLATION, then CONTROL_READY; where loading or the sandbox
 * fails, CONTROL_READY with a code alone. Closes every other descriptor that was inherited. 0, or -errno when the conversation broke.
 */
int zygote_serve(int control, const struct zygote *zygote);

#endif
