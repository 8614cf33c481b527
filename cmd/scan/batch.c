/*
 * batch.c - inputs to the scanner, verdicts to standard output in order; see batch.h.
 *
 * A ring of slots holds what was taken and not yet written: a slot is waiting for its verdict or has it. Verdicts are written
 * only from the ring's first slot, so they come in order whatever finishes first. Called by csapi-scan.c.
 */
#include "batch.h"

#include "../progress_line.h"
#include "base/clock.h"
#include "base/fd.h"
#include "deadline.h"
#include "engine/disinfect.h"
#include "engine/engines.h"
#include "input.h"
#include "notice.h"
#include "output.h"
#include "process/spool.h"
#include "progress.h"
#include "suite.h"
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
	struct verdict verdict;      /* while done, or being repaired */
	struct disinfect *disinfect; /* NULL: its verdict is not there yet, or no repair is asked for */
	int message;                 /* to be passed on, owned; -1: it is not, or could not be taken in */
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
	int error;          /* met in a tick */
	struct suite suite; /* while the settings want one */
	int worst;          /* exit status of all verdicts */
	bool failed;        /* one of them is an error */
	bool unrepaired;    /* a message that was to be repaired could not be, or not be written */
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
		batch->options.client.deadline = deadline_at();
		int error = engines_open(&batch->options, &batch->engines);
		if (error)
			return error;
	}
	return engines_submit(batch->engines, number, &settings->request, fd);
}

static bool wants_suite(const struct settings *settings)
{
	return settings->expect || settings->format == SETTINGS_TAP || settings->format == SETTINGS_JUNIT;
}

/* What is to be passed on goes out before the verdict, which tells whether it did. -1: nothing may be. */
static int pass_on(struct batch *batch, struct slot *head)
{
	const struct settings *settings = batch->settings;
	struct why why;
	if (!settings->disinfect)
		return head->message;
	if (!head->disinfect) {
		batch->unrepaired = true;
		return -1;
	}
	struct repair_result *result = disinfect_result(head->disinfect);
	int message = disinfect_message(head->disinfect);
	enum scan_code code =
		message >= 0 && settings->output ? output_write(settings->output, message, &why) : SCAN_CODE_NONE;
	if (code)
		repair_result_fail(result, code, why.text);
	head->verdict.repair = result;
	if (result->end != REPAIR_FAILED)
		return message;
	batch->unrepaired = true;
	/* Of a message without a verdict that tells. */
	if (verdict_exit(&head->verdict) != 2)
		notice("%s: %s (%s); nothing is passed on", head->name, result->text, scan_code_name(result->code));
	return -1;
}

static int tell(struct batch *batch, struct slot *head)
{
	const struct settings *settings = batch->settings;
	int message = pass_on(batch, head);
	bool unrepaired = head->verdict.repair && head->verdict.repair->end == REPAIR_FAILED;
	bool tests = settings->format == SETTINGS_TAP || settings->format == SETTINGS_JUNIT;
	notice_verdict(head->name, &head->verdict);
	int error = 0;
	if (!tests && !(unrepaired && settings->format == SETTINGS_FILTER))
		error = verdict_write(settings, head->name, &head->verdict, message);
	if (!error && wants_suite(settings))
		error = suite_add(&batch->suite, head->name, &head->verdict);
	batch->worst = ec_av_exit_worse(batch->worst, verdict_exit(&head->verdict));
	batch->failed |= verdict_exit(&head->verdict) == 2;
	batch->progress.done++;
	batch->progress.infected += head->verdict.status == EC_AV_INFECTED;
	return error;
}

/* Writes the verdicts that are ready and whose turn it is. 0 or the error of writing. */
static int flush(struct batch *batch)
{
	while (batch->used && slot(batch, batch->first)->done) {
		struct slot *head = slot(batch, batch->first);
		int error = tell(batch, head);
		if (batch->progress.current == head->name)
			batch->progress.current = NULL;
		verdict_free(&head->verdict);
		disinfect_free(head->disinfect);
		fd_close(&head->message);
		free(head->name);
		*head = (struct slot){.message = -1};
		batch->first++;
		batch->used--;
		if (error)
			return error;
	}
	return 0;
}

/* Hands over what the repair of a message asks next; or it is done. 0 or -ENOMEM. */
static int go_on(struct batch *batch, uint32_t number)
{
	const struct settings *settings = batch->settings;
	struct slot *waiting = slot(batch, number);
	struct disinfect_ask ask;
	if (disinfect_asks(waiting->disinfect, &ask))
		return engines_submit_selected(batch->engines, number,
					       ask.repairs ? &settings->repairer : &settings->selection, ask.request,
					       ask.fd);
	waiting->done = true;
	return disinfect_tell(waiting->disinfect, &waiting->verdict);
}

/* A verdict about the message as it came, or about what its repair asked. 0 or -ENOMEM. */
static int take_verdict(struct batch *batch, uint32_t number, struct verdict *take_verdict)
{
	const struct settings *settings = batch->settings;
	struct slot *waiting = slot(batch, number);
	int error;
	if (waiting->disinfect) {
		error = disinfect_answer(waiting->disinfect, take_verdict);
		verdict_free(take_verdict);
		return error ? error : go_on(batch, number);
	}
	verdict_move(&waiting->verdict, take_verdict);
	waiting->done = !settings->disinfect;
	if (waiting->done)
		return 0;
	error = disinfect_begin(&settings->policy, &settings->request, &waiting->verdict, waiting->message,
				&waiting->disinfect);
	if (!error)
		return go_on(batch, number);
	waiting->done = true;
	return error;
}

