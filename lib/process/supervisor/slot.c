/*
 * slot.c - the places for workers: asking for them, giving them messages, hearing them, and seeing them end; see service.h.
 *
 * A place goes round: free -> asked for (used, no pid) -> idle or busy -> dying -> free. A message is taken off its place as soon as its
 * end is known, so an answer never waits for a process to vanish; there are twice as many places as workers may work, so
 * neither does the next message. A worker serves more than one message only while everything it said was clean.
 */
#include "process/supervisor/service.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "format/request_json.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A worker that was waiting says at once that it has the message; one that does not is stopped or stuck. */
#define ACKNOWLEDGE_MS 1000
/* Workers that are given the trial message of one generation, while they are killed from outside. */
#define TRIALS_MOST 20

static uint32_t index_of(const struct supervisor *supervisor, const struct slot *slot)
{
	return (uint32_t)(slot - supervisor->slots);
}

static void deafen(struct slot *slot)
{
	if (slot->listening)
		channel_close(&slot->channel); /* which takes it out of the epoll */
	slot->listening = false;
}

/* The process is gone, or never was: the place is free. */
static void release(struct supervisor *supervisor, struct slot *slot)
{
	deafen(slot);
	if (slot->directory)
		(void)tempdir_remove_path(slot->directory);
	free(slot->directory);
	if (!slot->dying)
		supervisor->working--;
	slot->generation->slots--;
	*slot = (struct slot){.turn = slot->turn + 1};
}

/* Ends the worker: as soon as its pid is known, and in one go, for freeing a large engine page by page can take longer than a scan. */
static void end_worker(struct supervisor *supervisor, struct slot *slot)
{
	deafen(slot);
	if (!slot->dying) {
		slot->dying = true;
		supervisor->working--;
	}
	if (slot->pid > 0 && !slot->waited)
		(void)kill(slot->pid, SIGKILL); /* ours and not yet waited for, so the number is still its */
}

/* ---- the end of a message ---- */

/* May this worker be given one more message? */
static bool worth_keeping(const struct supervisor *supervisor, const struct slot *slot, const struct report *report)
{
	const struct supervisor_options *options = supervisor->options;
	return slot->generation == supervisor->current && slot->generation->state == GENERATION_READY &&
	       slot->served < options->messages_per_worker && report->complete && report->attempts == 1 &&
	       !report->virus_count && report->status == EC_AV_CLEAN && slot->channel.in.size == 0 && slot->pid > 0 &&
	       tempdir_empty(slot->directory);
}

/* The settled report goes to whom it belongs, and the task is freed. */
static void hand_over(struct supervisor *supervisor, struct generation *generation, struct task *task, bool trial)
{
	if (!trial) {
		link_answer(supervisor, task);
		return;
	}
	generation_tried(supervisor, generation, &task->report);
	task_free(task);
}

/* The task ends with what its report holds. */
static void conclude(struct supervisor *supervisor, struct generation *generation, struct task *task, bool trial)
{
	task_settle(task, &generation->facts);
	hand_over(supervisor, generation, task, trial);
}

/* The worker is done with the message at hand. */
static void finish(struct supervisor *supervisor, struct slot *slot)
{
	struct task *task = slot->task;
	struct generation *generation = slot->generation;
	bool trial = slot->trial;
	slot->task = NULL;
	slot->trial = false;
	slot->acknowledge = CLOCK_NEVER;
	slot->served++;
	task_settle(task, &generation->facts);
	if (trial || !worth_keeping(supervisor, slot, &task->report))
		end_worker(supervisor, slot);
	hand_over(supervisor, generation, task, trial);
}

static void end_idle(struct supervisor *supervisor)
{
	for (unsigned i = 0; i < supervisor->slot_count; i++) {
		struct slot *slot = &supervisor->slots[i];
		if (slot->used && !slot->dying && !slot->task)
			end_worker(supervisor, slot);
	}
}

