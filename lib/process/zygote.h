/*
 * zygote.h - a process that loaded the engine once and forks a worker for each message.
 *
 * It never touches a message. The workers become children of the supervisor, which learns of their end even when the
 * zygote is gone. Called by cmd/csapi-worker.c.
 */
#ifndef CSAPI_PROCESS_ZYGOTE_H
#define CSAPI_PROCESS_ZYGOTE_H

#include "base/why.h"
#include "process/job.h"

struct zygote {
	/* Loads what all workers share. 0 with facts (zygote frees), or -errno with code and why. */
	int (*load)(void *context, struct facts *ret_facts, enum scan_code *ret_code, struct why *why);
	job_scan scan;
	void *context;
};

/* Serves the supervisor on `control` until it closes. 0, or -errno when the conversation broke. */
int zygote_serve(int control, const struct zygote *zygote);

#endif