/* Waits up to `timeout_ms` for one verdict. 0 (also when none came), or -errno. */
static int collect(struct batch *batch, int timeout_ms)
{
	uint32_t number;
	struct verdict verdict;
	int error = engines_next(batch->engines, timeout_ms, &number, &verdict);
	if (error)
		return error == -EAGAIN ? 0 : error;
	assert(number - batch->first < batch->used && !slot(batch, number)->done);
	return take_verdict(batch, number, &verdict);
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
	struct spool_options options = {.silence_ms = batch->settings->read_timeout * 1000,
					.tick = tick,
					.context = batch,
					.deadline = deadline_at(),
					.deadline_seconds = deadline_seconds(),
					.advice = "--read-timeout allows more",
					.copy_all = batch->settings->format == SETTINGS_FILTER ||
						    batch->settings->disinfect};
	int copy = -1;
	enum scan_code code = spool(input->fd, &options, &copy, &input->why);
	/* Whoever writes to us may not bear a closed pipe: mail programs drop the verdict then. */
	if (code && input->standard)
		spool_drain(input->fd, deadline_or(settings_drain_seconds(batch->settings)));
	batch->progress.read = 0;
	int error = batch->error;
	if (!error)
		error = code ? settle(batch, slot(batch, number), code, &input->why) : submit(batch, number, copy);
	if (options.copy_all)
		slot(batch, number)->message = copy;
	else
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
	*slot(batch, number) = (struct slot){.name = input.name, .message = -1};
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

/* The time of the whole call is up: what has no verdict gets one that says so, what was not taken gets none. 0 or -errno. */
static int give_up_waiting(struct batch *batch)
{
	bool ready = !batch->engines || engines_ready(batch->engines);
	enum scan_code code = ready ? GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT : GEN_RESULT_SCANNER_NOT_INITIALIZED;
	struct why why;
	(void)why_set(&why, 0, "no %s within the deadline of %lld s", ready ? "verdict came" : "scanner was ready",
		      (long long)deadline_seconds());
	int error = 0;
	for (uint32_t i = 0; !error && i < batch->used; i++) {
		struct slot *late = slot(batch, batch->first + i);
		/* The message has its verdict, and no repair came of it. */
		if (!late->done && late->disinfect)
			disinfect_fail(late->disinfect, code, why.text);
		else if (!late->done)
			error = settle(batch, late, code, &why);
		late->done = true;
	}
	error = error ? error : flush(batch);
	struct input input;
	if (!error && batch->more && (error = input_next(batch->walk, &input)) > 0) {
		notice("the deadline passed before %s and what follows it were taken; allow more with --deadline",
		       input.name);
		fd_close(&input.fd);
		free(input.name);
		error = -ETIME;
	}
	return error;
}

static int earlier(int timeout_ms)
{
	int left = clock_poll_timeout(deadline_at());
	return left < 0 || (timeout_ms >= 0 && timeout_ms < left) ? timeout_ms : left;
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
		int timeout = ready ? 0 : earlier(progress_line_running() ? PROGRESS_LINE_TICK : -1);
		if (!error && batch->engines && engines_outstanding(batch->engines))
			error = collect(batch, timeout);
		if (!error)
			error = flush(batch);
		if (error)
			return error;
		if ((batch->more || batch->used) && deadline_passed())
			return give_up_waiting(batch);
		if (batch->more || batch->used)
			draw(batch);
	}
}

static void give_up(struct batch *batch)
{
	for (uint32_t i = 0; i < batch->used; i++) {
		struct slot *left = slot(batch, batch->first + i);
		if (left->done || left->disinfect)
			verdict_free(&left->verdict);
		disinfect_free(left->disinfect);
		fd_close(&left->message);
		free(left->name);
	}
	free(batch->slots);
	input_close(batch->walk);
	engines_close(batch->engines);
}

/* What the program ends with when all is written. */
static int exit_status(const struct batch *batch)
{
	const struct settings *settings = batch->settings;
	/* Whatever the verdict is: the message is not where it was to go. */
	if (batch->unrepaired)
		return settings_exit_trouble(settings);
	switch (settings->exit) {
	case SETTINGS_EXIT_MDA:
		/* No input at all must not look like one that was scanned. */
		return batch->failed || !batch->progress.done ? settings_exit_trouble(settings) : 0;
	case SETTINGS_EXIT_ZERO:
		return 0;
	default:
		return settings->expect ? suite_exit(&batch->suite) : batch->worst;
	}
}

static int run_whole(struct batch *batch)
{
	bool suite = wants_suite(batch->settings);
	int error = suite ? suite_begin(&batch->suite, batch->settings) : 0;
	if (error)
		return error;
	error = run(batch);
	int end = suite ? suite_end(&batch->suite) : 0;
	return error ? error : end;
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
		error = run_whole(&batch);
	progress_line_clear();
	if (error == -ENOMEM)
		notice("there is no memory left to go on; free some, or lower --jobs");
	int status = error ? settings_exit_trouble(settings) : exit_status(&batch);
	give_up(&batch);
	return status;
}
