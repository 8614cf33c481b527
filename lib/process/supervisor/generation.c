/*
 * generation.c - zygotes: loading definitions, letting new ones take over, replacing a zygote that died; see service.h.
 *
 * A new generation loads beside the old one and takes over when it is ready, its isolation is whole and it has scanned
 * the trial message; else the old one stays. A zygote that dies leaves its workers alive, and they go on until another
 * generation takes over.
 */
#include "process/supervisor/service.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "format/facts_json.h"
#include "format/isolation_json.h"
#include "format/password_file.h"
#include "process/cache.h"
#include "process/memory.h"
#include "process/notify.h"
#include "process/spawn.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* The largest official set takes tens of seconds to load on a slow machine. */
#define LOAD_MS (600 * 1000)
/* Zygotes that may die one after the other without a message answered, before a private scanner gives up. */
#define DEATHS_MOST 5
/* A resident one never gives up, but waits longer each time. */
#define RESTART_MS      250
#define RESTART_MOST_MS 5000
/* Crashes after which workers get a new address space: each of them told an attacker a little about the one they share. */
#define CRASHES_MOST 200
/* What a new generation may need more than the one in use. */
#define GROWTH_PERCENT 110u
#define MEMORY_SLACK   ((uint64_t)64 << 20)

static void free_generation(struct generation *generation)
{
	fd_close(&generation->control);
	facts_free(&generation->facts);
	free(generation->fail_text);
	definitions_close(&generation->definitions);
	*generation = (struct generation){.control = -1, .definitions.lock = -1, .turn = generation->turn + 1};
}

/* A free place, or NULL. */
static struct generation *new_generation(struct supervisor *supervisor)
{
	for (unsigned i = 0; i < GENERATIONS_MOST; i++) {
		struct generation *generation = &supervisor->generations[i];
		if (generation->group || generation == supervisor->current || generation == supervisor->coming)
			continue;
		free_generation(generation);
		generation->deadline = CLOCK_NEVER;
		return generation;
	}
	return NULL;
}

static void fail_generation(struct generation *generation, enum scan_code code, const char *text)
{
	generation->state = GENERATION_FAILED;
	generation->fail_code = code;
	free(generation->fail_text);
	generation->fail_text = strdup(text ? text : "");
	generation->deadline = CLOCK_NEVER;
	fd_close(&generation->control);
	if (generation->zygote_lives)
		(void)kill(generation->group, SIGKILL);
	/* What will not be used needs no files: its set may be removed. */
	fd_close(&generation->definitions.lock);
}

/* ---- starting a zygote ---- */

unsigned service_worker_arguments(const struct supervisor *supervisor, const char **ret_argv,
				  char ret_room[SERVICE_ARGUMENT_ROOM])
{
	const struct supervisor_options *options = supervisor->options;
	const char **argv = ret_argv;
	char *drop = ret_room, *abi = ret_room + SERVICE_ARGUMENT_ROOM - 16;
	unsigned count = 0;
	argv[count++] = options->worker_path;
	argv[count++] = "--base";
	argv[count++] = supervisor->tempdir.path;
	if (options->drop) {
		(void)snprintf(drop, SERVICE_ARGUMENT_ROOM - 16, "%ju:%ju:%s", (uintmax_t)options->user,
			       (uintmax_t)options->group, options->user_name);
		argv[count++] = "--drop";
		argv[count++] = drop;
	}
	if (options->landlock_abi) {
		(void)snprintf(abi, 16, "%u", options->landlock_abi);
		argv[count++] = "--landlock-abi";
		argv[count++] = abi;
	}
	if (options->no_namespaces)
		argv[count++] = "--no-namespaces";
	if (options->isolation_off)
		argv[count++] = "--isolation-off";
	return count;
}

