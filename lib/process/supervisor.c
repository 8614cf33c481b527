/*
 * supervisor.c - the loop of the external scanner: starts, waits for what happens, ends; see supervisor.h.
 *
 * One thread, one epoll. What happens is handled in supervisor/: clients in link.c, workers in slot.c, zygotes in generation.c.
 */
#include "process/supervisor.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "process/notify.h"
#include "process/supervisor/service.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define EVENTS_MOST 256
/* While no more clients can be taken: how often it is looked whether one can be put out. */
#define CROWDED_MS 100
/* What a stop waits for: the messages at hand and in the queue, and then no longer. */
#define STOP_MS 30000
/*
 * Descriptors: ours; for each worker its socket and its message; for each client its socket, the message that it is just
 * sending and the first one that waits; and a part of all for those who send several at once (link.c, check_request).
 */
#define DESCRIPTORS_OWN          64u
#define DESCRIPTORS_PER_SLOT     2u
#define DESCRIPTORS_PER_LINK     3u
#define DESCRIPTORS_SEVERAL_PART 8u

int service_watch(struct supervisor *supervisor, int fd, uint32_t events, uint64_t tag)
{
	struct epoll_event event = {.events = events, .data.u64 = tag};
	return epoll_ctl(supervisor->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

void service_fatal(struct supervisor *supervisor, int error, const char *text)
{
	if (supervisor->fatal)
		return;
	supervisor->fatal = error;
	(void)why_set(&supervisor->fatal_why, error, "%s", text);
}

void service_stop(struct supervisor *supervisor)
{
	if (supervisor->stopping)
		return;
	supervisor->stopping = true;
	supervisor->stop_deadline = clock_now() + STOP_MS;
	if (!supervisor->resident)
		return;
	unsigned scanned = 0;
	for (unsigned i = 0; i < supervisor->slot_count; i++)
		scanned += supervisor->slots[i].task != NULL;
	log_write(LOG_LEVEL_NOTICE, "stopping: %u messages wait, %u are being scanned", supervisor->queued, scanned);
	(void)notify_send("STOPPING=1");
	/* Who comes now goes to another scanner. */
	for (unsigned i = 0; i < supervisor->options->listener->count; i++)
		(void)epoll_ctl(supervisor->epoll, EPOLL_CTL_DEL, supervisor->options->listener->fds[i], NULL);
	listener_close(supervisor->options->listener);
}

/* ---- time ---- */

static int64_t earliest(int64_t one, int64_t other)
{
	return one < other ? one : other;
}

static int64_t next_deadline(const struct supervisor *supervisor)
{
	int64_t next = earliest(slot_deadline(supervisor), generation_deadline(supervisor));
	next = earliest(next, link_deadline(supervisor));
	next = earliest(next, hasher_deadline(supervisor));
	next = earliest(next, gateway_deadline(supervisor));
	if (supervisor->link_count)
		next = earliest(next, supervisor->last_tick + TICK_MS);
	if (supervisor->resident && !supervisor->accepting && !supervisor->stopping)
		next = earliest(next, clock_now() + CROWDED_MS);
	if (supervisor->stopping)
		next = earliest(next, supervisor->stop_deadline);
	if (supervisor->options->idle_exit && supervisor->idle_since != CLOCK_NEVER)
		next = earliest(next, supervisor->idle_since + (int64_t)supervisor->options->idle_exit * 1000);
	return next;
}

/* Is there anybody whose message is not answered? */
static bool busy(const struct supervisor *supervisor)
{
	for (uint32_t i = 0; i < supervisor->links_room; i++) {
		const struct link *link = supervisor->links[i];
		if (link && (link->outstanding || channel_waiting(&link->channel)))
			return true;
	}
	return false;
}

static void expire(struct supervisor *supervisor)
{
	const struct supervisor_options *options = supervisor->options;
	slot_expire(supervisor);
	generation_expire(supervisor);
	link_expire(supervisor);
	hasher_expire(supervisor);
	gateway_expire(supervisor);
	link_tick(supervisor);
	if (options->idle_exit && supervisor->resident && supervisor->idle_since != CLOCK_NEVER &&
	    supervisor->current->state != GENERATION_LOADING && supervisor->current->state != GENERATION_TRIAL &&
	    clock_now() >= supervisor->idle_since + (int64_t)options->idle_exit * 1000) {
		log_write(LOG_LEVEL_NOTICE, "no client for %u seconds", options->idle_exit);
		service_stop(supervisor);
	}
}

static bool goes_on(const struct supervisor *supervisor)
{
	if (supervisor->fatal)
		return false;
	if (!supervisor->stopping)
		return true;
	return supervisor->resident && busy(supervisor) && clock_now() < supervisor->stop_deadline;
}

/* ---- what happens ---- */

static void take_signal(struct supervisor *supervisor, uint32_t number)
{
	struct why why;
	switch (number) {
	case SIGCHLD:
		break;
	case SIGHUP:
		if (supervisor->resident)
			generation_reload(supervisor, "SIGHUP");
		else
			service_stop(supervisor);
		break;
	case SIGUSR1:
		if (log_reopen(&why))
			log_write(LOG_LEVEL_ERROR, "the log cannot be opened again: %s", why.text);
		break;
	default:
		if (supervisor->stopping)
			supervisor->stop_deadline = 0; /* told twice: at once */
		service_stop(supervisor);
		break;
	}
}

static void take_signals(struct supervisor *supervisor)
{
	struct signalfd_siginfo info;
	while (read(supervisor->signals, &info, sizeof info) == sizeof info)
		take_signal(supervisor, info.ssi_signo);
	slot_reap(supervisor);
	hasher_reap(supervisor);
	gateway_reap(supervisor);
	supervisor->reap = true;
}

static void take_event(struct supervisor *supervisor, const struct epoll_event *event)
{
	uint64_t tag = event->data.u64;
	uint32_t index = (uint32_t)(tag >> 8 & 0xFFFFFFu), turn = (uint32_t)(tag >> 32);
	struct link *link;
	switch (tag & 0xFF) {
	case TAG_SIGNAL:
		take_signals(supervisor);
		break;
	case TAG_LISTENER:
		if (!supervisor->stopping)
			link_accept(supervisor, supervisor->options->listener->fds[index]);
		break;
	case TAG_LINK:
		if ((link = link_at(supervisor, index, turn)))
			link_event(supervisor, link, event->events);
		break;
	case TAG_CONTROL:
		if (supervisor->generations[index].turn == turn && supervisor->generations[index].control >= 0)
			generation_readable(supervisor, &supervisor->generations[index]);
		break;
	case TAG_HASHER:
		hasher_readable(supervisor);
		break;
	default:
		if (supervisor->slots[index].used && supervisor->slots[index].turn == turn)
			slot_readable(supervisor, &supervisor->slots[index]);
		break;
	}
}

static int serve(struct supervisor *supervisor, struct why *why)
{
	struct epoll_event events[EVENTS_MOST];
	while (goes_on(supervisor)) {
		slot_dispatch(supervisor);
		if (supervisor->reap)
			generation_reap(supervisor);
		int count = epoll_wait(supervisor->epoll, events, EVENTS_MOST,
				       clock_poll_timeout(next_deadline(supervisor)));
		if (count < 0 && errno != EINTR)
			return why_errno(why, -errno, "the scanner cannot go on");
		for (int i = 0; i < count && !supervisor->fatal; i++)
			take_event(supervisor, &events[i]);
		expire(supervisor);
	}
	if (supervisor->fatal)
		return why_set(why, supervisor->fatal, "%s", supervisor->fatal_why.text);
	return 0;
}

/* ---- starting and ending ---- */

static int open_signals(struct supervisor *supervisor)
{
	static const int numbers[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGUSR1};
	sigset_t set;
	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		(void)sigaddset(&set, numbers[i]);
		/* Whoever started us may have ignored them, and an ignored SIGCHLD takes the ends of workers away. */
		(void)signal(numbers[i], SIG_DFL);
	}
	(void)signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	supervisor->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return supervisor->signals < 0 ? -errno : service_watch(supervisor, supervisor->signals, EPOLLIN, TAG_SIGNAL);
}

/* As many descriptors as we may have; the number of clients follows. */
static void count_descriptors(struct supervisor *supervisor)
{
	struct rlimit limit;
	uint64_t most = 1024;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
		most = limit.rlim_max;
	}
	uint64_t several = most / DESCRIPTORS_SEVERAL_PART;
	uint64_t own = DESCRIPTORS_OWN + (uint64_t)DESCRIPTORS_PER_SLOT * supervisor->slot_count + several;
	uint64_t links = most > own ? (most - own) / DESCRIPTORS_PER_LINK : 1;
	supervisor->several_most = (unsigned)(several < SUPERVISOR_QUEUE_MAX ? several : SUPERVISOR_QUEUE_MAX);
	supervisor->links_most = links < 1 ? 1 : links > 100000 ? 100000 : (unsigned)links;
}

