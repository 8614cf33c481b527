/*
 * fetch.h - all of a job: databases, then feeds. Called by cmd/csapi-fetch.c.
 */
#ifndef CSAPI_FETCH_FETCH_H
#define CSAPI_FETCH_FETCH_H

#include "base/why.h"
#include "format/fetch_json.h"

#include <stdint.h>

/* One line from a stream socket, within `deadline`: 0 (fetch_job_free it) or -errno with why. */
int fetch_receive(int fd, int64_t deadline, struct fetch_job *ret_job, struct why *why);
/* Events go to `fd`, "done" being the last. Changes job->cooling. */
void fetch_run(struct fetch_job *job, int fd);
/* Nothing can be done, for the reason given: an event that says so. */
void fetch_refuse(int fd, const struct why *why);

#endif
