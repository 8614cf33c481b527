/*
 * hasher.c - the process that tells the digests of messages, and the cache that goes by them; see service.h.
 *
 * The digest decides which verdict a message gets without a scan. So neither a client tells it, nor a worker, which an earlier message may have taken over, but a process
 * that never parses anything, behind the same walls as the workers. It is a help and no need: where it is late, gone or astray, the message is
 * scanned as without it. Only what nobody can change any more is hashed: a sealed memfd, as csapi-scan sends.
 */
#include "process/supervisor/service.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "format/event_json.h"
#include "format/request_json.h"
#include "process/cache.h"
#include "process/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Ten times what a gigabyte a second takes for the largest message; a message is not to wait longer for a scan that it may not need. */
#define DIGEST_MS 1000
/* Messages that wait for it: more are scanned without it. */
#define WAITING_MOST 16
/* What csapi-scan copies into memory (process/spool.h); larger ones take long to hash, and come seldom twice. */
#define MESSAGE_MOST ((off_t)64 << 20)
/* A larger one is hashed only when it keeps nobody waiting: one client's large messages are not to hold another one's small ones. */
#define SMALL_MOST ((off_t)1 << 20)
/* Before one that ended is started anew. */
#define RESTART_MS 5000

#define SEALS (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK)

/* ---- the process ---- */

static void end_process(struct supervisor *supervisor)
{
	struct hasher *hasher = &supervisor->hasher;
	if (hasher->listening)
		channel_close(&hasher->channel); /* which takes it out of the epoll */
	hasher->listening = false;
	if (hasher->pid > 0)
		(void)kill(hasher->pid, SIGKILL);
}

static int spawn(struct supervisor *supervisor, int socket, struct why *why)
{
	const struct supervisor_options *options = supervisor->options;
	struct hasher *hasher = &supervisor->hasher;
	const char *argv[SERVICE_WORKER_ARGUMENTS + 4];
	char room[SERVICE_ARGUMENT_ROOM];
	unsigned count = service_worker_arguments(supervisor, argv, room);
	argv[count++] = "--digest";
	argv[count++] = strrchr(hasher->directory, '/') + 1;
	argv[count] = NULL;
	return spawn_program(options->worker_path, (char *const *)(uintptr_t)argv, socket, 0, &hasher->pid, why);
}