static int spawn_zygote(struct supervisor *supervisor, struct generation *generation, int socket, struct why *why)
{
	const struct supervisor_options *options = supervisor->options;
	const char *argv[SERVICE_WORKER_ARGUMENTS + 8];
	char room[SERVICE_ARGUMENT_ROOM];
	unsigned count = service_worker_arguments(supervisor, argv, room);
	if (options->no_engine) {
		argv[count++] = "--no-engine";
	} else {
		argv[count++] = "--definitions";
		argv[count++] = generation->definitions.path;
	}
	if (generation->definitions.shipped)
		argv[count++] = "--shipped";
	if (supervisor->resident) {
		argv[count++] = "--probe";
		argv[count++] = "--resident";
	}
	argv[count] = NULL;
	int error = spawn_program(options->worker_path, (char *const *)(uintptr_t)argv, socket, SPAWN_OWN_GROUP,
				  &generation->group, why);
	generation->zygote_lives = !error;
	return error;
}

/* 0 with a generation that is loading, or -errno with why; -ENODATA: there is nothing to load. */
static int begin(struct supervisor *supervisor, struct generation **ret_generation, struct why *why)
{
	int pair[2];
	struct generation *generation = new_generation(supervisor);
	if (!generation)
		return why_set(why, -EBUSY, "workers of too many earlier definitions are still busy");
	int error = supervisor->options->no_engine
			    ? 0
			    : definitions_open(supervisor->options->definitions, &generation->definitions, why);
	if (error)
		return error;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		error = why_errno(why, -errno, "cannot talk to the worker");
		free_generation(generation);
		return error;
	}
	error = spawn_zygote(supervisor, generation, pair[1], why);
	fd_close(&pair[1]);
	uint32_t index = (uint32_t)(generation - supervisor->generations);
	/* Our side never waits: a zygote that was stopped must not stop us. */
	if (!error &&
	    ((error = fd_nonblocking(pair[0])) ||
	     (error = service_watch(supervisor, pair[0], EPOLLIN, service_tag(TAG_CONTROL, index, generation->turn)))))
		(void)why_errno(why, error, "cannot watch the worker");
	if (error) {
		fd_close(&pair[0]);
		if (generation->zygote_lives)
			fail_generation(generation, AVS_RESULT_SCANNER_NOT_INITIALIZED, why->text);
		else
			free_generation(generation);
		return error;
	}
	generation->control = pair[0];
	generation->state = GENERATION_LOADING;
	generation->deadline = clock_now() + LOAD_MS;
	*ret_generation = generation;
	return 0;
}

/* ---- taking over ---- */

static void retire(struct supervisor *supervisor, struct generation *generation)
{
	generation->state = GENERATION_RETIRED;
	generation->deadline = CLOCK_NEVER;
	/* Those asked for must be told of first, or be recalled. */
	slot_retire_generation(supervisor, generation, true);
	generation->asked = 0;
	fd_close(&generation->control); /* at which the zygote ends */
	supervisor->reap = true;
}

static void take_over(struct supervisor *supervisor, struct generation *generation)
{
	struct generation *old = supervisor->current;
	char text[STATUS_TEXT_MAX];
	const char *version = generation->facts.definitions_version;
	supervisor->current = generation;
	if (supervisor->coming == generation)
		supervisor->coming = NULL;
	if (old && old != generation)
		retire(supervisor, old);
	generation->state = GENERATION_READY;
	generation->number = ++supervisor->generation_number;
	generation->loaded = clock_wall();
	(void)snprintf(text, sizeof text, "definitions %s, %" PRIu64 " signatures",
		       version ? version : "without version", generation->facts.definitions_signatures);
	log_write(LOG_LEVEL_NOTICE, "ready: %s, generation %" PRIu32, text, generation->number);
	if (supervisor->resident) {
		char state[STATUS_TEXT_MAX + 32];
		(void)snprintf(state, sizeof state, "STATUS=Scanning with %s", text);
		(void)notify_send(state);
		supervisor->say_ready = true;
	}
	if (supervisor->reload_runs) {
		supervisor->stats.reloads++;
		command_reload_over(supervisor, true, text);
	}
	hasher_prepare(supervisor);
	link_tell_ready(supervisor);
}

