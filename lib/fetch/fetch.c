/*
 * fetch.c - a job from its line to "done"; see fetch.h.
 */
#include "fetch/fetch.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/fd.h"
#include "fetch/call.h"
#include "fetch/database.h"
#include "fetch/feed.h"
#include "fetch/teller.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_SIZE 65536

/* Up to a newline, which is left out. */
static int read_line(int fd, int64_t deadline, struct buffer *line)
{
	for (;;) {
		struct pollfd polled = {.fd = fd, .events = POLLIN};
		int ready = poll(&polled, 1, clock_poll_timeout(deadline));
		if (ready == 0)
			return -ETIMEDOUT;
		int error = buffer_reserve(line, READ_SIZE);
		if (error)
			return error;
		ssize_t got = fd_receive(fd, line->data + line->size, READ_SIZE, NULL);
		if (got == -EINTR || got == -EAGAIN)
			continue;
		if (got <= 0)
			return got < 0 ? (int)got : -ECONNRESET;
		uint8_t *end = memchr(line->data + line->size, '\n', (size_t)got);
		line->size += (size_t)got;
		if (end) {
			line->size = (size_t)(end - line->data);
			return 0;
		}
	}
}

int fetch_receive(int fd, int64_t deadline, struct fetch_job *ret_job, struct why *why)
{
	struct buffer line;
	buffer_init(&line, FETCH_LINE_MAX + READ_SIZE);
	int error = read_line(fd, deadline, &line);
	if (error)
		why_errno(why, error, "no job came");
	else if ((error = fetch_json_job_decode((const char *)line.data, line.size, ret_job)) < 0)
		why_errno(why, error, "what came is no job");
	buffer_free(&line);
	return error;
}

/* Does any database stand in the answer by DNS, and is it wanted? */
static bool wants_dns(const struct fetch_job *job)
{
	return job->dns && !job->private && fetch_job_databases(job) && fetch_job_mirrors(job);
}

void fetch_run(struct fetch_job *job, int fd)
{
	struct teller teller;
	teller_init(&teller, fd);
	char *dns = wants_dns(job) ? call_dns(job, &teller) : NULL;
	for (uint32_t i = 0; i < fetch_job_databases(job); i++)
		database_fetch(job, i, dns, &teller);
	free(dns);
	for (uint32_t i = 0; i < job->feed_count; i++)
		feed_fetch(job, i, &teller);
	teller_done(&teller);
}

void fetch_refuse(int fd, const struct why *why)
{
	struct teller teller;
	teller_init(&teller, fd);
	teller_message(&teller, FETCH_ERROR, false, "", why->text);
}
