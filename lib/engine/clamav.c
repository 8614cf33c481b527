/*
 * clamav.c - a clamd, or several, as an engine: a block clamav "NAME" {}; see backend.h.
 *
 * Its word becomes a report of one part, so that whoever reads verdicts need not know who scanned. Refuses to scan what is none of its
 * configuration: without an address that can be reached each message gets an answer that says so.
 */
#include "engine/backend.h"

#include "base/clock.h"
#include "clamd/clamd.h"
#include "verdict/age.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct clamav {
	struct clamd *clamd; /* NULL: why says why not */
	struct why why;
	uint32_t refused[CLAMD_CONCURRENCY_MAX]; /* ids that wait for that answer */
	unsigned refused_count;
};

static int64_t timeout_ms(const struct backend *backend)
{
	const struct limits *asked = &backend->options->client.limits;
	const struct limits *limits = asked->set[LIMIT_timeout] ? asked : &backend->engine->limits;
	return (int64_t)limits_effective(limits, LIMIT_timeout) * 1000;
}

static int open_pool(struct backend *backend)
{
	struct clamav *clamav = calloc(1, sizeof *clamav);
	if (!clamav)
		return -ENOMEM;
	const struct clamd_options options = {.addresses = backend->engine->daemon,
					      .timeout_ms = timeout_ms(backend),
					      .max_concurrency = backend->options->client.max_concurrency};
	int error = clamd_open(&options, &clamav->clamd, &clamav->why);
	if (error)
		clamav->clamd = NULL;
	if (error == -ENOMEM) {
		free(clamav);
		return error;
	}
	backend->state = clamav;
	return 0;
}

static unsigned outstanding(const struct backend *backend)
{
	const struct clamav *clamav = backend->state;
	return clamav->clamd ? clamd_outstanding(clamav->clamd) : clamav->refused_count;
}

static unsigned room(const struct backend *backend)
{
	const struct clamav *clamav = backend->state;
	return clamav->clamd ? clamd_room(clamav->clamd) : CLAMD_CONCURRENCY_MAX - clamav->refused_count;
}

static int submit(struct backend *backend, uint32_t id, const struct request *request, int fd)
{
	struct clamav *clamav = backend->state;
	(void)request;
	if (clamav->clamd)
		return clamd_submit(clamav->clamd, id, fd, 0, UINT64_MAX);
	assert(clamav->refused_count < CLAMD_CONCURRENCY_MAX);
	clamav->refused[clamav->refused_count++] = id;
	return 0;
}

/* --- its word as a report --------------------------------------------------------------------------------------- */

/* "ClamAV 1.4.6/27000/Thu Nov 26 09:30:00 2026": engine, version of the daily database, and when that was built. Without the last two there is none. */
static int read_version(const char *text, struct facts *ret_facts)
{
	struct tm day = {0};
	const char *slash = strchr(text, '/'), *second = slash ? strchr(slash + 1, '/') : NULL;
	char version[64];
	*ret_facts = (struct facts){0};
	ret_facts->engine_version = strndup(text, slash ? (size_t)(slash - text) : strlen(text));
	if (!ret_facts->engine_version)
		return -ENOMEM;
	const char *end = second ? strptime(second + 1, "%a %b %d %H:%M:%S %Y", &day) : NULL;
	unsigned long daily = slash ? strtoul(slash + 1, NULL, 10) : 0;
	if (!end || *end || !daily)
		return 0;
	/* In the zone of that machine, which may be another one: a day more or less is no matter for an age in days. */
	ret_facts->definitions_built = (int64_t)timegm(&day);
	size_t used = strftime(version, sizeof version, "%Y%m%d", &day);
	(void)snprintf(version + used, sizeof version - used, ".%lu", daily);
	ret_facts->definitions_version = strdup(version);
	return ret_facts->definitions_version ? 0 : -ENOMEM;
}