/* It will not take over. Where there is no other one, messages are answered with its code from now on. */
static void give_up(struct supervisor *supervisor, struct generation *generation, enum scan_code code, const char *text)
{
	log_write(LOG_LEVEL_ERROR, "definitions from %s are not used: %s",
		  generation->definitions.path ? generation->definitions.path : "nowhere", text);
	fail_generation(generation, code, text);
	slot_retire_generation(supervisor, generation, true);
	if (supervisor->coming == generation)
		supervisor->coming = NULL;
	bool old_serves = supervisor->current && supervisor->current != generation &&
			  supervisor->current->state == GENERATION_READY;
	if (!old_serves && supervisor->current != generation) {
		if (supervisor->current)
			retire(supervisor, supervisor->current);
		supervisor->current = generation;
	}
	if (supervisor->reload_runs) {
		supervisor->stats.reloads_failed++;
		command_reload_over(supervisor, false, text);
	}
	if (old_serves && supervisor->current->control < 0) {
		/* The one in use has lost its zygote: try again, later each time. */
		int64_t wait = (int64_t)RESTART_MS << (supervisor->zygote_deaths < 5 ? supervisor->zygote_deaths : 5);
		supervisor->zygote_deaths++;
		supervisor->restart_at = clock_now() + (wait < RESTART_MOST_MS ? wait : RESTART_MOST_MS);
	}
	if (!old_serves && supervisor->resident) {
		(void)notify_send("STATUS=No definitions: every message is answered with an error");
		supervisor->say_ready = true;
	}
	link_tell_ready(supervisor);
}

void generation_tried(struct supervisor *supervisor, struct generation *generation, const struct report *report)
{
	char text[STATUS_TEXT_MAX];
	const struct generation *old = supervisor->current;
	if (generation->state != GENERATION_TRIAL)
		return;
	generation->finds_eicar = report->virus_count > 0;
	if (!report->complete || (report->status != EC_AV_INFECTED && report->status != EC_AV_CLEAN)) {
		(void)snprintf(text, sizeof text, "the trial message was not scanned: %s",
			       report->info ? report->info : "");
		give_up(supervisor, generation, AVS_RESULT_ENGINE_LOAD_FAILED, text);
	} else if (old && old != generation && old->state == GENERATION_READY && old->finds_eicar &&
		   !generation->finds_eicar) {
		give_up(supervisor, generation, AVS_RESULT_ENGINE_LOAD_FAILED,
			"they do not find the EICAR test file, and those in use do");
	} else {
		take_over(supervisor, generation);
	}
}

/* ---- what a zygote says ---- */

/* Where a promised layer is missing the scanner does not serve, unless it was told to. */
static void take_isolation(struct supervisor *supervisor, struct generation *generation)
{
	char text[STATUS_TEXT_MAX - 64];
	const char *said = supervisor->packet.text;
	if (isolation_json_decode(said, strlen(said), &generation->isolation))
		return; /* as if nothing had been said */
	if (isolation_whole(&generation->isolation, text, sizeof text))
		return;
	if (supervisor->options->degrade)
		log_write(LOG_LEVEL_WARNING, "DEGRADED: workers are not isolated as promised: %s", text);
}

static void take_ready(struct supervisor *supervisor, struct generation *generation)
{
	enum scan_code code;
	char *text;
	char trouble[STATUS_TEXT_MAX];
	const char *said = supervisor->packet.text;
	if (generation->state != GENERATION_LOADING ||
	    facts_json_decode(said, strlen(said), &generation->facts, &code, &text)) {
		give_up(supervisor, generation, AVS_RESULT_SCANNER_NOT_INITIALIZED, "the worker's greeting is not one");
		return;
	}
	generation->deadline = CLOCK_NEVER;
	(void)snprintf(trouble, sizeof trouble, "%s", text);
	free(text);
	if (code != SCAN_CODE_NONE) {
		give_up(supervisor, generation, code, trouble);
		return;
	}
	if (!supervisor->options->degrade && !isolation_whole(&generation->isolation, trouble, sizeof trouble)) {
		if (!supervisor->current || supervisor->current == generation) {
			char advice[STATUS_TEXT_MAX];
			(void)snprintf(advice, sizeof advice,
				       "%.300s; --isolation=degrade serves all the same, and says so in every status",
				       trouble);
			service_fatal(supervisor, -EPERM, advice);
		}
		give_up(supervisor, generation, AVS_RESULT_SCANNER_NOT_INITIALIZED, trouble);
		return;
	}
	if (!supervisor->resident) {
		take_over(supervisor, generation);
		return;
	}
	generation->state = GENERATION_TRIAL;
	int error = slot_trial(supervisor, generation);
	if (error)
		give_up(supervisor, generation, AVS_RESULT_ENGINE_LOAD_FAILED, strerror(-error));
}

