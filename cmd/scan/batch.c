/*
 * batch.c - inputs to the scanner, verdicts to standard output in order; see batch.h.
 *
 * A ring of slots holds what was taken and not yet written: a slot is waiting for its verdict or has it. Verdicts are written
 * only from the ring's first slot, so they come in order whatever finishes first. Called by csapi-scan.c.
 */
#include "batch.h"

#include "../progress_line.h"
#include "base/fd.h"
#include "engine/engines.h"
#include "input.h"
#include "notice.h"
#include "progress.h"
#include "spool.h"
#include "verdict.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Slots for each message that may be at the scanner: one slow message does not idle the others until so many are done. */
#define SLOTS_PER_JOB 4u

struct slot {
	char *name;
	bool done;
	struct verdict verdict; /* while done */
};

struct batch {
	const struct settings *settings;
	struct engines_options options;
	struct engines *engines; /* NULL until an input could be opened */
	struct input_walk *walk;
	struct slot *slots;
	uint32_t slot_count, first, used; /* the ring: `used` slots from number `first` on */
	bool more;                        /* inputs may be left */
	struct progress progress;
	int error; /* met in a tick */
	int exit_status;
};

static struct slot *slot(const struct batch *batch, uint32_t number)
{
	return &batch->slots[number % batch->slot_count];
}

static void draw(struct batch *batch)
{
	batch->progress.loading = batch->engines && !engines_ready(batch->engines);
	progress_draw(&batch->progress);
}

/* A verdict about an input that no engine gets. */
static int settle(const struct batch *batch, struct slot *slot, enum scan_code code, const struct why *why)
{
	struct report report;
	int error = client_report(code, why && why->text[0] ? why->text : NULL, &report);
	error = error ? error : verdict_init(&slot->verdict, &batch->settings->selection);
	if (error)
		return error;
	verdict_take_report(&slot->verdict, &report);
	slot->done = true;
	return 0;
}

/* A verdict about an input that the wish was wrong for: the engine is not there. */
static int refuse(const struct batch *batch, struct slot *slot)
{
	const struct selection *selection = &batch->settings->selection;
	int error = verdict_init(&slot->verdict, selection);
	error = error ? error : verdict_refuse(&slot->verdict, selection);
	slot->done = !error;
	return error;
}

static int submit(struct batch *batch, uint32_t number, int fd)
{
	const struct settings *settings = batch->settings;
	if (settings->selection.refused != EC_AV_CLEAN)
		return refuse(batch, slot(batch, number));
	if (!batch->engines) {
		batch->options = (struct engines_options){.selection = &settings->selection,
							  .client = settings->client,
							  .definitions = config_definitions(&settings->config)};
		int error = engines_open(&batch->options, &batch->engines);
		if (error)
			return error;
	}
	return engines_submit(batch->engines, number, &settings->request, fd);
}

/* Writes the verdicts that are ready and whose turn it is. 0 or the error of writing. */
static int flush(struct batch *batch)
{
	while (batch->used && slot(batch, batch->first)->done) {
		struct slot *head = slot(batch, batch->first);
		notice_verdict(head->name, &head->verdict);
		int error = verdict_write(batch->settings, head->name, &head->verdict);
		batch->exit_status = ec_av_exit_worse(batch->exit_status, verdict_exit(&head->verdict));
		batch->progress.done++;
		batch->progress.infected += head->verdict.status == EC_AV_INFECTED;
		if (batch->progress.current == head->name)
			batch->progress.current = NULL;
		verdict_free(&head->verdict);
		free(head->name);
		*head = (struct slot){0};
		batch->first++;
		batch->used--;
		if (error)
			return error;
	}
	return 0;
}

/* Waits up to `timeout_ms` for one verdict. 0 (also when none came), or -errno. */
static int collect(struct batch *batch, int timeout_ms)
{
	uint32_t number;
	struct verdict verdict;
	int error = engines_next(batch->engines, timeout_ms, &number, &verdict);
	if (error)
		return error == -EAGAIN ? 0 : error;
	struct slot *waiting = slot(batch, number);
	assert(number - batch->first < batch->used && !waiting->done);
	verdict_move(&waiting->verdict, &verdict);
	waiting->done = true;
	return 0;
}