static const char *death_text(enum task_death death, int number)
{
	switch (death) {
	case TASK_DEATH_DEADLINE:
	case TASK_DEATH_EXTRACT:
		return "out of time";
	case TASK_DEATH_SILENT:
		return "it did not answer";
	case TASK_DEATH_BROKEN:
		return "an invalid report";
	case TASK_DEATH_LEFT:
		return "it left";
	default:
		return number == SIGSYS ? "sandbox violation" : sigdescr_np(number);
	}
}

/* Takes the message off a worker that will not finish it. */
static void fail(struct supervisor *supervisor, struct slot *slot, enum task_death death, int number)
{
	struct task *task = slot->task;
	bool trial = slot->trial;
	struct generation *generation = slot->generation;
	slot->task = NULL;
	slot->trial = false;
	end_worker(supervisor, slot);
	if (death == TASK_DEATH_DEADLINE || death == TASK_DEATH_EXTRACT) {
		supervisor->stats.timeouts++;
	} else {
		supervisor->stats.crashes++;
		if (death == TASK_DEATH_FAULT && number == SIGSYS)
			supervisor->stats.violations++;
	}
	bool again = task_died(task, death, number);
	if (death == TASK_DEATH_SILENT)
		end_idle(supervisor); /* whatever stopped this one may have stopped those that wait beside it */
	if (trial && death == TASK_DEATH_KILLED && generation->trials < TRIALS_MOST &&
	    slot_trial(supervisor, generation) == 0) {
		/* Somebody else's doing says nothing about the definitions. */
		task_free(task);
		return;
	}
	if (!trial)
		log_write(LOG_LEVEL_WARNING, "worker %d ended before its message: %s%s", (int)slot->pid,
			  death_text(death, number), again ? "; another one tries" : "");
	if (again && !trial) {
		supervisor->stats.retries++;
		link_put_again(supervisor, task);
	} else {
		conclude(supervisor, generation, task, trial);
	}
	if (death == TASK_DEATH_FAULT || death == TASK_DEATH_KILLED)
		generation_crashed(supervisor, generation);
}

/* ---- hearing ---- */

/* Applies the frames that have come. */
static void take_frames(struct supervisor *supervisor, struct slot *slot)
{
	struct frame frame;
	const char *payload;
	int error = 0;
	bool done = false;
	while (slot->task && (error = channel_next(&slot->channel, &frame, &payload)) == 0) {
		struct why why;
		error = frame.type == FRAME_EVENT && frame.id == slot->serial ? 0 : -EBADMSG;
		error = error ? error : task_event(slot->task, payload, frame.length, &done, &why);
		channel_drop(&slot->channel, &frame);
		if (error)
			break;
		slot->acknowledge = CLOCK_NEVER;
		if (done) {
			finish(supervisor, slot);
			return;
		}
	}
	if (slot->task && error && error != -EAGAIN)
		fail(supervisor, slot, TASK_DEATH_BROKEN, 0);
}

void slot_readable(struct supervisor *supervisor, struct slot *slot)
{
	while (slot->listening) {
		ssize_t got = channel_receive(&slot->channel);
		if (got == -EAGAIN)
			return;
		if (!slot->task) {
			/* Nothing was asked, so there is nothing to say: an end, or a worker gone astray. */
			end_worker(supervisor, slot);
			return;
		}
		if (got == -EPROTO || slot->channel.pass_count) {
			fail(supervisor, slot, TASK_DEATH_BROKEN, 0);
			return;
		}
		if (got <= 0) {
			deafen(slot); /* its exit status is awaited, which tells why */
			return;
		}
		take_frames(supervisor, slot);
	}
}

/* ---- seeing them end ---- */

static void ended(struct supervisor *supervisor, struct slot *slot, int status)
{
	slot->waited = true; /* its number may be another process's by now */
	/* The last words may still be in the socket. */
	if (slot->task)
		slot_readable(supervisor, slot);
	if (slot->task) {
		int number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
		bool fault = number == SIGSEGV || number == SIGBUS || number == SIGILL || number == SIGFPE ||
			     number == SIGABRT || number == SIGTRAP || number == SIGSYS;
		fail(supervisor, slot,
		     WIFEXITED(status) ? TASK_DEATH_LEFT
		     : fault           ? TASK_DEATH_FAULT
				       : TASK_DEATH_KILLED,
		     number);
	}
	release(supervisor, slot);
}

