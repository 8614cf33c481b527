/*
 * task.c - one message and the workers that are given it; see task.h.
 */
#include "process/task.h"

#include "base/clock.h"
#include "base/fd.h"
#include "format/event_json.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Plain tries after workers that were killed from outside. */
#define KILLS_MOST 2

struct task *task_new(uint32_t id, void *owner, const struct request *request, int take_message)
{
	struct task *task = calloc(1, sizeof *task);
	if (!task) {
		fd_close(&take_message);
		return NULL;
	}
	task->id = id;
	task->owner = owner;
	task->request = *request;
	task->message = take_message;
	task->arrived = clock_now();
	task->arrived_us = clock_now_us();
	task->started = clock_wall();
	task->deadline = task->extract_deadline = CLOCK_NEVER;
	report_init(&task->report);
	return task;
}

static void drop_carried(struct task *task)
{
	for (unsigned i = 0; i < task->carried_count; i++) {
		free(task->carried[i].id);
		free(task->carried[i].text);
	}
	task->carried_count = 0;
}

void task_free(struct task *task)
{
	if (!task)
		return;
	fd_close(&task->message);
	report_free(&task->report);
	drop_carried(task);
	free(task);
}

void task_adopt(struct task *task, uint32_t generation)
{
	unsigned attempts = task->report.attempts;
	bool same = task->generation == generation;
	task->generation = generation;
	if (same)
		return;
	drop_carried(task);
	report_free(&task->report);
	task->report.attempts = attempts;
	task->request.avoid_whole = false;
	task->request.avoid_count = 0;
}

void task_begin(struct task *task)
{
	unsigned attempts = task->report.attempts;
	report_free(&task->report);
	task->report.attempts = attempts + 1;
	task->extract_since = 0;
	task->extract_deadline = CLOCK_NEVER;
	if (!task->begun_us)
		task->begun_us = clock_now_us();
	if (task->deadline == CLOCK_NEVER)
		task->deadline = clock_now() + (int64_t)limits_effective(&task->request.limits, LIMIT_timeout) * 1000;
}

void task_recall(struct task *task)
{
	task->report.attempts--;
}

/* The time for one archive runs from its opening until the decomposer is back in the message. */
static void follow_stage(struct task *task)
{
	enum scan_stage stage = task->report.stage;
	if (stage == STAGE_EXTRACT && !task->extract_since) {
		uint64_t most = limits_effective(&task->request.limits, LIMIT_max_extract_time);
		task->extract_since = clock_now();
		task->extract_part = task->report.stage_part;
		if (most != UINT64_MAX)
			task->extract_deadline = task->extract_since + (int64_t)most * 1000;
	} else if (task->extract_since && (stage == STAGE_MIME || stage == STAGE_DONE)) {
		uint64_t spent = (uint64_t)(clock_now() - task->extract_since);
		if (spent > task->extract_longest)
			task->extract_longest = spent;
		task->extract_since = 0;
		task->extract_deadline = CLOCK_NEVER;
	}
}

int task_event(struct task *task, const char *text, size_t size, bool *ret_done, struct why *why)
{
	int error = event_json_apply(text, size, &task->report, why);
	if (!error)
		follow_stage(task);
	*ret_done = task->report.complete;
	return error;
}

int64_t task_deadline(const struct task *task)
{
	return task->deadline < task->extract_deadline ? task->deadline : task->extract_deadline;
}

enum task_death task_expired(const struct task *task)
{
	return task->extract_deadline < task->deadline ? TASK_DEATH_EXTRACT : TASK_DEATH_DEADLINE;
}

static const char *id_of(const struct report *report, uint32_t part)
{
	return part < report->part_count ? report->parts[part].id : "0";
}

/* Remembers a finding for the reports to come, NULL: no room; when the room is full the earlier ones stand for it. */
static struct carried *carry(struct task *task, enum scan_code code, const char *id, const char *text, bool official)
{
	if (task->carried_count == TASK_CARRIED_MAX)
		return NULL;
	struct carried *carried = &task->carried[task->carried_count];
	carried->id = strdup(id);
	if (!carried->id)
		return NULL;
	carried->code = code;
	carried->text = text ? strdup(text) : NULL;
	carried->official = official;
	task->carried_count++;
	return carried;
}

static void carry_viruses(struct task *task)
{
	for (uint32_t i = 0; i < task->report.virus_count; i++) {
		const struct virus_found *virus = &task->report.viruses[i];
		(void)carry(task, AVS_RESULT_VIRUS_FOUND, id_of(&task->report, virus->part), virus->name,
			    virus->official);
	}
}

/* They leave half of the room to what decides the verdict. */
static void carry_evasions(struct task *task)
{
	for (uint32_t i = 0; i < task->report.evasion_count && task->carried_count < TASK_CARRIED_MAX / 2; i++) {
		const struct evasion_found *found = &task->report.evasions[i];
		struct carried *carried =
			carry(task, SCAN_CODE_NONE, id_of(&task->report, found->part), found->text, false);
		if (carried)
			carried->evasion = found->evasion;
	}
}

static bool has_code(const struct report *report, enum scan_code code)
{
	for (uint32_t i = 0; i < report->code_count; i++)
		if (report->codes[i].code == code)
			return true;
	return false;
}

static enum scan_code code_for(const struct task *task, enum task_death death)
{
	if (has_code(&task->report, DEC_RESULT_OUT_OF_MEMORY))
		return DEC_RESULT_OUT_OF_MEMORY;
	if (has_code(&task->report, DEC_RESULT_INIT_DECOMPOSER_FAILED))
		return DEC_RESULT_INIT_DECOMPOSER_FAILED;
	switch (death) {
	case TASK_DEATH_DEADLINE:
	case TASK_DEATH_EXTRACT:
		return DEC_RESULT_MAXIMUM_EXTRACT_TIME_EXCEEDED;
	case TASK_DEATH_FAULT:
		return DEC_RESULT_SCAN_ENGINE_EXCEPTION;
	default:
		return DEC_RESULT_SCAN_FILE_DECOMPOSE_ERROR;
	}
}

