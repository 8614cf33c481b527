/*
 * job.h - one message in one disposable process: the side that does the work.
 *
 * The job takes its resource limits before the first hostile byte, receives the request with the message's descriptor,
 * lets a callback scan, and says every finding to the supervisor at once. It never returns. Called by zygote.
 */
#ifndef CSAPI_PROCESS_JOB_H
#define CSAPI_PROCESS_JOB_H

#include "verdict/observer.h"
#include "verdict/request.h"

#include <stdnoreturn.h>

struct job {
	struct request request;
	struct limits limits;  /* in force */
	const char *directory; /* for temporary files; private, empty */
	int message;           /* descriptor; owned by the job */
};

/* Scans one message. 0, or a negative errno when the observer refused to listen. */
typedef int (*job_scan)(void *context, const struct job *job, const struct observer *observer);

/* Runs one job over the socket and ends the process. */
noreturn void job_run(int take_socket, const char *directory, job_scan scan, void *context);

/*
 * For the allocator, when it fails for the first time: says DEC_RESULT_OUT_OF_MEMORY for the part at hand with what is
 * on the stack alone. Does nothing outside a job.
 */
void job_out_of_memory(void);

#endif
