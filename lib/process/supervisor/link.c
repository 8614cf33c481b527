/*
 * link.c - the clients of the scanner: their conversations and their messages that wait; see service.h.
 *
 * Nothing that a client does may cost another one more than its turn: messages are begun one of each client after the other,
 * what a client has not taken is bounded, and who is silent makes way when places run out.
 */
#include "process/supervisor/service.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "format/facts_json.h"
#include "format/hello_json.h"
#include "format/request_json.h"
#include "format/verdict_json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Who connected and has not said hello by then is no client of ours. */
#define GREETING_MS 20000
/* Who takes nothing of what waits for it for so long will not come back. */
#define TAKING_MS 60000
/* Who has nothing outstanding may be put out for another one after this time without a word. */
#define QUIET_MS 2000
/* Reports that wait for a client, in bytes, beyond which none of its messages is begun. */
#define BACKLOG_MOST ((size_t)4 << 20)
/* Messages of one client that are taken and not answered. */
#define OUTSTANDING_MOST 256
/* A message waits so long at most while no generation serves; the largest official set loads in a third of it. */
#define UNSERVED_MS 120000
/* Places of the queue, at most a quarter of it, that are kept for clients without a message in it. */
#define RESERVED_MOST 1000
#define ACCEPTS_MOST  64 /* in one go, so that others get their turn */

struct link *link_at(struct supervisor *supervisor, uint32_t index, uint32_t turn)
{
	struct link *link = index < supervisor->links_room ? supervisor->links[index] : NULL;
	return link && link->turn == turn ? link : NULL;
}

/* ---- the ring of links with waiting messages ---- */

static void ring_enter(struct supervisor *supervisor, struct link *link)
{
	if (link->in_ring)
		return;
	if (supervisor->ring) {
		link->after = supervisor->ring->after;
		supervisor->ring->after = link;
	} else {
		link->after = link;
	}
	supervisor->ring = link;
	link->in_ring = true;
}

static void ring_cut(struct supervisor *supervisor, struct link *before, struct link *link)
{
	if (before == link) {
		supervisor->ring = NULL;
	} else {
		before->after = link->after;
		if (supervisor->ring == link)
			supervisor->ring = before;
	}
	link->after = NULL;
	link->in_ring = false;
}

static void ring_leave(struct supervisor *supervisor, struct link *link)
{
	if (!link->in_ring)
		return;
	struct link *before = link;
	while (before->after != link)
		before = before->after;
	ring_cut(supervisor, before, link);
}

void link_put_task(struct supervisor *supervisor, struct link *link, struct task *task)
{
	task->next = NULL;
	if (link->last)
		link->last->next = task;
	else
		link->first = task;
	link->last = task;
	supervisor->queued++;
	ring_enter(supervisor, link);
}

void link_put_again(struct supervisor *supervisor, struct task *task)
{
	task->next = supervisor->again;
	supervisor->again = task;
	supervisor->queued++;
}

/* The first one that waits, taken off the queue; the ring is the caller's affair. */
static struct task *pop_task(struct supervisor *supervisor, struct link *link)
{
	struct task *task = link->first;
	link->first = task->next;
	if (!link->first)
		link->last = NULL;
	supervisor->queued--;
	return task;
}

struct task *link_take_task(struct supervisor *supervisor)
{
	struct task *task = supervisor->again;
	if (task) {
		supervisor->again = task->next;
		supervisor->queued--;
		return task;
	}
	struct link *start = supervisor->ring, *before = start;
	if (!start)
		return NULL;
	do {
		struct link *link = before->after;
		if (link->channel.out.size <= BACKLOG_MOST) {
			task = pop_task(supervisor, link);
			/* The next one's turn: this one goes to the end, or out of the ring. */
			supervisor->ring = link;
			if (!link->first)
				ring_cut(supervisor, before, link);
			return task;
		}
		before = link;
	} while (before != start);
	return NULL;
}

int64_t link_deadline(const struct supervisor *supervisor)
{
	int64_t next = CLOCK_NEVER;
	for (const struct task *task = supervisor->again; task; task = task->next)
		if (task->deadline < next)
			next = task->deadline;
	return next;
}

/* Messages that wait for one more worker while their time runs. */
static void expire_again(struct supervisor *supervisor)
{
	int64_t now = clock_now();
	for (struct task **at = &supervisor->again; *at;) {
		struct task *task = *at;
		if (now < task->deadline) {
			at = &task->next;
			continue;
		}
		*at = task->next;
		supervisor->queued--;
		task_adopt(task, supervisor->current->number);
		task_fail(task, DEC_RESULT_MAXIMUM_EXTRACT_TIME_EXCEEDED, "timeout before there was another worker");
		task_settle(task, &supervisor->current->facts);
		link_answer(supervisor, task);
	}
}

