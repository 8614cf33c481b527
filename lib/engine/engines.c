/*
 * engines.c - messages on their way through the engines; see engines.h.
 *
 * A run is one message: it waits for room at the engine whose turn it is, is there, or has its verdict. Refuses to let one engine's slowness
 * hold what others have done: what is done comes out first.
 */
#include "engine/engines.h"

#include "base/clock.h"
#include "base/fd.h"
#include "engine/backend.h"
#include "verdict/age.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define RUNS_MAX CLIENT_CONCURRENCY_MAX

enum run_state { RUN_FREE, RUN_WAITS, RUN_ASKED, RUN_DONE };

struct run {
	enum run_state state;
	uint32_t id; /* the caller's */
	int message; /* owned; -1: every descriptor was in use */
	struct request request;
	struct verdict verdict;
	unsigned at; /* number of the answer it waits for */
};

struct engines {
	struct engines_options options;
	struct backend backends[ENGINES_MAX]; /* `state` NULL: not open yet */
	unsigned count, first;       /* first: the one that every message goes to first; count: none is asked */
	unsigned run_count, run_top; /* top: places behind it were never used; looking at them would cost memory */
	struct run runs[RUNS_MAX];
};

void backend_request(const struct engine_settings *engine, const struct request *request, struct request *ret_request)
{
	*ret_request = *request;
	ret_request->paranoid |= engine->paranoid;
	ret_request->part_by_part |= engine->mime_decompose;
	/* As received, the dots stay doubled. */
	ret_request->wire &= !engine->use_wire_rep;
}

uint64_t backend_max_age(const struct backend *backend)
{
	uint64_t asked = backend->options->client.max_age;
	return asked ? asked : backend->engine->max_age * AGE_DAY;
}

int engines_open(const struct engines_options *options, struct engines **ret_engines)
{
	const struct selection *selection = options->selection;
	struct engines *engines = calloc(1, sizeof *engines);
	if (!engines)
		return -ENOMEM;
	unsigned ours = 0;
	engines->options = *options;
	engines->count = engines->first = selection->count;
	for (unsigned i = 0; i < selection->count; i++) {
		bool csapi = selection->engines[i]->kind == ENGINE_CSAPI;
		ours += csapi;
		engines->backends[i] = (struct backend){.kind = csapi ? &backend_csapi : &backend_clamav,
							.engine = selection->engines[i],
							.options = &engines->options};
		if (engines->first == engines->count && selection->states[i] == ANSWER_GIVEN)
			engines->first = i;
	}
	for (unsigned i = 0; i < selection->count; i++)
		engines->backends[i].one_of_several = ours > 1;
	*ret_engines = engines;
	return 0;
}

/* Opens it when it is needed. 0 or -ENOMEM. */
static int wake(struct backend *backend)
{
	return backend->state ? 0 : backend->kind->open(backend);
}

/* --- runs ------------------------------------------------------------------------------------------------------- */

/* The next engine's turn, or the end. 0 or -ENOMEM. */
static int advance(struct run *run, unsigned from)
{
	run->at = verdict_next(&run->verdict, from);
	run->state = RUN_WAITS;
	if (run->at < run->verdict.answer_count)
		return 0;
	run->state = RUN_DONE;
	fd_close(&run->message);
	return verdict_settle(&run->verdict);
}

/* The engine whose turn it is: the message need not go to all that there are. */
static struct backend *backend_of(struct engines *engines, const struct run *run)
{
	const struct engine_settings *engine = run->verdict.answers[run->at].engine;
	struct backend *backend = engines->backends;
	while (backend->engine != engine) {
		backend++;
		assert(backend < engines->backends + engines->count);
	}
	return backend;
}

/* Gives the message to the engine whose turn it is, if that has room. 0 or -ENOMEM. */
static int offer(struct engines *engines, struct run *run, int fd)
{
	struct backend *backend = backend_of(engines, run);
	uint32_t number = (uint32_t)(run - engines->runs);
	int error = wake(backend);
	if (error || !backend->kind->room(backend))
		return error;
	run->state = RUN_ASKED;
	return backend->kind->submit(backend, number, &run->request, fd);
}

static int offer_all(struct engines *engines)
{
	int error = 0;
	for (unsigned i = 0; !error && i < engines->run_top; i++)
		if (engines->runs[i].state == RUN_WAITS)
			error = offer(engines, &engines->runs[i], engines->runs[i].message);
	return error;
}

/* What the engine says came to the run. */
static int take_answer(struct engines *engines, unsigned engine, uint32_t number, struct answer *take)
{
	assert(number < RUNS_MAX);
	struct run *run = &engines->runs[number];
	assert(run->state == RUN_ASKED && backend_of(engines, run) == &engines->backends[engine]);
	struct answer *answer = &run->verdict.answers[run->at];
	report_free(&answer->report);
	answer->report = take->report;
	answer->code = take->code;
	answer->address = take->address;
	answer->attempts = take->attempts;
	/* It says of itself only what kind it is. */
	if (answer->report.status == EC_AV_INFECTED)
		answer->report.engine = answer->engine->name;
	verdict_answered(&run->verdict, run->at);
	return advance(run, run->at + 1);
}

/* Answers that have come. 0 or -ENOMEM. */
static int collect(struct engines *engines, unsigned engine, int timeout_ms)
{
	struct backend *backend = &engines->backends[engine];
	int error = 0;
	while (!error && backend->state && backend->kind->outstanding(backend)) {
		struct answer answer = {.attempts = 0};
		uint32_t number;
		error = backend->kind->next(backend, timeout_ms, &number, &answer);
		error = error ? error : take_answer(engines, engine, number, &answer);
		timeout_ms = 0;
	}
	return error == -EAGAIN ? 0 : error;
}