static void wait_for(struct supervisor *supervisor, struct slot *slot)
{
	int status;
	if (slot->used && slot->pid > 0 && waitpid(slot->pid, &status, WNOHANG) == slot->pid)
		ended(supervisor, slot, status);
}

void slot_reap(struct supervisor *supervisor)
{
	for (unsigned i = 0; i < supervisor->slot_count; i++)
		wait_for(supervisor, &supervisor->slots[i]);
}

/* ---- asking for one ---- */

static struct slot *free_slot(struct supervisor *supervisor)
{
	for (unsigned i = 0; i < supervisor->slot_count; i++)
		if (!supervisor->slots[i].used)
			return &supervisor->slots[i];
	return NULL;
}

static int make_directory(struct supervisor *supervisor, struct slot *slot, char *ret_name, size_t size,
			  struct why *why)
{
	const struct supervisor_options *options = supervisor->options;
	(void)snprintf(ret_name, size, "%u-%u", index_of(supervisor, slot), slot->turn);
	int error = tempdir_child(&supervisor->tempdir, ret_name, &slot->directory, why);
	bool dropped = slot->generation->isolation.layers[ISOLATION_LAYER_user].state == ISOLATION_ON;
	if (!error && options->drop && dropped && chown(slot->directory, options->user, options->group) < 0)
		error = why_errno(why, -errno, "directory %s", slot->directory);
	return error;
}

/* Sends the fork request: the answer comes in generation_readable. */
static int ask(struct supervisor *supervisor, struct generation *generation, struct slot *slot, const char *name,
	       int *pair)
{
	struct control *packet = &supervisor->packet;
	packet->kind = CONTROL_FORK;
	packet->slot = index_of(supervisor, slot);
	packet->generation = slot->turn;
	packet->result = 0;
	(void)snprintf(packet->text, sizeof packet->text, "%s", name);
	int error = control_send(generation->control, packet, pair[1]);
	fd_close(&pair[1]);
	if (error)
		return error;
	generation->asked++;
	if (generation->deadline == CLOCK_NEVER)
		generation->deadline = clock_now() + FORK_MS;
	channel_init(&slot->channel, pair[0], CHANNEL_SMALL);
	pair[0] = -1;
	slot->listening = true;
	error = fd_nonblocking(slot->channel.fd);
	return error ? error
		     : service_watch(supervisor, slot->channel.fd, EPOLLIN,
				     service_tag(TAG_SLOT, index_of(supervisor, slot), slot->turn));
}

/*
 * A worker on its way, in ret_slot. -EAGAIN: the zygote takes no more now; -EPIPE: it is gone; else our own trouble, with
 * code and why.
 */
static int start_worker(struct supervisor *supervisor, struct generation *generation, struct slot **ret_slot,
			enum scan_code *ret_code, struct why *why)
{
	char name[32];
	int pair[2] = {-1, -1};
	struct slot *slot = free_slot(supervisor);
	if (!slot)
		return -EAGAIN;
	slot->used = true;
	slot->generation = generation;
	slot->acknowledge = CLOCK_NEVER;
	generation->slots++;
	supervisor->working++;
	*ret_code = DEC_RESULT_TEMP_DIR_ACCESS_FAILED;
	int error = make_directory(supervisor, slot, name, sizeof name, why);
	if (!error) {
		*ret_code = DEC_RESULT_INIT_DECOMPOSER_FAILED;
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
			error = -errno;
		error = error ? error : ask(supervisor, generation, slot, name, pair);
		if (error == -ECONNRESET || error == -ENOTCONN)
			error = -EPIPE;
		if (error)
			(void)why_errno(why, error, "cannot start a worker");
	}
	fd_close(&pair[0]);
	fd_close(&pair[1]);
	if (!error) {
		supervisor->stats.workers_started++;
		*ret_slot = slot;
		return 0;
	}
	/* Once asked for, the worker will come, and be killed then. */
	if (slot->listening)
		end_worker(supervisor, slot);
	else
		release(supervisor, slot);
	return error;
}