/* Low memory: the old one goes first, and its last process too; messages wait meanwhile. False: no place for it yet. */
static bool replace_after(struct supervisor *supervisor)
{
	struct generation *old = supervisor->current;
	struct generation *next = new_generation(supervisor);
	if (!next)
		return false;
	/* A generation without a process: what comes is begun by generation_expire when the old one is gone. */
	next->state = GENERATION_LOADING;
	next->isolation = old->isolation;
	supervisor->current = next;
	if (old->state == GENERATION_FAILED)
		slot_retire_generation(supervisor, old, true);
	else
		retire(supervisor, old);
	supervisor->restart_at = clock_now();
	return true;
}

void generation_lost(struct supervisor *supervisor, struct generation *generation, const char *text)
{
	struct why why = {""};
	fd_close(&generation->control);
	supervisor->reap = true;
	generation->deadline = CLOCK_NEVER;
	generation->asked = 0;
	if (generation->zygote_lives)
		(void)kill(generation->group, SIGKILL);
	slot_retire_generation(supervisor, generation, true);
	if (generation->state == GENERATION_LOADING || generation->state == GENERATION_TRIAL) {
		give_up(supervisor, generation, AVS_RESULT_SCANNER_NOT_INITIALIZED, text);
		return;
	}
	if (generation != supervisor->current || generation->state != GENERATION_READY || supervisor->coming)
		return;
	log_write(LOG_LEVEL_ERROR, "%s; another one is started", text);
	if (!supervisor->resident && supervisor->zygote_deaths + 1 >= DEATHS_MOST) {
		fail_generation(generation, AVS_RESULT_SCANNER_NOT_INITIALIZED, text);
		return;
	}
	supervisor->zygote_deaths++;
	bool after = supervisor->options->low_memory && supervisor->resident;
	if (after ? replace_after(supervisor) : begin(supervisor, &supervisor->coming, &why) == 0)
		return;
	if (supervisor->resident)
		supervisor->restart_at = clock_now() + RESTART_MOST_MS;
	else
		give_up(supervisor, generation, AVS_RESULT_SCANNER_NOT_INITIALIZED, why.text);
}

void generation_readable(struct supervisor *supervisor, struct generation *generation)
{
	int got = control_receive(generation->control, &supervisor->packet, NULL);
	if (got == -EAGAIN)
		return;
	if (got <= 0) {
		generation_lost(supervisor, generation,
				generation->state == GENERATION_LOADING ? "the worker ended before its engine was ready"
									: "the zygote ended");
		return;
	}
	switch (supervisor->packet.kind) {
	case CONTROL_ISOLATION:
		take_isolation(supervisor, generation);
		break;
	case CONTROL_READY:
		take_ready(supervisor, generation);
		break;
	case CONTROL_FORKED:
		if (generation->asked && --generation->asked == 0)
			generation->deadline = CLOCK_NEVER;
		else
			generation->deadline = clock_now() + FORK_MS;
		slot_forked(supervisor, &supervisor->packet);
		break;
	default:
		break;
	}
}

/* ---- reload ---- */

void generation_start(struct supervisor *supervisor)
{
	struct why why = {""};
	struct generation *generation = NULL;
	enum scan_code code = DEC_RESULT_TEMP_DIR_ACCESS_FAILED;
	int error = -ENOTDIR;
	if (supervisor->tempdir.path) {
		error = begin(supervisor, &generation, &why);
		code = error == -ENODATA ? AVS_RESULT_DEFINITIONS_MISSING : AVS_RESULT_SCANNER_NOT_INITIALIZED;
	} else {
		why = supervisor->tempdir_why;
		if (supervisor->resident)
			service_fatal(supervisor, error, why.text);
	}
	if (error)
		generation = new_generation(supervisor);
	supervisor->current = generation;
	if (error)
		give_up(supervisor, generation, code, why.text);
}

