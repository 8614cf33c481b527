/*
 * supervisor.c - clients on one side, workers on the other; see supervisor.h.
 *
 * One thread, one epoll. Every place for a worker (slot) goes round: free -> asked for -> running -> dead, waited for and its
 * directory removed -> free. A task is taken off its slot as soon as its end is known, so an answer never waits for a
 * process to vanish.
 */
#include "process/supervisor.h"

#include "base/clock.h"
#include "base/fd.h"
#include "format/facts_json.h"
#include "format/hello_json.h"
#include "format/request_json.h"
#include "format/verdict_json.h"
#include "process/channel.h"
#include "process/control.h"
#include "process/spawn.h"
#include "process/task.h"
#include "process/tempdir.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* The largest official set takes tens of seconds to load on a slow machine. */
#define LOAD_MS (600 * 1000)
/* Zygotes that may die after they were ready, before the scanner gives up. */
#define ZYGOTES_MOST 5
/* Requests that may wait; a client that sends more has broken its promise. */
#define QUEUE_MOST  1024
#define EVENTS_MOST 64

enum zygote_state { ZYGOTE_LOADING, ZYGOTE_READY, ZYGOTE_FAILED };

struct slot {
	bool busy;
	uint32_t generation;
	pid_t pid; /* 0: not known yet */
	bool kill; /* as soon as the pid is known */
	struct channel channel;
	bool listening; /* the channel is open and in the epoll */
	struct task *task;
	char *directory;
};

struct supervisor {
	const struct supervisor_options *options;
	int epoll, signals;
	struct channel client;
	bool greeted, client_gone;
	struct tempdir tempdir;
	struct why tempdir_why; /* why there is none */
	int control;            /* to the zygote; -1: none */
	pid_t zygote;
	enum zygote_state zygote_state;
	unsigned zygotes;           /* started so far */
	pid_t groups[ZYGOTES_MOST]; /* each of which leads a process group of its workers */
	int64_t load_deadline;
	struct facts facts;
	enum scan_code fail_code;
	char *fail_text;
	struct task *queue;
	unsigned queued;
	struct slot *slots;
	struct control packet; /* too large for the stack of every function that needs one */
};

/* What an epoll event is about. Slots are told apart by their number and generation. */
enum { TAG_SIGNAL = 1, TAG_CLIENT, TAG_CONTROL, TAG_SLOT };

static uint64_t slot_tag(const struct supervisor *supervisor, const struct slot *slot)
{
	uint64_t number = (uint64_t)(slot - supervisor->slots);
	return (uint64_t)TAG_SLOT | number << 8 | (uint64_t)slot->generation << 32;
}