/* The request with what is to be tried on all messages: from a cache too it is part of what made the verdict, for the list changes with the definitions only. */
static char *encode_request(const struct supervisor *supervisor, const struct request *request)
{
	if (!supervisor->passwords.size)
		return request_json_encode(request, true);
	struct request own = *request;
	password_list_join(&own.passwords, &supervisor->passwords);
	return request_json_encode(&own, true);
}

/* Gives the message to the worker; one that is gone already is seen by its end. */
static void give(struct supervisor *supervisor, struct slot *slot, struct task *task)
{
	slot->task = task;
	slot->serial = ++supervisor->serial;
	task_adopt(task, slot->generation->number);
	task_begin(task);
	/* One that is only being forked has the time of the message itself. */
	slot->acknowledge = slot->pid > 0 && !task->tried_silent ? clock_now() + ACKNOWLEDGE_MS : CLOCK_NEVER;
	char *text = encode_request(supervisor, &task->request);
	int error = text ? channel_send(&slot->channel, FRAME_SCAN, slot->serial, text, strlen(text), task->message)
			 : -ENOMEM;
	free(text);
	if (!error || error == -EPIPE || error == -ECONNRESET)
		return;
	bool trial = slot->trial;
	slot->task = NULL;
	slot->trial = false;
	end_worker(supervisor, slot);
	task_fail(task, DEC_RESULT_INIT_DECOMPOSER_FAILED, strerror(-error));
	conclude(supervisor, slot->generation, task, trial);
}

int slot_trial(struct supervisor *supervisor, struct generation *generation)
{
	struct request request;
	struct why why = {""};
	enum scan_code code;
	struct slot *slot;
	int message;
	int error = trial_open(&request, &message);
	if (error)
		return error;
	struct task *task = task_new(0, NULL, &request, message);
	if (!task)
		return -ENOMEM;
	error = start_worker(supervisor, generation, &slot, &code, &why);
	if (error) {
		task_free(task);
		return error;
	}
	generation->trials++;
	slot->trial = true;
	give(supervisor, slot, task);
	return 0;
}

void slot_forked(struct supervisor *supervisor, const struct control *packet)
{
	if (packet->slot >= supervisor->slot_count)
		return;
	struct slot *slot = &supervisor->slots[packet->slot];
	if (!slot->used || slot->turn != packet->generation || slot->pid)
		return;
	if (packet->result > 0) {
		slot->pid = packet->result;
		if (slot->dying)
			end_worker(supervisor, slot);
		wait_for(supervisor, slot); /* it may be dead already */
		return;
	}
	struct task *task = slot->task;
	struct generation *generation = slot->generation;
	bool trial = slot->trial;
	slot->task = NULL;
	release(supervisor, slot);
	if (!task)
		return;
	task_fail(task, DEC_RESULT_INIT_DECOMPOSER_FAILED, strerror(-packet->result));
	conclude(supervisor, generation, task, trial);
}

/* ---- work ---- */

static struct slot *idle_slot(struct supervisor *supervisor)
{
	struct slot *coming = NULL;
	for (unsigned i = 0; i < supervisor->slot_count; i++) {
		struct slot *slot = &supervisor->slots[i];
		if (!slot->used || slot->dying || slot->task || slot->generation != supervisor->current)
			continue;
		if (slot->pid)
			return slot;
		coming = slot;
	}
	return coming;
}

static bool can_fork(const struct supervisor *supervisor)
{
	return supervisor->current->control >= 0 && supervisor->working < supervisor->options->max_concurrency;
}

/* False: no worker can be had now. */
static bool begin_one(struct supervisor *supervisor)
{
	struct why why = {""};
	enum scan_code code = SCAN_CODE_NONE;
	struct generation *current = supervisor->current;
	struct slot *slot = idle_slot(supervisor);
	int error = 0;
	if (!slot && !can_fork(supervisor))
		return false;
	if (!slot)
		error = start_worker(supervisor, current, &slot, &code, &why);
	if (error == -EAGAIN)
		return false;
	if (error == -EPIPE) {
		generation_lost(supervisor, current, "the zygote is gone");
		return false;
	}
	struct task *task = link_take_task(supervisor);
	if (!task)
		return false;
	if (!error) {
		give(supervisor, slot, task);
		return true;
	}
	task_adopt(task, current->number);
	task_begin(task);
	task_fail(task, code, why.text);
	conclude(supervisor, current, task, false);
	return true;
}