/* Is there room for a second engine? */
static bool room_beside(const struct supervisor *supervisor, struct why *why)
{
	const struct generation *current = supervisor->current;
	if (!current || current->state != GENERATION_READY || !current->zygote_lives)
		return true;
	uint64_t holds = memory_resident(current->group), left = memory_available();
	uint64_t needs = holds / 100 * GROWTH_PERCENT + MEMORY_SLACK;
	if (!holds || !left || needs <= left)
		return true;
	(void)why_set(why, -ENOMEM,
		      "%" PRIu64 " MiB of memory are needed beside the definitions in use and %" PRIu64
		      " MiB are left; --low-memory loads one after the other",
		      needs >> 20, left >> 20);
	return false;
}

int generation_passwords(struct supervisor *supervisor, struct why *why)
{
	struct password_list list;
	const char *path = supervisor->options->passwords;
	int error = path ? password_file_read(path, &list, why) : 0;
	if (error || !path)
		return error;
	supervisor->passwords = list;
	explicit_bzero(&list, sizeof list);
	/* What is kept may have been opened with others, or not at all. */
	if (supervisor->hasher.cache)
		cache_clear(supervisor->hasher.cache);
	return 0;
}

void generation_reload(struct supervisor *supervisor, const char *reason)
{
	struct why why = {""};
	struct generation *current = supervisor->current;
	if (supervisor->coming || supervisor->reload_runs || current->state == GENERATION_LOADING ||
	    current->state == GENERATION_TRIAL) {
		supervisor->reload_wanted =
			true; /* once more when this one is over: files may have changed since it began */
		return;
	}
	supervisor->reload_wanted = false;
	supervisor->reload_runs = true;
	log_write(LOG_LEVEL_NOTICE, "reloading the definitions: %s", reason);
	if (generation_passwords(supervisor, &why))
		log_write(LOG_LEVEL_ERROR, "the passwords stay as they were: %s", why.text);
	if (supervisor->options->low_memory) {
		if (!replace_after(supervisor))
			command_reload_over(supervisor, false,
					    "workers of too many earlier definitions are still busy");
		return;
	}
	if (!room_beside(supervisor, &why) || begin(supervisor, &supervisor->coming, &why)) {
		log_write(LOG_LEVEL_ERROR, "reload refused: %s", why.text);
		supervisor->stats.reloads_failed++;
		command_reload_over(supervisor, false, why.text);
	}
}

void generation_crashed(struct supervisor *supervisor, struct generation *generation)
{
	struct why why;
	if (++generation->crashes < CRASHES_MOST || !supervisor->resident || generation != supervisor->current ||
	    supervisor->options->low_memory || supervisor->reload_runs || supervisor->coming)
		return;
	generation->crashes = 0;
	if (room_beside(supervisor, &why))
		generation_reload(supervisor, "many workers crashed; new ones get another address space");
}

/* ---- time ---- */

int64_t generation_deadline(const struct supervisor *supervisor)
{
	int64_t next = supervisor->restart_at;
	for (unsigned i = 0; i < GENERATIONS_MOST; i++)
		if (supervisor->generations[i].group && supervisor->generations[i].deadline < next)
			next = supervisor->generations[i].deadline;
	return next;
}

/* Have all processes of earlier generations ended? */
static bool alone(const struct supervisor *supervisor)
{
	for (unsigned i = 0; i < GENERATIONS_MOST; i++)
		if (supervisor->generations[i].group)
			return false;
	return true;
}