/* 0, or -errno: there will be none for a while. */
static int start(struct supervisor *supervisor)
{
	const struct supervisor_options *options = supervisor->options;
	struct hasher *hasher = &supervisor->hasher;
	struct why why = {""};
	int pair[2] = {-1, -1};
	int error = hasher->directory ? 0 : tempdir_child(&supervisor->tempdir, "digest", &hasher->directory, &why);
	bool dropped = supervisor->current->isolation.layers[ISOLATION_LAYER_user].state == ISOLATION_ON;
	if (!error && options->drop && dropped && chown(hasher->directory, options->user, options->group) < 0)
		error = -errno;
	if (!error && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		error = -errno;
	error = error ? error : spawn(supervisor, pair[1], &why);
	fd_close(&pair[1]);
	if (!error) {
		channel_init(&hasher->channel, pair[0], CHANNEL_SMALL);
		pair[0] = -1;
		hasher->listening = true;
		error = fd_nonblocking(hasher->channel.fd);
		error = error ? error
			      : service_watch(supervisor, hasher->channel.fd, EPOLLIN, service_tag(TAG_HASHER, 0, 0));
	}
	fd_close(&pair[0]);
	if (error) {
		log_write(LOG_LEVEL_WARNING,
			  "no verdicts are kept for now: the process for digests cannot be started: %s",
			  *why.text ? why.text : strerror(-error));
		end_process(supervisor);
		hasher->restart_at = clock_now() + RESTART_MS;
	}
	return error;
}

/* ---- messages ---- */

/* Without a digest, or without a verdict for it: to the workers. */
static void pass_on(struct supervisor *supervisor, struct task *task)
{
	struct link *link = task->owner;
	if (link)
		link_put_task(supervisor, link, task);
	else
		task_free(task); /* its client went away */
}

static struct cache *cache_of_now(struct supervisor *supervisor)
{
	struct hasher *hasher = &supervisor->hasher;
	/* What other definitions said is over. */
	if (hasher->generation != supervisor->current->number)
		cache_clear(hasher->cache);
	hasher->generation = supervisor->current->number;
	return hasher->cache;
}

/* The digest is known: an answer, or a scan. */
static void look_up(struct supervisor *supervisor, struct task *task, const uint8_t digest[32])
{
	struct cache_key key;
	memcpy(task->digest, digest, sizeof task->digest);
	task->has_digest = true;
	cache_key(task->digest, &task->request, &key);
	struct report *report = task->owner ? cache_find(cache_of_now(supervisor), &key) : NULL;
	if (!report) {
		supervisor->stats.cache_misses += task->owner != NULL;
		pass_on(supervisor, task);
		return;
	}
	supervisor->stats.cache_hits++;
	/* Lent for the answer, which has times of its own. */
	struct report lent = *report;
	report_free(&task->report);
	task->report = lent;
	task->report.cached = true;
	task->report.started = task->started;
	task->report.total_ms = (uint64_t)(clock_now() - task->arrived);
	task->report.usage.scan_ms = task->report.usage.extract_ms = 0;
	task->begun_us = clock_now_us();
	task->lent = true;
	link_answer(supervisor, task);
}

static void give_next(struct supervisor *supervisor);

/* The message at hand gets no digest, and the process is not to be trusted any more. */
static void give_up(struct supervisor *supervisor, const char *why)
{
	struct hasher *hasher = &supervisor->hasher;
	struct task *task = hasher->task;
	if (!supervisor->stopping)
		log_write(LOG_LEVEL_WARNING, "the process for digests is replaced: %s", why);
	end_process(supervisor);
	hasher->restart_at = clock_now() + RESTART_MS;
	hasher->task = NULL;
	hasher->deadline = CLOCK_NEVER;
	report_free(&hasher->report);
	if (task)
		pass_on(supervisor, task);
	while (hasher->first) {
		task = hasher->first;
		hasher->first = task->next;
		pass_on(supervisor, task);
	}
	hasher->last = NULL;
	hasher->waiting = 0;
}

static void give(struct supervisor *supervisor, struct task *task)
{
	struct hasher *hasher = &supervisor->hasher;
	struct request request;
	request_init(&request);
	request.limits = task->request.limits;
	report_free(&hasher->report);
	hasher->task = task;
	hasher->deadline = clock_now() + DIGEST_MS;
	char *text = request_json_encode(&request, true);
	int error =
		text ? channel_send(&hasher->channel, FRAME_SCAN, ++hasher->serial, text, strlen(text), task->message)
		     : -ENOMEM;
	free(text);
	if (error)
		give_up(supervisor, strerror(-error));
}

static void give_next(struct supervisor *supervisor)
{
	struct hasher *hasher = &supervisor->hasher;
	struct task *task = hasher->first;
	if (!task || hasher->task)
		return;
	hasher->first = task->next;
	if (!hasher->first)
		hasher->last = NULL;
	hasher->waiting--;
	give(supervisor, task);
}

/* Can nobody change what is hashed before it is scanned, and is it soon hashed? `idle`: nothing is at hand or waits. */
static bool is_fit(int message, bool idle)
{
	struct stat status;
	int seals = fcntl(message, F_GET_SEALS);
	return seals >= 0 && (seals & SEALS) == SEALS && fstat(message, &status) == 0 &&
	       status.st_size <= (idle ? MESSAGE_MOST : SMALL_MOST);
}

/* Is it there, or can it be had now? The old one must be gone first: it is known by its pid. */
static bool available(struct supervisor *supervisor)
{
	const struct hasher *hasher = &supervisor->hasher;
	if (!hasher->cache || !supervisor->tempdir.path || supervisor->stopping)
		return false;
	return hasher->listening || (!hasher->pid && clock_now() >= hasher->restart_at && start(supervisor) == 0);
}

void hasher_prepare(struct supervisor *supervisor)
{
	if (supervisor->resident)
		(void)available(supervisor);
}

bool hasher_take(struct supervisor *supervisor, struct task *task)
{
	struct hasher *hasher = &supervisor->hasher;
	const struct generation *current = supervisor->current;
	if (!hasher->cache || !current || current->state != GENERATION_READY || hasher->waiting >= WAITING_MOST ||
	    !cache_takes(&task->request) || !is_fit(task->message, !hasher->task && !hasher->first) ||
	    !available(supervisor))
		return false;
	task->next = NULL;
	if (hasher->last)
		hasher->last->next = task;
	else
		hasher->first = task;
	hasher->last = task;
	hasher->waiting++;
	give_next(supervisor);
	return true;
}

/* The process is done with the message at hand. */
static void done(struct supervisor *supervisor)
{
	struct hasher *hasher = &supervisor->hasher;
	const struct part *input = hasher->report.part_count ? &hasher->report.parts[0] : NULL;
	struct task *task = hasher->task;
	hasher->task = NULL;
	hasher->deadline = CLOCK_NEVER;
	if (input && input->has_sha256 && !hasher->report.code_count)
		look_up(supervisor, task, input->sha256);
	else
		pass_on(supervisor, task);
	give_next(supervisor);
}

void hasher_readable(struct supervisor *supervisor)
{
	struct hasher *hasher = &supervisor->hasher;
	struct frame frame;
	const char *payload;
	ssize_t got = hasher->listening ? channel_receive(&hasher->channel) : -EAGAIN;
	if (got == -EAGAIN)
		return;
	if (got <= 0 || hasher->channel.pass_count || !hasher->task) {
		give_up(supervisor, got <= 0 ? "it ended" : "it speaks out of turn");
		return;
	}
	int error;
	while (hasher->task && (error = channel_next(&hasher->channel, &frame, &payload)) == 0) {
		struct why why;
		error = frame.type == FRAME_EVENT && frame.id == hasher->serial ? 0 : -EBADMSG;
		error = error ? error : event_json_apply(payload, frame.length, &hasher->report, &why);
		channel_drop(&hasher->channel, &frame);
		if (error) {
			give_up(supervisor, "it speaks out of turn");
			return;
		}
		if (hasher->report.complete)
			done(supervisor);
		if (!hasher->listening)
			return;
	}
	if (hasher->task && error != -EAGAIN)
		give_up(supervisor, "it speaks out of turn");
}

void hasher_keep(struct supervisor *supervisor, struct task *task)
{
	struct hasher *hasher = &supervisor->hasher;
	struct report *report = &task->report;
	const struct part *input = report->part_count ? &report->parts[0] : NULL;
	if (!hasher->cache || !task->has_digest || task->generation != supervisor->current->number ||
	    !cache_worthy(report) || !input)
		return;
	/* The worker saw the same bytes, unless dots were undone. */
	if (!task->request.wire &&
	    (!input->has_sha256 || memcmp(input->sha256, task->digest, sizeof task->digest) != 0))
		return;
	struct cache_key key;
	cache_key(task->digest, &task->request, &key);
	cache_keep(cache_of_now(supervisor), &key, report);
}

void hasher_forget_link(struct supervisor *supervisor, const struct link *link)
{
	struct hasher *hasher = &supervisor->hasher;
	struct task **at = &hasher->first;
	hasher->last = NULL;
	while (*at) {
		struct task *task = *at;
		if (task->owner == link) {
			*at = task->next;
			hasher->waiting--;
			supervisor->stats.abandoned++;
			task_free(task);
		} else {
			hasher->last = task;
			at = &task->next;
		}
	}
	/* That one is being read: it goes when it comes back. */
	if (hasher->task && hasher->task->owner == link) {
		supervisor->stats.abandoned++;
		hasher->task->owner = NULL;
	}
}

int64_t hasher_deadline(const struct supervisor *supervisor)
{
	return supervisor->hasher.deadline;
}

void hasher_expire(struct supervisor *supervisor)
{
	struct hasher *hasher = &supervisor->hasher;
	if (clock_now() < hasher->deadline)
		return;
	/* What it said in time counts. */
	hasher_readable(supervisor);
	if (clock_now() >= hasher->deadline)
		give_up(supervisor, "it does not answer");
}

void hasher_reap(struct supervisor *supervisor)
{
	struct hasher *hasher = &supervisor->hasher;
	if (hasher->pid <= 0 || waitpid(hasher->pid, NULL, WNOHANG) != hasher->pid)
		return;
	hasher->pid = 0;
	if (hasher->listening)
		give_up(supervisor, "it ended");
}

void hasher_init(struct supervisor *supervisor)
{
	struct hasher *hasher = &supervisor->hasher;
	unsigned most = supervisor->options->cache_size;
	report_init(&hasher->report);
	hasher->deadline = CLOCK_NEVER;
	hasher->cache = most ? cache_new(most) : NULL;
	if (most && !hasher->cache)
		log_write(LOG_LEVEL_WARNING, "no verdicts are kept: there is no memory for a cache of %u", most);
}

void hasher_count(struct supervisor *supervisor)
{
	supervisor->stats.cache_entries = cache_count(supervisor->hasher.cache);
	supervisor->stats.cache_bytes = cache_bytes(supervisor->hasher.cache);
}

void hasher_end(struct supervisor *supervisor)
{
	struct hasher *hasher = &supervisor->hasher;
	end_process(supervisor);
	while (hasher->first) {
		struct task *task = hasher->first;
		hasher->first = task->next;
		task_free(task);
	}
	task_free(hasher->task);
	hasher->task = NULL;
	report_free(&hasher->report);
	cache_free(hasher->cache);
	hasher->cache = NULL;
	free(hasher->directory);
	hasher->directory = NULL;
}