/* Workers that wait for the messages to come. A private scanner has none: most serve a single message. */
static void fork_ahead(struct supervisor *supervisor)
{
	struct why why;
	enum scan_code code;
	struct slot *slot;
	int error = 0;
	while (!error && supervisor->resident && !supervisor->stopping && can_fork(supervisor))
		error = start_worker(supervisor, supervisor->current, &slot, &code, &why);
	if (error == -EPIPE)
		generation_lost(supervisor, supervisor->current, "the zygote is gone");
}

void slot_dispatch(struct supervisor *supervisor)
{
	struct generation *current = supervisor->current;
	if (!current || (current->state != GENERATION_READY && current->state != GENERATION_FAILED))
		return;
	if (current->state == GENERATION_FAILED) {
		struct task *task;
		while ((task = link_take_task(supervisor))) {
			task_adopt(task, current->number);
			task_fail(task, current->fail_code, current->fail_text);
			conclude(supervisor, current, task, false);
		}
		return;
	}
	while (supervisor->queued && begin_one(supervisor))
		continue;
	if (supervisor->current == current && current->state == GENERATION_READY)
		fork_ahead(supervisor);
}

/* ---- time ---- */

static int64_t deadline_of(const struct slot *slot)
{
	int64_t deadline = task_deadline(slot->task);
	return slot->acknowledge < deadline ? slot->acknowledge : deadline;
}

int64_t slot_deadline(const struct supervisor *supervisor)
{
	int64_t next = CLOCK_NEVER;
	for (unsigned i = 0; i < supervisor->slot_count; i++) {
		const struct slot *slot = &supervisor->slots[i];
		if (slot->task && deadline_of(slot) < next)
			next = deadline_of(slot);
	}
	return next;
}

void slot_expire(struct supervisor *supervisor)
{
	int64_t now = clock_now();
	for (unsigned i = 0; i < supervisor->slot_count; i++) {
		struct slot *slot = &supervisor->slots[i];
		if (!slot->task || now < deadline_of(slot))
			continue;
		/* What it said in time counts, and may even be its last word. */
		slot_readable(supervisor, slot);
		if (!slot->task || now < deadline_of(slot))
			continue;
		if (now < task_deadline(slot->task))
			fail(supervisor, slot, TASK_DEATH_SILENT, 0);
		else
			fail(supervisor, slot, task_expired(slot->task), 0);
	}
}

/* ---- going ---- */

void slot_retire_generation(struct supervisor *supervisor, struct generation *generation, bool recall)
{
	for (unsigned i = 0; i < supervisor->slot_count; i++) {
		struct slot *slot = &supervisor->slots[i];
		if (!slot->used || slot->generation != generation)
			continue;
		if (recall && !slot->pid) {
			/* It never came. Should it have been forked all the same, it finds nobody on its socket and ends. */
			struct task *task = slot->trial ? NULL : slot->task;
			if (slot->trial)
				task_free(slot->task);
			slot->task = NULL;
			slot->trial = false;
			release(supervisor, slot);
			if (task) {
				task_recall(task);
				link_put_again(supervisor, task);
			}
		} else if (generation->state == GENERATION_RETIRED && !slot->task) {
			end_worker(supervisor, slot);
		}
	}
}

void slot_forget_link(struct supervisor *supervisor, const struct link *link)
{
	for (unsigned i = 0; i < supervisor->slot_count; i++) {
		struct slot *slot = &supervisor->slots[i];
		if (!slot->task || slot->task->owner != link)
			continue;
		supervisor->stats.abandoned++;
		task_free(slot->task);
		slot->task = NULL;
		end_worker(supervisor, slot);
	}
}

void slot_free_all(struct supervisor *supervisor)
{
	for (unsigned i = 0; i < supervisor->slot_count; i++) {
		struct slot *slot = &supervisor->slots[i];
		task_free(slot->task);
		slot->task = NULL;
		if (slot->used)
			release(supervisor, slot);
	}
}