static void restart(struct supervisor *supervisor)
{
	struct why why = {""};
	struct generation *current = supervisor->current, *generation;
	if (current->state == GENERATION_LOADING && !current->group) {
		if (!alone(supervisor)) {
			supervisor->restart_at = clock_now() + 20;
			return;
		}
		supervisor->restart_at = CLOCK_NEVER;
		if (begin(supervisor, &generation, &why))
			give_up(supervisor, current, AVS_RESULT_SCANNER_NOT_INITIALIZED, why.text);
		else
			supervisor->current = generation; /* the empty place is free again */
		return;
	}
	supervisor->restart_at = CLOCK_NEVER;
	if (current->state == GENERATION_READY && current->control < 0 && !supervisor->coming &&
	    begin(supervisor, &supervisor->coming, &why))
		supervisor->restart_at = clock_now() + RESTART_MOST_MS;
}

void generation_expire(struct supervisor *supervisor)
{
	int64_t now = clock_now();
	for (unsigned i = 0; i < GENERATIONS_MOST; i++) {
		struct generation *generation = &supervisor->generations[i];
		if (!generation->group || now < generation->deadline)
			continue;
		if (generation->state == GENERATION_LOADING) {
			(void)kill(generation->group, SIGKILL);
			give_up(supervisor, generation, AVS_RESULT_ENGINE_LOAD_FAILED,
				"loading the definitions took too long");
		} else {
			generation_lost(supervisor, generation, "the zygote does not answer");
		}
	}
	if (now >= supervisor->restart_at)
		restart(supervisor);
	/* The manager's queue may be full; without that word it would end us. */
	if (supervisor->say_ready && notify_send("READY=1") != -EAGAIN)
		supervisor->say_ready = false;
	if (supervisor->reload_wanted && !supervisor->stopping && !supervisor->reload_runs && !supervisor->coming &&
	    supervisor->current->state != GENERATION_LOADING && supervisor->current->state != GENERATION_TRIAL)
		generation_reload(supervisor, "asked for while another reload ran");
}

/* ---- the end of processes ---- */

/* Children of the group that no place knows: forked for a zygote that died before it could say so. */
static void reap_strays(struct supervisor *supervisor, const struct generation *generation)
{
	siginfo_t info;
	for (;;) {
		info.si_pid = 0;
		if (waitid(P_PGID, (id_t)generation->group, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || !info.si_pid)
			return;
		for (unsigned i = 0; i < supervisor->slot_count; i++)
			if (supervisor->slots[i].used && supervisor->slots[i].pid == info.si_pid)
				return; /* slot_reap's */
		(void)waitpid(info.si_pid, NULL, WNOHANG);
	}
}

void generation_reap(struct supervisor *supervisor)
{
	supervisor->reap = false;
	for (unsigned i = 0; i < GENERATIONS_MOST; i++) {
		struct generation *generation = &supervisor->generations[i];
		bool replaced = generation != supervisor->current && generation != supervisor->coming;
		/* One whose processes had ended before another took over still holds its set. */
		if (!generation->group && replaced && generation->definitions.path)
			free_generation(generation);
		if (!generation->group)
			continue;
		if (generation->zygote_lives && waitpid(generation->group, NULL, WNOHANG) == generation->group)
			generation->zygote_lives = false; /* its socket tells the rest */
		if (generation->zygote_lives || generation->control >= 0)
			continue;
		reap_strays(supervisor, generation);
		siginfo_t info;
		bool empty = waitid(P_PGID, (id_t)generation->group, &info, WEXITED | WNOHANG | WNOWAIT) < 0;
		if (!empty || generation->slots)
			continue;
		generation->group = 0;
		if (replaced)
			free_generation(generation);
	}
}

void generation_end_all(struct supervisor *supervisor)
{
	for (unsigned i = 0; i < GENERATIONS_MOST; i++) {
		struct generation *generation = &supervisor->generations[i];
		siginfo_t info;
		fd_close(&generation->control);
		/* Only while a child of ours is in it: the number of an empty group may be another one's by now. */
		if (generation->group &&
		    waitid(P_PGID, (id_t)generation->group, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
			(void)kill(-generation->group, SIGKILL);
	}
	while (waitpid(-1, NULL, 0) > 0)
		continue;
	for (unsigned i = 0; i < GENERATIONS_MOST; i++) {
		struct generation *generation = &supervisor->generations[i];
		facts_free(&generation->facts);
		free(generation->fail_text);
		definitions_close(&generation->definitions);
	}
}