static int collect_all(struct engines *engines)
{
	int error = 0;
	for (unsigned i = 0; !error && i < engines->count; i++)
		error = collect(engines, i, 0);
	return error ? error : offer_all(engines);
}

/* --- the caller's side ------------------------------------------------------------------------------------------ */

unsigned engines_outstanding(const struct engines *engines)
{
	return engines->run_count;
}

unsigned engines_room(const struct engines *engines)
{
	unsigned room = RUNS_MAX - engines->run_count, waiting = 0;
	if (engines->first == engines->count)
		return room;
	for (unsigned i = 0; i < engines->run_top; i++)
		waiting += engines->runs[i].state == RUN_WAITS;
	/* As many as the first engine takes, and no more where a later one does not keep up. The first message opens it. */
	const struct backend *first = &engines->backends[engines->first];
	unsigned takes = first->state ? first->kind->room(first) : 1;
	takes = takes > waiting ? takes - waiting : 0;
	return takes < room ? takes : room;
}

int engines_submit(struct engines *engines, uint32_t id, const struct request *request, int fd)
{
	return engines_submit_selected(engines, id, engines->options.selection, request, fd);
}

void engines_deadline(struct engines *engines, int64_t deadline)
{
	engines->options.client.deadline = deadline;
	for (unsigned i = 0; i < engines->count; i++)
		if (engines->backends[i].kind == &backend_csapi && engines->backends[i].state)
			client_deadline(engines->backends[i].state, deadline);
}

int engines_submit_selected(struct engines *engines, uint32_t id, const struct selection *selection,
			    const struct request *request, int fd)
{
	assert(engines->run_count < RUNS_MAX);
	struct run *run = engines->runs;
	while (run->state != RUN_FREE)
		run++;
	unsigned place = (unsigned)(run - engines->runs) + 1;
	engines->run_top = place > engines->run_top ? place : engines->run_top;
	int error = verdict_init(&run->verdict, selection);
	if (error)
		return error;
	run->id = id;
	run->request = *request;
	run->message = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	engines->run_count++;
	error = advance(run, 0);
	if (error || run->state != RUN_WAITS)
		return error;
	return offer(engines, run, run->message >= 0 ? run->message : fd);
}

/* One that is done goes out. -EAGAIN: none is. */
static int take_done(struct engines *engines, uint32_t *ret_id, struct verdict *ret_verdict)
{
	for (unsigned i = 0; i < engines->run_top; i++) {
		struct run *run = &engines->runs[i];
		if (run->state != RUN_DONE)
			continue;
		*ret_id = run->id;
		verdict_move(ret_verdict, &run->verdict);
		run->state = RUN_FREE;
		engines->run_count--;
		return 0;
	}
	return -EAGAIN;
}

/* Only one engine has anything under way: it can wait by itself. engines->count: several have. */
static unsigned the_only_one(const struct engines *engines)
{
	unsigned only = engines->count, busy = 0;
	for (unsigned i = 0; i < engines->count; i++) {
		const struct backend *backend = &engines->backends[i];
		if (backend->state && backend->kind->outstanding(backend)) {
			only = i;
			busy++;
		}
	}
	return busy == 1 ? only : engines->count;
}

/* Until any engine says something, or wants to be asked. */
static void wait_for_any(struct engines *engines, int64_t deadline)
{
	struct pollfd fds[4 * BACKEND_POLL_MAX];
	size_t used = 0;
	for (unsigned i = 0; i < engines->count; i++) {
		const struct backend *backend = &engines->backends[i];
		size_t left = sizeof fds / sizeof *fds - used;
		int64_t own;
		if (!backend->state || !backend->kind->outstanding(backend))
			continue;
		used += backend->kind->poll(backend, fds + used, left, &own);
		deadline = own < deadline ? own : deadline;
	}
	(void)poll(fds, used, clock_poll_timeout(deadline));
}

int engines_next(struct engines *engines, int timeout_ms, uint32_t *ret_id, struct verdict *ret_verdict)
{
	int64_t deadline = timeout_ms < 0 ? CLOCK_NEVER : clock_now() + timeout_ms;
	if (!engines->run_count)
		return -ENOENT;
	for (bool last = false;; last = clock_now() >= deadline) {
		int error = collect_all(engines);
		error = error ? error : take_done(engines, ret_id, ret_verdict);
		if (error != -EAGAIN || last)
			return error;
		unsigned only = the_only_one(engines);
		if (only == engines->count)
			wait_for_any(engines, deadline);
		else if ((error = collect(engines, only, clock_poll_timeout(deadline))) != 0)
			return error;
	}
}

bool engines_ready(const struct engines *engines)
{
	for (unsigned i = 0; i < engines->count; i++) {
		const struct backend *backend = &engines->backends[i];
		if (backend->state && backend->kind->outstanding(backend) && !backend->kind->ready(backend))
			return false;
	}
	return true;
}

void engines_close(struct engines *engines)
{
	if (!engines)
		return;
	for (unsigned i = 0; i < engines->run_top; i++) {
		struct run *run = &engines->runs[i];
		if (run->state == RUN_FREE)
			continue;
		fd_close(&run->message);
		verdict_free(&run->verdict);
	}
	for (unsigned i = 0; i < engines->count; i++)
		if (engines->backends[i].state)
			engines->backends[i].kind->close(&engines->backends[i]);
	free(engines);
}