/* What exactly happened, for people. */
static void describe(const struct task *task, enum task_death death, int number, char *ret_text, size_t size)
{
	const char *stage = scan_stage_word(task->report.stage);
	uint64_t seconds =
		task->request.limits.value[death == TASK_DEATH_EXTRACT ? LIMIT_max_extract_time : LIMIT_timeout];
	switch (death) {
	case TASK_DEATH_DEADLINE:
		(void)snprintf(ret_text, size, "timeout of %" PRIu64 " s, stage %s", seconds, stage);
		break;
	case TASK_DEATH_EXTRACT:
		(void)snprintf(ret_text, size, "max_extract_time of %" PRIu64 " s, stage %s", seconds, stage);
		break;
	case TASK_DEATH_FAULT:
	case TASK_DEATH_KILLED:
		(void)snprintf(ret_text, size, "%ssignal %s, stage %s", number == SIGSYS ? "sandbox violation, " : "",
			       sigabbrev_np(number), stage);
		break;
	case TASK_DEATH_LEFT:
		(void)snprintf(ret_text, size, "exit status %d, stage %s", number, stage);
		break;
	case TASK_DEATH_BROKEN:
		(void)snprintf(ret_text, size, "invalid report, stage %s", stage);
		break;
	case TASK_DEATH_SILENT:
		(void)snprintf(ret_text, size, "the worker does not answer, stage %s", stage);
		break;
	}
}

/* Lets the next worker leave alone what this one was at. False: there is nothing left to leave alone. */
static bool avoid(struct task *task, uint32_t part)
{
	struct request *request = &task->request;
	switch (task->report.stage) {
	case STAGE_WHOLE:
		if (request->avoid_whole)
			return false;
		return request->avoid_whole = true;
	case STAGE_EXTRACT:
	case STAGE_SCAN:
		if (request->avoid_count == REQUEST_AVOID_MAX)
			return false;
		(void)snprintf(request->avoid[request->avoid_count++], sizeof *request->avoid, "%s",
			       id_of(&task->report, part));
		return true;
	default:
		return false;
	}
}

bool task_died(struct task *task, enum task_death death, int number)
{
	char text[128];
	enum scan_code code = code_for(task, death);
	/* A forbidden system call is no accident from outside: it would come again. */
	bool violation = death == TASK_DEATH_FAULT && number == SIGSYS;
	bool from_outside = death == TASK_DEATH_FAULT || death == TASK_DEATH_KILLED || death == TASK_DEATH_LEFT;
	/* SIGKILL comes from outside for sure, and may come twice by bad luck; a fault may be the message's own doing. */
	bool tried = death == TASK_DEATH_KILLED ? task->tried_killed == KILLS_MOST : task->tried_again;
	bool again = from_outside && !violation && code != DEC_RESULT_OUT_OF_MEMORY && !tried;
	uint32_t part = task->report.stage_part;
	if (death == TASK_DEATH_EXTRACT) {
		part = task->extract_part;
		task->report.stage = STAGE_EXTRACT;
	}
	if (death == TASK_DEATH_SILENT && !task->tried_silent) {
		/* It never began, so nothing is known against the message. */
		task->tried_silent = true;
		task_recall(task);
		return true;
	}
	describe(task, death, number, text, sizeof text);
	if (death != TASK_DEATH_DEADLINE && clock_now() < task->deadline) {
		if (again) {
			if (death == TASK_DEATH_KILLED)
				task->tried_killed++;
			else
				task->tried_again = true;
			carry_viruses(task);
			carry_evasions(task);
			return true;
		}
		if (avoid(task, part)) {
			carry_viruses(task);
			(void)carry(task, code, id_of(&task->report, part), text, false);
			carry_evasions(task);
			return true;
		}
	}
	/* The last word: what this worker said, with its end. */
	(void)report_code(&task->report, part, code, text);
	return false;
}

void task_fail(struct task *task, enum scan_code code, const char *text)
{
	(void)report_code(&task->report, 0, code, text);
}

/* The part with that id in this report; the input itself where there is none. */
static uint32_t part_with_id(const struct report *report, const char *id)
{
	for (uint32_t i = 0; i < report->part_count; i++)
		if (strcmp(report->parts[i].id, id) == 0)
			return i;
	return 0;
}

static void apply_carried(struct task *task)
{
	for (unsigned i = 0; i < task->carried_count; i++) {
		const struct carried *carried = &task->carried[i];
		uint32_t part = part_with_id(&task->report, carried->id);
		if (carried->code == SCAN_CODE_NONE)
			(void)report_evasion(&task->report, part, carried->evasion, carried->text);
		else if (carried->code == AVS_RESULT_VIRUS_FOUND && carried->text)
			(void)report_virus(&task->report, part, carried->text, carried->official);
		else
			(void)report_code(&task->report, part, carried->code, carried->text);
	}
}

void task_settle(struct task *task, const struct facts *facts)
{
	struct report *report = &task->report;
	apply_carried(task);
	report->limits = task->request.limits;
	report->wire = task->request.wire;
	report->started = task->started;
	report->total_ms = (uint64_t)(clock_now() - task->arrived);
	/* The worker's own figure does not count when it died. */
	report->usage.extract_ms = task->extract_longest;
	(void)report_facts(report, facts);
	(void)report_settle(report);
}