void link_expire(struct supervisor *supervisor)
{
	expire_again(supervisor);
	const struct generation *current = supervisor->current;
	int64_t least = clock_now() - UNSERVED_MS;
	bool serves = current->state == GENERATION_READY && current->control >= 0;
	/* A first load may take longer, and a private client waits for nothing else. */
	if (serves || !supervisor->resident || !supervisor->queued)
		return;
	for (uint32_t i = 0; i < supervisor->links_room; i++) {
		struct link *link = supervisor->links[i];
		while (link && link->first && link->first->arrived < least) {
			struct task *task = pop_task(supervisor, link);
			if (!link->first)
				ring_leave(supervisor, link);
			task_fail(task, AVS_RESULT_SCANNER_NOT_INITIALIZED, "no definitions were ready for it in time");
			task_settle(task, &current->facts);
			link_answer(supervisor, task);
		}
	}
}

void link_drop_queue(struct supervisor *supervisor)
{
	while (supervisor->again) {
		struct task *task = supervisor->again;
		supervisor->again = task->next;
		task_free(task);
	}
	for (uint32_t i = 0; i < supervisor->links_room; i++) {
		struct link *link = supervisor->links[i];
		while (link && link->first)
			task_free(pop_task(supervisor, link));
		if (link)
			ring_leave(supervisor, link);
	}
	supervisor->queued = 0;
}

/* ---- coming and going ---- */

/* Asks the epoll for what we want to know now. */
static void set_events(struct supervisor *supervisor, struct link *link)
{
	uint32_t events = EPOLLRDHUP;
	if (!link->closing && link->channel.out.size <= BACKLOG_MOST)
		events |= EPOLLIN;
	if (channel_waiting(&link->channel))
		events |= EPOLLOUT;
	if (events == link->events)
		return;
	struct epoll_event event = {.events = events, .data.u64 = service_tag(TAG_LINK, link->index, link->turn)};
	(void)epoll_ctl(supervisor->epoll, EPOLL_CTL_MOD, link->channel.fd, &event);
	link->events = events;
}

static int grow(struct supervisor *supervisor)
{
	uint32_t room = supervisor->links_room ? supervisor->links_room * 2 : 16;
	struct link **links = reallocarray(supervisor->links, room, sizeof *links);
	if (!links)
		return -ENOMEM;
	supervisor->links = links;
	uint32_t *turns = reallocarray(supervisor->link_turns, room, sizeof *turns);
	if (!turns)
		return -ENOMEM;
	supervisor->link_turns = turns;
	for (uint32_t i = supervisor->links_room; i < room; i++) {
		links[i] = NULL;
		turns[i] = 0;
	}
	supervisor->links_room = room;
	return 0;
}

int link_add(struct supervisor *supervisor, int take_fd, bool is_private)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t size = sizeof peer;
	uint32_t index = 0;
	while (index < supervisor->links_room && supervisor->links[index])
		index++;
	struct link *link = calloc(1, sizeof *link);
	int error = link ? 0 : -ENOMEM;
	if (!error && index == supervisor->links_room)
		error = grow(supervisor);
	error = error ? error : fd_nonblocking(take_fd);
	if (error) {
		free(link);
		fd_close(&take_fd);
		return error;
	}
	(void)getsockopt(take_fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	link->index = index;
	link->turn = ++supervisor->link_turns[index];
	link->uid = peer.uid;
	link->pid = peer.pid;
	link->is_private = is_private;
	link->heard = clock_now();
	link->events = EPOLLIN | EPOLLRDHUP;
	channel_init(&link->channel, take_fd, CHANNEL_SMALL);
	error = service_watch(supervisor, take_fd, link->events, service_tag(TAG_LINK, index, link->turn));
	if (error) {
		channel_close(&link->channel);
		free(link);
		return error;
	}
	supervisor->links[index] = link;
	supervisor->link_count++;
	supervisor->stats.connections++;
	supervisor->idle_since = CLOCK_NEVER;
	return 0;
}