/* The one part that it speaks of, and what it says. 0 or -ENOMEM. */
static int fill_report(const struct clamd_answer *answer, struct report *report)
{
	struct part input = {.parent = REPORT_NO_PART,
			     .id = (char[]){"0"},
			     .kind = PART_INPUT,
			     .route = answer->status == EC_AV_ERROR ? ROUTE_UNSEEN
				      : answer->size                ? ROUTE_WHOLE
								    : ROUTE_EMPTY,
			     .size = answer->size};
	struct facts facts = {0};
	int error = report_part(report, &input);
	if (!error && answer->version)
		error = read_version(answer->version, &facts);
	error = error ? error : report_facts(report, &facts);
	facts_free(&facts);
	if (!error && answer->status == EC_AV_INFECTED)
		error = report_virus(report, 0, answer->info, answer->official);
	else if (!error && answer->scan_code != SCAN_CODE_NONE)
		error = report_code(report, 0, answer->scan_code, answer->info);
	report->complete = answer->status == EC_AV_CLEAN || answer->status == EC_AV_INFECTED;
	if (!error && answer->status == EC_AV_NOT_SUITABLE_FOR_STREAMING)
		error = report_refuse(report, answer->status, answer->info);
	return error;
}

static int to_report(const struct backend *backend, const struct clamd_answer *answer, struct report *ret_report)
{
	report_init(ret_report);
	ret_report->started = clock_wall();
	ret_report->attempts = answer->attempts;
	ret_report->total_ms = answer->ms;
	ret_report->limits.value[LIMIT_timeout] = (uint64_t)timeout_ms(backend) / 1000;
	int error = fill_report(answer, ret_report);
	error = error ? error : report_settle(ret_report);
	/* Its own trouble is told in its own words. */
	if (!error && answer->status == EC_AV_ERROR) {
		free(ret_report->info);
		ret_report->info = strdup(answer->info);
		error = ret_report->info ? 0 : -ENOMEM;
	}
	if (!error && backend_max_age(backend))
		error = age_demand(ret_report, backend_max_age(backend), clock_wall());
	if (error)
		report_free(ret_report);
	return error;
}

static int next(struct backend *backend, int timeout_ms_, uint32_t *ret_id, struct answer *ret_answer)
{
	struct clamav *clamav = backend->state;
	if (!clamav->clamd) {
		if (!clamav->refused_count)
			return -ENOENT;
		*ret_id = clamav->refused[--clamav->refused_count];
		return client_report(GEN_RESULT_SCANNER_NOT_INITIALIZED, clamav->why.text, &ret_answer->report);
	}
	struct clamd_answer answer;
	int error = clamd_next(clamav->clamd, timeout_ms_, &answer);
	if (error)
		return error;
	*ret_id = answer.id;
	error = to_report(backend, &answer, &ret_answer->report);
	if (!error) {
		/* A limit or encryption: what our own code says, with clamd's name for it as the engine's code. */
		ret_answer->attempts = answer.attempts;
		ret_answer->address = answer.address;
		answer.address = NULL;
		/* What it says stands for nothing where its definitions are too old to be believed. */
		if (ret_answer->report.status == answer.status) {
			ret_answer->code = answer.code;
			answer.code = NULL;
		}
	}
	clamd_answer_free(&answer);
	return error;
}

static size_t poll_for(const struct backend *backend, struct pollfd *ret_fds, size_t most, int64_t *ret_deadline)
{
	const struct clamav *clamav = backend->state;
	*ret_deadline = 0;
	return clamav->clamd ? clamd_poll(clamav->clamd, ret_fds, most, ret_deadline) : 0;
}

static bool ready(const struct backend *backend)
{
	(void)backend;
	return true;
}

static void close_pool(struct backend *backend)
{
	struct clamav *clamav = backend->state;
	clamd_close(clamav->clamd);
	free(clamav);
	backend->state = NULL;
}

const struct backend_kind backend_clamav = {open_pool, submit, next, outstanding, room, poll_for, ready, close_pool};
