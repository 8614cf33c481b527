/*
 * child.h - one of our helper programs (csapi-fetch, csapi-worker) at work: its lines, within a deadline.
 *
 * What it says is hostile input: lines have a cap. At the deadline, or when the caller is asked to stop, the whole process group is killed. Called by
 * update/.
 */
#ifndef CSAPI_UPDATE_CHILD_H
#define CSAPI_UPDATE_CHILD_H

#include "base/why.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

struct child_task {
	const char *path;
	char *const *argv;
	const char *input; /* a line to send first, without its newline; NULL: none */
	int64_t deadline;  /* clock_now()'s scale */
	size_t line_max;
	const volatile sig_atomic_t *stop; /* becomes true: end it; may be NULL */
	int keep; /* a descriptor that it inherits as it is (the lock), so that nobody takes it before the child is gone; -1: none */
	/* One line, without its newline, NUL-terminated. Not 0: end the child, and child_run gives that back. */
	int (*line)(void *context, const char *text, size_t size);
	void *context;
};

/*
 * Runs it to its end. 0 with *ret_status as waitpid gives it; -ETIMEDOUT: killed at the deadline; -ECANCELED: *stop; -EMSGSIZE: a line too long; -errno with why
 * when it could not be started or heard.
 */
int child_run(const struct child_task *task, int *ret_status, struct why *why);

#endif