void link_close(struct supervisor *supervisor, struct link *link)
{
	ring_leave(supervisor, link);
	while (link->first) {
		supervisor->stats.abandoned++;
		task_free(pop_task(supervisor, link));
	}
	for (struct task **at = &supervisor->again; *at;) {
		struct task *task = *at;
		if (task->owner != link) {
			at = &task->next;
			continue;
		}
		*at = task->next;
		supervisor->queued--;
		supervisor->stats.abandoned++;
		task_free(task);
	}
	slot_forget_link(supervisor, link);
	hasher_forget_link(supervisor, link);
	channel_close(&link->channel);
	supervisor->links[link->index] = NULL;
	supervisor->link_count--;
	if (link->is_private)
		service_stop(supervisor);
	free(link);
	if (!supervisor->link_count)
		supervisor->idle_since = clock_now();
}

/* A place for one more: the client that was silent longest and has nothing outstanding goes. */
static bool make_place(struct supervisor *supervisor)
{
	struct link *longest = NULL;
	for (uint32_t i = 0; i < supervisor->links_room; i++) {
		struct link *link = supervisor->links[i];
		if (link && !link->outstanding && (!longest || link->heard < longest->heard))
			longest = link;
	}
	if (!longest || clock_now() - longest->heard < QUIET_MS)
		return false;
	link_close(supervisor, longest);
	return true;
}

/* More clients wait in the kernel's queue until there is place for them. */
static void accept_no_more(struct supervisor *supervisor)
{
	const struct listener *listener = supervisor->options->listener;
	for (unsigned i = 0; supervisor->accepting && i < listener->count; i++)
		(void)epoll_ctl(supervisor->epoll, EPOLL_CTL_DEL, listener->fds[i], NULL);
	supervisor->accepting = false;
}

void link_accept(struct supervisor *supervisor, int listener)
{
	for (unsigned i = 0; i < ACCEPTS_MOST && !supervisor->stopping; i++) {
		if (supervisor->link_count >= supervisor->links_most && !make_place(supervisor)) {
			accept_no_more(supervisor);
			return;
		}
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
				accept_no_more(supervisor);
			return;
		}
		if (link_add(supervisor, fd, false))
			log_write(LOG_LEVEL_WARNING, "a client could not be taken: no memory");
	}
}

static void accept_again(struct supervisor *supervisor)
{
	const struct listener *listener = supervisor->options->listener;
	if (!supervisor->resident || supervisor->accepting || supervisor->stopping)
		return;
	if (supervisor->link_count >= supervisor->links_most && !make_place(supervisor))
		return;
	for (unsigned i = 0; i < listener->count; i++)
		(void)service_watch(supervisor, listener->fds[i], EPOLLIN, service_tag(TAG_LISTENER, i, 0));
	supervisor->accepting = true;
}

/* ---- telling ---- */

void link_tell(struct supervisor *supervisor, struct link *link, enum frame_type type, uint32_t id, char *take_text)
{
	if (!channel_waiting(&link->channel))
		link->sent = clock_now();
	/* An answer that cannot be given: the client sees the end. */
	bool lost = !take_text || channel_queue(&link->channel, type, id, take_text, strlen(take_text));
	free(take_text);
	if (lost || channel_flush(&link->channel) < 0) {
		link->closing = true;
		buffer_drop(&link->channel.out, link->channel.out.size);
		/* Closed by the next tick of the loop, not under the feet of the caller. */
		(void)shutdown(link->channel.fd, SHUT_RDWR);
	}
	set_events(supervisor, link);
}

void link_refuse(struct supervisor *supervisor, struct link *link, enum frame_type type, uint32_t id,
		 enum scan_code code, const char *text)
{
	const struct verdict_json_options options = {0};
	struct report report;
	report_init(&report);
	report.limits = supervisor->options->limits;
	report.started = clock_wall();
	if (supervisor->current)
		(void)report_facts(&report, &supervisor->current->facts);
	(void)report_code(&report, 0, code, text);
	(void)report_settle(&report);
	if (type == FRAME_ERROR)
		link->closing = true; /* nothing that follows could be trusted to be in step */
	link_tell(supervisor, link, type, id, verdict_json_encode(&report, &options));
	report_free(&report);
}

/* Ends a conversation that broke the protocol. */
static void break_off(struct supervisor *supervisor, struct link *link, uint32_t id, enum scan_code code,
		      const char *text)
{
	supervisor->stats.protocol_errors++;
	link_refuse(supervisor, link, FRAME_ERROR, id, code, text);
}

static void log_report(const struct task *task, const struct link *link)
{
	const struct report *report = &task->report;
	const struct part *input = report->part_count ? &report->parts[0] : NULL;
	char digest[65] = "-";
	for (unsigned i = 0; input && input->has_sha256 && i < 32; i++)
		(void)snprintf(digest + 2 * i, 3, "%02x", input->sha256[i]);
	log_write(LOG_LEVEL_INFO,
		  "message uid=%d pid=%d id=%" PRIu32 " status=%s code=%s info=\"%s\" size=%" PRIu64
		  " sha256=%s parts=%" PRIu32 " attempts=%u ms=%" PRIu64,
		  (int)link->uid, (int)link->pid, task->id, ec_av_status_name(report->status),
		  report->code == SCAN_CODE_NONE ? "OK" : scan_code_name(report->code),
		  report->info ? report->info : "", input ? input->size : 0, digest, report->part_count,
		  report->attempts, report->total_ms);
}

