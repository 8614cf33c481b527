/*
 * command.c - control by an administrator: status, stats, reload, stop, ping; see service.h.
 *
 * For the user of the scanner and for root only. Nothing here waits: what must be waited for is answered when it is over.
 */
#include "process/supervisor/service.h"

#include "base/clock.h"
#include "base/log.h"
#include "format/command_json.h"
#include "format/stats_json.h"
#include "format/status_json.h"
#include "process/memory.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static unsigned count_slots(const struct supervisor *supervisor, bool busy)
{
	unsigned count = 0;
	for (unsigned i = 0; i < supervisor->slot_count; i++) {
		const struct slot *slot = &supervisor->slots[i];
		count += slot->used && !slot->dying && (slot->task != NULL) == busy;
	}
	return count;
}

static char *status_document(struct supervisor *supervisor)
{
	const struct supervisor_options *options = supervisor->options;
	const struct generation *current = supervisor->current;
	struct status *status = &supervisor->status;
	const char *socket = options->listener ? options->listener->shown : NULL;
	status->state = supervisor->stopping                  ? STATUS_STOPPING
			: current->state == GENERATION_READY  ? STATUS_READY
			: current->state == GENERATION_FAILED ? STATUS_FAILED
							      : STATUS_LOADING;
	status->reloading = supervisor->coming != NULL;
	status->low_memory = options->low_memory;
	status->isolation = current->isolation;
	status->trouble[0] = '\0';
	status->degraded = current->state == GENERATION_READY &&
			   !isolation_whole(&current->isolation, status->trouble, sizeof status->trouble);
	if (current->state == GENERATION_FAILED)
		(void)snprintf(status->trouble, sizeof status->trouble, "%s", current->fail_text);
	(void)snprintf(status->socket, sizeof status->socket, "%s", socket ? socket : "");
	status->pid = getpid();
	status->started = supervisor->started;
	status->generation = current->number;
	status->loaded = current->loaded;
	status->engine_memory = current->zygote_lives ? memory_resident(current->group) : 0;
	status->workers_most = options->max_concurrency;
	status->busy = count_slots(supervisor, true);
	status->idle = count_slots(supervisor, false);
	status->queue = supervisor->queued;
	status->queue_most = options->max_queue;
	status->clients = supervisor->link_count;
	status->messages_per_worker = options->messages_per_worker;
	status->facts = current->facts;
	return status_json_encode(status);
}

static char *stats_document(struct supervisor *supervisor)
{
	struct stats *stats = &supervisor->stats;
	stats->uptime_s = (uint64_t)(clock_wall() - supervisor->started);
	hasher_count(supervisor);
	stats->queue = supervisor->queued;
	stats->queue_most = supervisor->options->max_queue;
	stats->busy = count_slots(supervisor, true);
	stats->idle = count_slots(supervisor, false);
	stats->workers_most = supervisor->options->max_concurrency;
	stats->clients = supervisor->link_count;
	stats->generation = supervisor->current->number;
	return stats_json_encode(stats);
}

static char *outcome(const struct supervisor *supervisor, bool done, const char *text)
{
	struct command_outcome outcome = {.done = done, .pid = getpid(), .generation = supervisor->current->number};
	(void)snprintf(outcome.text, sizeof outcome.text, "%s", text);
	return command_json_outcome(&outcome);
}

void command_reload_over(struct supervisor *supervisor, bool done, const char *text)
{
	supervisor->reload_runs = false;
	supervisor->status.reload.when = clock_wall();
	supervisor->status.reload.done = done;
	(void)snprintf(supervisor->status.reload.text, sizeof supervisor->status.reload.text, "%s", text);
	for (unsigned i = 0; i < supervisor->waiter_count; i++) {
		const struct reload_waiter *waiter = &supervisor->waiters[i];
		struct link *link = link_at(supervisor, waiter->index, waiter->turn);
		if (link)
			link_tell(supervisor, link, FRAME_ANSWER, waiter->id, outcome(supervisor, done, text));
	}
	supervisor->waiter_count = 0;
}

static void take_reload(struct supervisor *supervisor, struct link *link, uint32_t id)
{
	if (supervisor->waiter_count == RELOAD_WAITERS_MOST) {
		link_tell(supervisor, link, FRAME_ANSWER, id,
			  outcome(supervisor, false, "too many are waiting for a reload already"));
		return;
	}
	supervisor->waiters[supervisor->waiter_count++] =
		(struct reload_waiter){.index = link->index, .turn = link->turn, .id = id};
	generation_reload(supervisor, "asked for by an administrator");
}

void command_take(struct supervisor *supervisor, struct link *link, const struct frame *frame, const char *payload)
{
	enum command command;
	if (link->uid != 0 && link->uid != geteuid()) {
		log_write(LOG_LEVEL_WARNING, "a command of user %d was refused", (int)link->uid);
		link_refuse(supervisor, link, FRAME_ERROR, frame->id, GEN_RESULT_POLICY_INVALID,
			    "commands are for the scanner's own user and for root");
		return;
	}
	if (command_json_decode(payload, frame->length, &command)) {
		link_refuse(supervisor, link, FRAME_ERROR, frame->id, GEN_RESULT_PARAMETER_INVALID, "no such command");
		return;
	}
	switch (command) {
	case COMMAND_STATUS:
		link_tell(supervisor, link, FRAME_ANSWER, frame->id, status_document(supervisor));
		break;
	case COMMAND_STATS:
		link_tell(supervisor, link, FRAME_ANSWER, frame->id, stats_document(supervisor));
		break;
	case COMMAND_RELOAD:
		take_reload(supervisor, link, frame->id);
		break;
	case COMMAND_STOP:
		link_tell(supervisor, link, FRAME_ANSWER, frame->id, outcome(supervisor, true, "stopping"));
		service_stop(supervisor);
		break;
	default:
		link_tell(supervisor, link, FRAME_ANSWER, frame->id, outcome(supervisor, true, "ready to talk"));
		break;
	}
}