static int open_clients(struct supervisor *supervisor)
{
	const struct supervisor_options *options = supervisor->options;
	if (!supervisor->resident && fcntl(options->take_private, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	if (!supervisor->resident)
		return link_add(supervisor, options->take_private, true);
	for (unsigned i = 0; i < options->listener->count; i++) {
		int error =
			service_watch(supervisor, options->listener->fds[i], EPOLLIN, service_tag(TAG_LISTENER, i, 0));
		if (error)
			return error;
	}
	supervisor->accepting = true;
	return 0;
}

/* The directory above those of the workers; where it cannot be had, each verdict says so. */
static void make_base(struct supervisor *supervisor)
{
	const struct supervisor_options *options = supervisor->options;
	struct tempdir *tempdir = &supervisor->tempdir;
	if (tempdir_create(options->file_base, tempdir, &supervisor->tempdir_why) || !options->drop)
		return;
	/* Workers of another user must come through to their own. */
	if (chown(tempdir->path, (uid_t)-1, options->group) == 0 && chmod(tempdir->path, 0710) == 0)
		return;
	(void)why_errno(&supervisor->tempdir_why, -errno, "directory %s", tempdir->path);
	tempdir_remove(tempdir);
}

/* Ends every process and waits for each: nothing may be writing below the directory that is removed then. */
static void clean_up(struct supervisor *supervisor)
{
	gateway_end(supervisor);
	link_drop_queue(supervisor);
	hasher_end(supervisor);
	generation_end_all(supervisor);
	if (supervisor->slots)
		slot_free_all(supervisor);
	supervisor->stopping = true;
	tempdir_remove(&supervisor->tempdir);
	/* Last, for who waits for our end takes this for it. */
	for (uint32_t i = 0; i < supervisor->links_room; i++)
		if (supervisor->links[i])
			link_close(supervisor, supervisor->links[i]);
	fd_close(&supervisor->signals);
	fd_close(&supervisor->epoll);
	free(supervisor->links);
	free(supervisor->link_turns);
	free(supervisor->slots);
	free(supervisor);
}

static void init(struct supervisor *supervisor, const struct supervisor_options *options)
{
	supervisor->options = options;
	supervisor->resident = options->take_private < 0;
	supervisor->slot_count = options->max_concurrency * 2 + 2;
	supervisor->slots = calloc(supervisor->slot_count, sizeof *supervisor->slots);
	supervisor->signals = -1;
	supervisor->started = clock_wall();
	supervisor->restart_at = CLOCK_NEVER;
	supervisor->last_tick = clock_now();
	supervisor->idle_since = clock_now();
	for (unsigned i = 0; i < GENERATIONS_MOST; i++)
		supervisor->generations[i] = (struct generation){.control = -1, .definitions.lock = -1};
	supervisor->epoll = epoll_create1(EPOLL_CLOEXEC);
	hasher_init(supervisor);
	supervisor->gateway = (struct gateway){.lifeline = -1, .restart_at = CLOCK_NEVER};
}

int supervisor_run(const struct supervisor_options *options, struct why *why)
{
	assert(options->max_concurrency >= 1 && options->max_concurrency <= SUPERVISOR_CONCURRENCY_MAX);
	assert(options->messages_per_worker >= 1 && options->max_queue >= 1);
	assert(options->take_private >= 0 || options->listener);
	struct supervisor *supervisor = calloc(1, sizeof *supervisor);
	if (!supervisor)
		return why_errno(why, -ENOMEM, "cannot start the scanner");
	init(supervisor, options);
	count_descriptors(supervisor);
	int error = !supervisor->slots ? -ENOMEM : supervisor->epoll < 0 ? -errno : 0;
	error = error ? error : open_signals(supervisor);
	error = error ? error : open_clients(supervisor);
	if (error)
		(void)why_errno(why, error, "cannot start the scanner");
	else
		error = generation_passwords(supervisor, why);
	if (!error) {
		int swept = tempdir_sweep(options->file_base);
		if (swept > 0)
			log_write(LOG_LEVEL_NOTICE, "removed %d directories of scanners that were killed", swept);
		make_base(supervisor);
		generation_start(supervisor);
		gateway_start(supervisor);
		error = serve(supervisor, why);
	}
	clean_up(supervisor);
	return error;
}