void link_answer(struct supervisor *supervisor, struct task *task)
{
	const struct verdict_json_options options = {0};
	struct link *link = task->owner;
	/* A repair judges nothing. */
	if (task->begun_us && !task->request.repair) {
		int64_t now = clock_now_us();
		stats_report(&supervisor->stats, &task->report, (uint64_t)(now - task->begun_us),
			     (uint64_t)(task->begun_us - task->arrived_us));
		stats_cured(&supervisor->stats, &task->report, task->request.cured);
	}
	supervisor->zygote_deaths = 0;
	if (supervisor->resident)
		log_report(task, link);
	link->outstanding--;
	link_tell(supervisor, link, FRAME_REPORT, task->id, verdict_json_encode(&task->report, &options));
	if (task->lent)
		report_init(&task->report);
	else
		hasher_keep(supervisor, task);
	task_free(task);
}

static void tell_ready(struct supervisor *supervisor, struct link *link)
{
	const struct generation *current = supervisor->current;
	if (!link->greeted || link->ready_told || !current ||
	    (current->state != GENERATION_READY && current->state != GENERATION_FAILED))
		return;
	link->ready_told = true;
	bool failed = current->state == GENERATION_FAILED;
	link_tell(supervisor, link, FRAME_READY, 0,
		  facts_json_encode(&current->facts, failed ? current->fail_code : SCAN_CODE_NONE,
				    failed ? current->fail_text : NULL));
}

void link_tell_ready(struct supervisor *supervisor)
{
	for (uint32_t i = 0; i < supervisor->links_room; i++)
		if (supervisor->links[i])
			tell_ready(supervisor, supervisor->links[i]);
}

/* ---- hearing ---- */

static void take_hello(struct supervisor *supervisor, struct link *link, const struct frame *frame, const char *payload)
{
	if (link->greeted) {
		break_off(supervisor, link, 0, GEN_RESULT_REINITIALIZATION_PROHIBITED, NULL);
		return;
	}
	if (hello_json_greeted(payload, frame->length)) {
		break_off(supervisor, link, 0, GEN_RESULT_PARAMETER_INVALID, "another protocol is spoken here");
		return;
	}
	/* Only the one who started us removes our files if we are killed. */
	const struct hello hello = {.directory = link->is_private ? supervisor->tempdir.path : NULL,
				    .limits = supervisor->options->limits,
				    .max_concurrency = supervisor->options->max_concurrency};
	link->greeted = true;
	link_tell(supervisor, link, FRAME_HELLO, 0, hello_json_encode(&hello));
	tell_ready(supervisor, link);
}

/* Whether the request can be taken: 0, or -errno with code and why. Its limits are in force then. */
static int check_request(struct supervisor *supervisor, const struct link *link, struct request *request, int message,
			 enum scan_code *ret_code, struct why *why)
{
	struct limits limits = supervisor->options->limits;
	*ret_code = GEN_RESULT_PARAMETER_INVALID;
	if (message < 0)
		return why_set(why, -EPROTO, "the request came without a descriptor");
	*ret_code = DEC_RESULT_POLICY_INVALID;
	if (limits_tighten(&limits, &request->limits, why))
		return -EPERM;
	if (request->passwords.size > PASSWORD_FILE_ROOM)
		return why_set(why, -E2BIG, "the request has more than %u bytes of passwords", PASSWORD_FILE_ROOM);
	*ret_code = DEC_RESULT_INIT_DECOMPOSER_FAILED;
	if (link->outstanding >= OUTSTANDING_MOST)
		return why_set(why, -EBUSY, "the scanner is busy: %d messages of this client are not answered yet",
			       OUTSTANDING_MOST);
	/* Each holds a descriptor; the first one of every client always finds one left. */
	if (!link->is_private && link->outstanding && supervisor->queued >= supervisor->several_most)
		return why_set(why, -EBUSY,
			       "the scanner is busy: %u messages wait, and it may hold no more descriptors",
			       supervisor->queued);
	/* Likewise a part of the queue is kept for those who have nothing in it, so that a few with many cannot shut it. */
	unsigned most = supervisor->options->max_queue;
	if (link->outstanding)
		most -= most / 4 < RESERVED_MOST ? most / 4 : RESERVED_MOST;
	if (supervisor->queued >= most)
		return why_set(why, -EBUSY, "the scanner is busy: %u messages wait", supervisor->queued);
	request->limits = limits;
	/* These are for the supervisor to say. */
	request->avoid_whole = false;
	request->avoid_count = 0;
	return 0;
}