static int watch(struct supervisor *supervisor, int fd, uint32_t events, uint64_t tag)
{
	struct epoll_event event = {.events = events, .data.u64 = tag};
	return epoll_ctl(supervisor->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* ---- answers ---- */

/* Sends what waits for the client, and asks to be told when more can be sent. */
static void flush_client(struct supervisor *supervisor)
{
	if (supervisor->client_gone)
		return;
	if (channel_flush(&supervisor->client) < 0) {
		supervisor->client_gone = true;
		return;
	}
	uint32_t events = EPOLLIN | (channel_waiting(&supervisor->client) ? (uint32_t)EPOLLOUT : 0);
	struct epoll_event event = {.events = events, .data.u64 = TAG_CLIENT};
	(void)epoll_ctl(supervisor->epoll, EPOLL_CTL_MOD, supervisor->client.fd, &event);
}

/* Takes over the text; NULL stands for no memory. */
static void tell_client(struct supervisor *supervisor, enum frame_type type, uint32_t id, char *take_text)
{
	if (!take_text || channel_queue(&supervisor->client, type, id, take_text, strlen(take_text)))
		supervisor->client_gone = true; /* an answer that cannot be given: the client sees the end */
	free(take_text);
	flush_client(supervisor);
}

/* Settles the task, answers, and frees it. */
static void answer(struct supervisor *supervisor, struct task *task)
{
	const struct verdict_json_options options = {0};
	task_settle(task, &supervisor->facts);
	tell_client(supervisor, FRAME_REPORT, task->id, verdict_json_encode(&task->report, &options));
	task_free(task);
}

/* Answers a request that never became a task, or a conversation that is broken. */
static void refuse(struct supervisor *supervisor, enum frame_type type, uint32_t id, enum scan_code code,
		   const char *text)
{
	const struct verdict_json_options options = {0};
	struct report report;
	report_init(&report);
	report.limits = supervisor->options->limits;
	report.started = clock_wall();
	(void)report_facts(&report, &supervisor->facts);
	(void)report_code(&report, 0, code, text);
	(void)report_settle(&report);
	tell_client(supervisor, type, id, verdict_json_encode(&report, &options));
	report_free(&report);
	if (type == FRAME_ERROR)
		supervisor->client_gone = true; /* nothing that follows could be trusted to be in step */
}

/* ---- slots ---- */

static struct slot *free_slot(struct supervisor *supervisor)
{
	for (unsigned i = 0; i < supervisor->options->max_concurrency; i++)
		if (!supervisor->slots[i].busy)
			return &supervisor->slots[i];
	return NULL;
}

static void slot_deafen(struct slot *slot)
{
	if (slot->listening)
		channel_close(&slot->channel); /* which takes it out of the epoll */
	slot->listening = false;
}

/* The process is gone, or never was: the place is free. */
static void slot_release(struct slot *slot)
{
	slot_deafen(slot);
	if (slot->directory)
		(void)tempdir_remove_path(slot->directory);
	free(slot->directory);
	*slot = (struct slot){.generation = slot->generation + 1};
}

static void slot_kill(struct slot *slot)
{
	slot->kill = true;
	if (slot->pid > 0)
		(void)kill(slot->pid, SIGKILL); /* ours and not yet waited for, so the number is still its */
}

static void queue_front(struct supervisor *supervisor, struct task *task)
{
	task->next = supervisor->queue;
	supervisor->queue = task;
	supervisor->queued++;
}

static void queue_back(struct supervisor *supervisor, struct task *task)
{
	struct task **end = &supervisor->queue;
	while (*end)
		end = &(*end)->next;
	task->next = NULL;
	*end = task;
	supervisor->queued++;
}

/* Takes the task off a slot whose worker will not finish it. */
static void slot_died(struct supervisor *supervisor, struct slot *slot, enum task_death death, int number)
{
	struct task *task = slot->task;
	slot->task = NULL;
	slot_deafen(slot);
	slot_kill(slot);
	if (task_died(task, death, number))
		queue_front(supervisor, task);
	else
		answer(supervisor, task);
}

/* Applies the frames that have come. */
static void slot_frames(struct supervisor *supervisor, struct slot *slot)
{
	struct frame frame;
	const char *payload;
	int error = 0;
	bool done = false;
	while (slot->task && (error = channel_next(&slot->channel, &frame, &payload)) == 0) {
		struct why why;
		error = frame.type == FRAME_EVENT && frame.id == slot->task->id ? 0 : -EBADMSG;
		error = error ? error : task_event(slot->task, payload, frame.length, &done, &why);
		channel_drop(&slot->channel, &frame);
		if (error)
			break;
		if (done) {
			struct task *task = slot->task;
			slot->task = NULL;
			slot_deafen(slot);
			slot_kill(slot); /* freeing a large engine page by page can take longer than the scan */
			answer(supervisor, task);
			return;
		}
	}
	if (slot->task && error && error != -EAGAIN)
		slot_died(supervisor, slot, TASK_DEATH_BROKEN, 0);
}

/* Reads what the worker said. At the end of the stream its exit status is awaited, which tells why. */
static void slot_readable(struct supervisor *supervisor, struct slot *slot)
{
	while (slot->listening && slot->task) {
		ssize_t got = channel_receive(&slot->channel);
		if (got == -EAGAIN)
			return;
		if (got == -EPROTO) {
			slot_died(supervisor, slot, TASK_DEATH_BROKEN, 0);
			return;
		}
		if (got <= 0) {
			slot_deafen(slot);
			return;
		}
		slot_frames(supervisor, slot);
	}
}

static void slot_waited(struct supervisor *supervisor, struct slot *slot, int status)
{
	/* The last words may still be in the socket. */
	slot->pid = 0;
	slot_readable(supervisor, slot);
	if (slot->task) {
		int number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
		bool fault = number == SIGSEGV || number == SIGBUS || number == SIGILL || number == SIGFPE ||
			     number == SIGABRT || number == SIGTRAP || number == SIGSYS;
		slot_died(supervisor, slot,
			  WIFEXITED(status) ? TASK_DEATH_LEFT
			  : fault           ? TASK_DEATH_FAULT
					    : TASK_DEATH_KILLED,
			  number);
	}
	slot_release(slot);
}

static void slot_wait(struct supervisor *supervisor, struct slot *slot)
{
	int status;
	if (slot->busy && slot->pid > 0 && waitpid(slot->pid, &status, WNOHANG) == slot->pid)
		slot_waited(supervisor, slot, status);
}

/* ---- the zygote ---- */

static int start_zygote(struct supervisor *supervisor, struct why *why)
{
	int pair[2];
	const char *path = supervisor->options->worker_path;
	char *argv[] = {(char *)(uintptr_t)path, (char *)(uintptr_t) "--definitions",
			(char *)(uintptr_t)supervisor->options->definitions,
			supervisor->options->definitions_shipped ? (char *)(uintptr_t) "--shipped" : NULL, NULL};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return why_errno(why, -errno, "cannot talk to the worker");
	int error = spawn_program(path, argv, pair[1], true, &supervisor->zygote, why);
	fd_close(&pair[1]);
	if (!error && (error = watch(supervisor, pair[0], EPOLLIN, TAG_CONTROL)))
		(void)why_errno(why, error, "cannot watch the worker");
	if (error) {
		fd_close(&pair[0]);
		return error;
	}
	supervisor->control = pair[0];
	supervisor->zygote_state = ZYGOTE_LOADING;
	supervisor->groups[supervisor->zygotes++] = supervisor->zygote;
	supervisor->load_deadline = clock_now() + LOAD_MS;
	return 0;
}

/* From now on every message is answered with this code. */
static void zygote_fail(struct supervisor *supervisor, enum scan_code code, const char *text)
{
	supervisor->zygote_state = ZYGOTE_FAILED;
	supervisor->fail_code = code;
	free(supervisor->fail_text);
	supervisor->fail_text = strdup(text ? text : "");
	fd_close(&supervisor->control);
	supervisor->load_deadline = CLOCK_NEVER;
}

static void tell_ready(struct supervisor *supervisor)
{
	if (supervisor->greeted && supervisor->zygote_state != ZYGOTE_LOADING)
		tell_client(supervisor, FRAME_READY, 0,
			    facts_json_encode(&supervisor->facts, supervisor->fail_code, supervisor->fail_text));
}

static void control_ready(struct supervisor *supervisor)
{
	struct facts facts;
	enum scan_code code;
	char *text;
	const char *said = supervisor->packet.text;
	if (supervisor->zygote_state != ZYGOTE_LOADING || facts_json_decode(said, strlen(said), &facts, &code, &text)) {
		zygote_fail(supervisor, AVS_RESULT_SCANNER_NOT_INITIALIZED, "the worker's greeting is not one");
		tell_ready(supervisor);
		return;
	}
	facts_free(&supervisor->facts);
	supervisor->facts = facts;
	supervisor->load_deadline = CLOCK_NEVER;
	if (code != SCAN_CODE_NONE)
		zygote_fail(supervisor, code, text);
	else
		supervisor->zygote_state = ZYGOTE_READY;
	free(text);
	tell_ready(supervisor);
}

static void control_forked(struct supervisor *supervisor)
{
	const struct control *packet = &supervisor->packet;
	if (packet->slot >= supervisor->options->max_concurrency)
		return;
	struct slot *slot = &supervisor->slots[packet->slot];
	if (!slot->busy || slot->generation != packet->generation || slot->pid)
		return;
	if (packet->result > 0) {
		slot->pid = packet->result;
		if (slot->kill)
			slot_kill(slot);
		slot_wait(supervisor, slot); /* it may be dead already */
		return;
	}
	struct task *task = slot->task;
	slot->task = NULL;
	slot_release(slot);
	if (task) {
		task_fail(task, DEC_RESULT_INIT_DECOMPOSER_FAILED, strerror(-packet->result));
		answer(supervisor, task);
	}
}

/* Workers that were asked for and never came: their tasks go to the next zygote. */
static void recall_slots(struct supervisor *supervisor)
{
	for (unsigned i = 0; i < supervisor->options->max_concurrency; i++) {
		struct slot *slot = &supervisor->slots[i];
		if (!slot->busy || slot->pid)
			continue;
		struct task *task = slot->task;
		slot->task = NULL;
		slot_release(slot);
		if (task) {
			task_recall(task);
			queue_front(supervisor, task);
		}
	}
}

static void zygote_gone(struct supervisor *supervisor, const char *text)
{
	struct why why = {""};
	bool was_ready = supervisor->zygote_state == ZYGOTE_READY;
	fd_close(&supervisor->control);
	recall_slots(supervisor);
	if (supervisor->zygote_state == ZYGOTE_FAILED)
		return;
	if (was_ready && supervisor->zygotes < ZYGOTES_MOST && start_zygote(supervisor, &why) == 0)
		return;
	zygote_fail(supervisor, AVS_RESULT_SCANNER_NOT_INITIALIZED, *why.text ? why.text : text);
	tell_ready(supervisor);
}

static void control_readable(struct supervisor *supervisor)
{
	int got = control_receive(supervisor->control, &supervisor->packet, NULL);
	if (got <= 0)
		zygote_gone(supervisor, "the worker ended before its engine was ready");
	else if (supervisor->packet.kind == CONTROL_READY)
		control_ready(supervisor);
	else if (supervisor->packet.kind == CONTROL_FORKED)
		control_forked(supervisor);
}

/* ---- tasks ---- */

static int make_directory(struct supervisor *supervisor, struct slot *slot, struct why *why)
{
	char name[32];
	if (!supervisor->tempdir.path)
		return why_set(why, -ENOENT, "%s", supervisor->tempdir_why.text);
	(void)snprintf(name, sizeof name, "%u-%u", (unsigned)(slot - supervisor->slots), slot->generation);
	return tempdir_child(&supervisor->tempdir, name, &slot->directory, why);
}

/* Asks the zygote for a worker, and gives it the request before it is there. */
static int ask_for_worker(struct supervisor *supervisor, struct slot *slot, int *ret_pair)
{
	struct control *packet = &supervisor->packet;
	packet->kind = CONTROL_FORK;
	packet->slot = (uint32_t)(slot - supervisor->slots);
	packet->generation = slot->generation;
	packet->result = 0;
	(void)snprintf(packet->text, sizeof packet->text, "%s", slot->directory);
	int error = control_send(supervisor->control, packet, ret_pair[1]);
	fd_close(&ret_pair[1]);
	if (error)
		return error;
	channel_init(&slot->channel, ret_pair[0], CHANNEL_SMALL);
	ret_pair[0] = -1;
	slot->listening = true;
	error = fd_nonblocking(slot->channel.fd);
	error = error ? error : watch(supervisor, slot->channel.fd, EPOLLIN, slot_tag(supervisor, slot));
	char *text = request_json_encode(&slot->task->request, true);
	if (!error)
		error = text ? channel_send(&slot->channel, FRAME_SCAN, slot->task->id, text, strlen(text),
					    slot->task->message)
			     : -ENOMEM;
	free(text);
	/* A worker that is gone already is seen by its end. */
	return error == -EPIPE || error == -ECONNRESET ? 0 : error;
}

static void start_task(struct supervisor *supervisor, struct slot *slot, struct task *task)
{
	struct why why = {""};
	int pair[2] = {-1, -1};
	slot->busy = true;
	slot->task = task;
	task_begin(task);
	int error = make_directory(supervisor, slot, &why);
	enum scan_code code = DEC_RESULT_TEMP_DIR_ACCESS_FAILED;
	if (!error) {
		code = DEC_RESULT_INIT_DECOMPOSER_FAILED;
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
			error = -errno;
		error = error ? error : ask_for_worker(supervisor, slot, pair);
		if (error)
			(void)why_errno(&why, error, "cannot start a worker");
	}
	fd_close(&pair[0]);
	fd_close(&pair[1]);
	if (!error)
		return;
	slot->task = NULL;
	if (error == -EPIPE || error == -ECONNRESET) {
		/* The zygote is dead, and its end only not seen yet. */
		slot_release(slot);
		task_recall(task);
		queue_front(supervisor, task);
		zygote_gone(supervisor, "the worker is gone");
		return;
	}
	/* Once asked for, the worker will come, and be killed then. */
	if (slot->listening)
		slot_kill(slot);
	else
		slot_release(slot);
	task_fail(task, code, why.text);
	answer(supervisor, task);
}

/* Gives waiting tasks to free slots, or the bad news where there will be no worker. */
static void dispatch(struct supervisor *supervisor)
{
	while (supervisor->queue && supervisor->zygote_state != ZYGOTE_LOADING) {
		bool failed = supervisor->zygote_state == ZYGOTE_FAILED;
		struct slot *slot = failed ? NULL : free_slot(supervisor);
		if (!slot && !failed)
			return;
		struct task *task = supervisor->queue;
		supervisor->queue = task->next;
		supervisor->queued--;
		if (failed) {
			task_fail(task, supervisor->fail_code, supervisor->fail_text);
			answer(supervisor, task);
		} else {
			start_task(supervisor, slot, task);
		}
	}
}

/* ---- the client ---- */

static void take_hello(struct supervisor *supervisor)
{
	if (supervisor->greeted) {
		refuse(supervisor, FRAME_ERROR, 0, GEN_RESULT_REINITIALIZATION_PROHIBITED, NULL);
		return;
	}
	supervisor->greeted = true;
	tell_client(supervisor, FRAME_HELLO, 0, hello_json_encode(supervisor->tempdir.path));
	tell_ready(supervisor);
}

/* A request: to the queue, or an answer at once. */
static void take_scan(struct supervisor *supervisor, const struct frame *frame, const char *payload)
{
	struct request request;
	struct why why;
	enum scan_code code;
	int message = channel_take_pass(&supervisor->client);
	int error = request_json_decode(payload, frame->length, &request, &code, &why);
	struct limits limits = supervisor->options->limits;
	if (!error && message < 0) {
		code = GEN_RESULT_PARAMETER_INVALID;
		error = why_set(&why, -EPROTO, "the request came without a descriptor");
	}
	if (!error && limits_tighten(&limits, &request.limits, &why)) {
		code = DEC_RESULT_POLICY_INVALID;
		error = -EPERM;
	}
	if (!error && supervisor->queued >= QUEUE_MOST) {
		code = GEN_RESULT_PARAMETER_INVALID;
		error = why_set(&why, -EBUSY, "too many requests at once");
	}
	if (error) {
		fd_close(&message);
		refuse(supervisor, FRAME_REPORT, frame->id, code, why.text);
		return;
	}
	request.limits = limits;
	/* These are for the supervisor to say. */
	request.avoid_whole = false;
	request.avoid_count = 0;
	struct task *task = task_new(frame->id, supervisor, &request, message);
	if (task)
		queue_back(supervisor, task);
	else
		refuse(supervisor, FRAME_REPORT, frame->id, GEN_RESULT_OUT_OF_MEMORY, NULL);
}

static void client_readable(struct supervisor *supervisor)
{
	struct frame frame;
	const char *payload;
	ssize_t got = channel_receive(&supervisor->client);
	if (got == -EAGAIN)
		return;
	if (got <= 0) {
		supervisor->client_gone = true;
		return;
	}
	int error;
	while ((error = channel_next(&supervisor->client, &frame, &payload)) == 0) {
		if (frame.type == FRAME_HELLO)
			take_hello(supervisor);
		else if (frame.type == FRAME_SCAN && supervisor->greeted)
			take_scan(supervisor, &frame, payload);
		else
			refuse(supervisor, FRAME_ERROR, frame.id, GEN_RESULT_PARAMETER_INVALID, "a frame out of turn");
		channel_drop(&supervisor->client, &frame);
	}
	if (error != -EAGAIN)
		supervisor->client_gone = true;
}

/* ---- time, signals, the loop ---- */

static int64_t next_deadline(const struct supervisor *supervisor)
{
	int64_t next = supervisor->load_deadline;
	for (unsigned i = 0; i < supervisor->options->max_concurrency; i++) {
		const struct slot *slot = &supervisor->slots[i];
		if (slot->task && task_deadline(slot->task) < next)
			next = task_deadline(slot->task);
	}
	return next;
}

static void expire(struct supervisor *supervisor)
{
	int64_t now = clock_now();
	if (now >= supervisor->load_deadline) {
		if (supervisor->zygote > 0) /* 0, waited for already, would be our own group */
			(void)kill(supervisor->zygote, SIGKILL);
		zygote_fail(supervisor, AVS_RESULT_ENGINE_LOAD_FAILED, "loading the definitions took too long");
		tell_ready(supervisor);
	}
	for (unsigned i = 0; i < supervisor->options->max_concurrency; i++) {
		struct slot *slot = &supervisor->slots[i];
		if (!slot->task || now < task_deadline(slot->task))
			continue;
		/* What it said in time counts, and may even be its last word. */
		slot_readable(supervisor, slot);
		if (slot->task && now >= task_deadline(slot->task))
			slot_died(supervisor, slot, task_expired(slot->task), 0);
	}
}

/* False: told to end. */
static bool take_signals(struct supervisor *supervisor)
{
	struct signalfd_siginfo info;
	bool go_on = true;
	while (read(supervisor->signals, &info, sizeof info) == sizeof info)
		if (info.ssi_signo != SIGCHLD)
			go_on = false;
	for (unsigned i = 0; i < supervisor->options->max_concurrency; i++)
		slot_wait(supervisor, &supervisor->slots[i]);
	if (supervisor->zygote > 0 && waitpid(supervisor->zygote, NULL, WNOHANG) == supervisor->zygote)
		supervisor->zygote = 0; /* its socket tells the rest */
	return go_on;
}

static bool take_event(struct supervisor *supervisor, const struct epoll_event *event)
{
	uint64_t tag = event->data.u64;
	switch (tag & 0xFF) {
	case TAG_SIGNAL:
		return take_signals(supervisor);
	case TAG_CLIENT:
		if (event->events & EPOLLOUT)
			flush_client(supervisor);
		if (event->events & ~(uint32_t)EPOLLOUT)
			client_readable(supervisor);
		return true;
	case TAG_CONTROL:
		if (supervisor->control >= 0)
			control_readable(supervisor);
		return true;
	default: {
		struct slot *slot = &supervisor->slots[tag >> 8 & 0xFFFFFF];
		if (slot->busy && slot->generation == (uint32_t)(tag >> 32))
			slot_readable(supervisor, slot);
		return true;
	}
	}
}

static int serve(struct supervisor *supervisor)
{
	struct epoll_event events[EVENTS_MOST];
	bool go_on = true;
	while (go_on && !supervisor->client_gone) {
		dispatch(supervisor);
		int count = epoll_wait(supervisor->epoll, events, EVENTS_MOST,
				       clock_poll_timeout(next_deadline(supervisor)));
		if (count < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < count && go_on; i++)
			go_on = take_event(supervisor, &events[i]);
		expire(supervisor);
	}
	return 0;
}

static int open_signals(struct supervisor *supervisor)
{
	sigset_t set;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	supervisor->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return supervisor->signals < 0 ? -errno : watch(supervisor, supervisor->signals, EPOLLIN, TAG_SIGNAL);
}

/* Only while a child of ours is in it: the number of an empty group may be another one's by now. */
static void kill_group(pid_t group)
{
	siginfo_t info;
	if (waitid(P_PGID, (id_t)group, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
		(void)kill(-group, SIGKILL);
}

/* Ends every process and waits for each: nothing may be writing below the directory that is removed then. */
static void end_processes(struct supervisor *supervisor)
{
	for (unsigned i = 0; i < supervisor->options->max_concurrency; i++) {
		struct slot *slot = &supervisor->slots[i];
		task_free(slot->task);
		slot->task = NULL;
		slot_kill(slot);
	}
	/* Workers whose pid was never told belong to the group of their zygote. */
	for (unsigned i = 0; i < supervisor->zygotes; i++)
		kill_group(supervisor->groups[i]);
	while (waitpid(-1, NULL, 0) > 0)
		continue;
}

static void clean_up(struct supervisor *supervisor)
{
	end_processes(supervisor);
	for (unsigned i = 0; i < supervisor->options->max_concurrency; i++)
		slot_release(&supervisor->slots[i]);
	while (supervisor->queue) {
		struct task *task = supervisor->queue;
		supervisor->queue = task->next;
		task_free(task);
	}
	tempdir_remove(&supervisor->tempdir);
	channel_close(&supervisor->client);
	fd_close(&supervisor->control);
	fd_close(&supervisor->signals);
	fd_close(&supervisor->epoll);
	facts_free(&supervisor->facts);
	free(supervisor->fail_text);
	free(supervisor->slots);
	free(supervisor);
}

int supervisor_run(const struct supervisor_options *options, struct why *why)
{
	assert(options->max_concurrency >= 1 && options->max_concurrency <= SUPERVISOR_CONCURRENCY_MAX);
	struct supervisor *supervisor = calloc(1, sizeof *supervisor);
	struct slot *slots = calloc(options->max_concurrency, sizeof *slots);
	if (!supervisor || !slots) {
		free(supervisor);
		free(slots);
		return why_errno(why, -ENOMEM, "cannot start the scanner");
	}
	supervisor->options = options;
	supervisor->slots = slots;
	supervisor->control = supervisor->signals = -1;
	supervisor->load_deadline = CLOCK_NEVER;
	channel_init(&supervisor->client, options->take_private, CHANNEL_SMALL);
	supervisor->epoll = epoll_create1(EPOLL_CLOEXEC);
	int error = supervisor->epoll < 0 ? -errno : 0;
	error = error ? error : open_signals(supervisor);
	error = error ? error : fd_nonblocking(supervisor->client.fd);
	error = error ? error : watch(supervisor, supervisor->client.fd, EPOLLIN, TAG_CLIENT);
	if (!error) {
		struct why failed = {""};
		(void)tempdir_create(options->file_base, &supervisor->tempdir, &supervisor->tempdir_why);
		if (!options->definitions)
			zygote_fail(supervisor, AVS_RESULT_DEFINITIONS_MISSING, options->definitions_why);
		else if (start_zygote(supervisor, &failed))
			zygote_fail(supervisor, AVS_RESULT_SCANNER_NOT_INITIALIZED, failed.text);
		error = serve(supervisor);
	}
	clean_up(supervisor);
	return error ? why_errno(why, error, "the scanner cannot go on") : 0;
}
