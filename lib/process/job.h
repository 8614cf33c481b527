/*
 * job.h - the life of a worker: one message after the other, in a disposable, sandboxed process.
 *
 * It enters the sandbox before the first hostile byte, then takes requests, each with its message's descriptor, lets a
 * callback scan, and says every finding to the supervisor at once. Nothing of one message is kept for the next. When to
 * retire a worker is the supervisor's to decide. Called by zygote.
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
	int message;           /* descriptor; the callback's, which closes it before it looks at a byte */
};

/* Scans one message. 0, or a negative errno when the observer refused to listen. */
typedef int (*job_scan)(void *context, const struct job *job, const struct observer *observer);

/*
 * Takes over `take_socket` and `take_null` (/dev/null, for what libraries print), enters the sandbox with the directory of that
 * name below base, and serves until the other side closes the socket. Ends the process.
 */
noreturn void job_run(int take_socket, int take_null, const char *directory, job_scan scan, void *context);

/*
 * For the allocator, when it fails for the first time: says DEC_RESULT_OUT_OF_MEMORY for the part at hand with what is
 * on the stack alone. Does nothing outside a message.
 */
void job_out_of_memory(void);

#endif