/* A request: to the queue, or an answer at once. */
static void take_scan(struct supervisor *supervisor, struct link *link, const struct frame *frame, const char *payload)
{
	struct request request;
	struct why why;
	enum scan_code code;
	int message = channel_take_pass(&link->channel);
	int error = request_json_decode(payload, frame->length, &request, &code, &why);
	error = error ? error : check_request(supervisor, link, &request, message, &code, &why);
	if (error) {
		if (error == -EBUSY)
			supervisor->stats.refused++;
		fd_close(&message);
		link_refuse(supervisor, link, FRAME_REPORT, frame->id, code, why.text);
		return;
	}
	struct task *task = task_new(frame->id, link, &request, message);
	if (!task) {
		link_refuse(supervisor, link, FRAME_REPORT, frame->id, GEN_RESULT_OUT_OF_MEMORY, NULL);
		return;
	}
	link->outstanding++;
	if (!hasher_take(supervisor, task))
		link_put_task(supervisor, link, task);
}

static void take_frame(struct supervisor *supervisor, struct link *link, const struct frame *frame, const char *payload)
{
	if (frame->type == FRAME_HELLO)
		take_hello(supervisor, link, frame, payload);
	else if (frame->type == FRAME_SCAN && link->greeted)
		take_scan(supervisor, link, frame, payload);
	else if (frame->type == FRAME_COMMAND && link->greeted)
		command_take(supervisor, link, frame, payload);
	else
		break_off(supervisor, link, frame->id, GEN_RESULT_PARAMETER_INVALID, "a frame out of turn");
}

/* False: the other side is gone. */
static bool read_frames(struct supervisor *supervisor, struct link *link)
{
	struct frame frame;
	const char *payload;
	ssize_t got = channel_receive(&link->channel);
	if (got == -EAGAIN)
		return true;
	if (got <= 0)
		return false;
	int error = 0;
	while (!link->closing && (error = channel_next(&link->channel, &frame, &payload)) == 0) {
		link->heard = clock_now();
		take_frame(supervisor, link, &frame, payload);
		channel_drop(&link->channel, &frame);
	}
	/* One descriptor may wait for the rest of its frame; a hoard of them is no request. */
	if (!error && link->channel.pass_count > 1)
		error = -EPROTO;
	if (error && error != -EAGAIN && !link->closing)
		break_off(supervisor, link, 0, GEN_RESULT_PARAMETER_INVALID, "what came is not a frame");
	return true;
}

void link_event(struct supervisor *supervisor, struct link *link, uint32_t events)
{
	bool there = true;
	if (events & EPOLLOUT) {
		link->sent = clock_now();
		there = channel_flush(&link->channel) == 0;
	}
	if (there && (events & EPOLLIN) && !link->closing)
		there = read_frames(supervisor, link);
	if (there && (events & (EPOLLHUP | EPOLLERR)))
		there = false;
	if (there && (events & EPOLLRDHUP) && !(events & EPOLLIN))
		there = false;
	if (!there || (link->closing && !channel_waiting(&link->channel))) {
		link_close(supervisor, link);
		accept_again(supervisor);
		return;
	}
	set_events(supervisor, link);
}

/* False: its time is over. */
static bool in_time(const struct link *link, int64_t now)
{
	if (link->is_private)
		return true;
	if (!link->greeted && now - link->heard > GREETING_MS)
		return false;
	return !channel_waiting(&link->channel) || now - link->sent <= TAKING_MS;
}

void link_tick(struct supervisor *supervisor)
{
	int64_t now = clock_now();
	accept_again(supervisor);
	if (now < supervisor->last_tick + TICK_MS)
		return;
	supervisor->last_tick = now;
	for (uint32_t i = 0; i < supervisor->links_room; i++) {
		struct link *link = supervisor->links[i];
		if (!link)
			continue;
		if (!in_time(link, now)) {
			supervisor->stats.protocol_errors++;
			link_close(supervisor, link);
		} else if (link->greeted && !link->closing && (link->outstanding || !link->ready_told) &&
			   !channel_waiting(&link->channel)) {
			link_tell(supervisor, link, FRAME_WAIT, 0, strdup("{}"));
		}
	}
}