/* While an input is slow to come, what is ready goes out: it may be what the writer of the input waits for. */
static void tick(void *context, uint64_t bytes)
{
	struct batch *batch = context;
	batch->progress.read = bytes;
	if (!batch->error && batch->engines && engines_outstanding(batch->engines))
		batch->error = collect(batch, 0);
	if (!batch->error)
		batch->error = flush(batch);
	draw(batch);
}

/* Spools one input and hands it over. 0 or -ENOMEM. */
static int hand_over(struct batch *batch, uint32_t number, struct input *input)
{
	struct spool_options options = {
		.silence_ms = batch->settings->read_timeout * 1000, .tick = tick, .context = batch};
	int copy = -1;
	enum scan_code code = spool(input->fd, &options, &copy, &input->why);
	/* Whoever writes to us may not bear a closed pipe: mail programs drop the verdict then. */
	if (code && input->standard)
		spool_drain(input->fd, settings_drain_seconds(batch->settings) * 1000);
	batch->progress.read = 0;
	int error = batch->error;
	if (!error)
		error = code ? settle(batch, slot(batch, number), code, &input->why) : submit(batch, number, copy);
	fd_close(&copy);
	return error;
}

/* Takes the next input into a slot of its own. 0 or -ENOMEM. */
static int take(struct batch *batch)
{
	struct input input;
	int taken = input_next(batch->walk, &input);
	batch->more = taken > 0;
	if (taken <= 0)
		return taken;
	uint32_t number = batch->first + batch->used++;
	*slot(batch, number) = (struct slot){.name = input.name};
	batch->progress.current = input.name;
	int error = input.fd < 0 ? settle(batch, slot(batch, number), DEC_RESULT_CONTAINER_ACCESS_FAILED, &input.why)
				 : hand_over(batch, number, &input);
	fd_close(&input.fd);
	return error;
}

/* Can one more input be taken? The first one opens the engines. */
static bool has_room(const struct batch *batch)
{
	return batch->more && batch->used < batch->slot_count && (!batch->engines || engines_room(batch->engines) > 0);
}

/* Takes and collects until all is written. 0 or -errno. */
static int run(struct batch *batch)
{
	for (;;) {
		int error = 0;
		bool waiting = batch->engines && engines_outstanding(batch->engines);
		if (has_room(batch) && (!waiting || input_ready(batch->walk)))
			error = take(batch);
		else if (!batch->more && !batch->used)
			return 0;
		/* With nothing left to take there is only waiting; else what is ready is picked up in passing. */
		bool ready = has_room(batch) && input_ready(batch->walk);
		int timeout = ready ? 0 : progress_line_running() ? PROGRESS_LINE_TICK : -1;
		if (!error && batch->engines && engines_outstanding(batch->engines))
			error = collect(batch, timeout);
		if (!error)
			error = flush(batch);
		if (error)
			return error;
		if (batch->more || batch->used)
			draw(batch);
	}
}

static void give_up(struct batch *batch)
{
	for (uint32_t i = 0; i < batch->used; i++) {
		struct slot *left = slot(batch, batch->first + i);
		if (left->done)
			verdict_free(&left->verdict);
		free(left->name);
	}
	free(batch->slots);
	input_close(batch->walk);
	engines_close(batch->engines);
}

int batch_run(const struct settings *settings)
{
	struct batch batch = {.settings = settings, .more = true, .progress.total = input_total(settings)};
	/* Not told how many, it is the scanner that knows. */
	unsigned jobs = settings->client.max_concurrency;
	batch.slot_count = (jobs ? jobs : CLIENT_CONCURRENCY_MAX) * SLOTS_PER_JOB;
	batch.slots = calloc(batch.slot_count, sizeof *batch.slots);
	int error = batch.slots ? input_open(settings, &batch.walk) : -ENOMEM;
	if (!settings->no_progress)
		progress_line_start();
	if (!error)
		error = run(&batch);
	progress_line_clear();
	if (error == -ENOMEM)
		notice("there is no memory left to go on; free some, or lower --jobs");
	give_up(&batch);
	return error ? 2 : batch.exit_status;
}
