/*
 * clamd.c - messages over a pool of clamd; see clamd.h.
 *
 * Refuses to lose a message, and to let one message take the whole pool down: one that breaks two connections behind its last byte is not
 * tried again.
 */
#include "clamd/clamd.h"

#include "base/clock.h"
#include "base/fd.h"
#include "clamd/session.h"
#include "verdict/heuristic.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* PING is answered by the thread that takes connections, however busy the scanning ones are. */
#define PONG_MS 2000
/* Before an address that failed is asked whether it lives, and the longest such pause after several failures. */
#define PAUSE_MS      500
#define PAUSE_MOST_MS 30000
/* Tries of one message at one address, and how often it may break off behind its last byte, or be answered with an error. */
#define TRIES_MOST  2
#define LOSSES_MOST 2

struct place {
	struct address address;
	bool ill;
	int64_t pause;    /* ms, of the next check */
	int64_t check_at; /* while ill and not being checked */
	bool checking;
	struct session check;
	int64_t check_deadline;
	unsigned outstanding;
	struct why why; /* of the last failure */
};

struct message {
	bool used;
	uint32_t id;
	int fd; /* owned */
	uint64_t begin, end;
	struct place *place;
	struct session session;
	int64_t begun, deadline, pong_deadline;
	unsigned attempts, losses;
	uint8_t tries[CLAMD_ADDRESSES_MAX];
	bool taken; /* a clamd had it in whole */
	bool done;
	struct clamd_answer answer;
};

struct clamd {
	struct clamd_options options;
	struct place places[CLAMD_ADDRESSES_MAX];
	unsigned place_count, turn;
	unsigned count, top; /* top: places behind it were never used; looking at them would cost memory */
	struct message messages[CLAMD_CONCURRENCY_MAX];
};

int clamd_open(const struct clamd_options *options, struct clamd **ret_clamd, struct why *why)
{
	struct clamd *clamd = calloc(1, sizeof *clamd);
	if (!clamd)
		return -ENOMEM;
	clamd->options = *options;
	int error = 0;
	for (char *const *text = options->addresses; !error && *text && clamd->place_count < CLAMD_ADDRESSES_MAX;
	     text++) {
		error = address_parse(*text, true, &clamd->places[clamd->place_count].address, why);
		/* One name that nobody knows is no reason to do without the others. */
		if (error == -EHOSTUNREACH && (clamd->place_count || text[1]))
			error = 0;
		else if (!error)
			clamd->places[clamd->place_count++].pause = PAUSE_MS;
	}
	if (!error && !clamd->place_count)
		error = -EHOSTUNREACH;
	if (error) {
		clamd_close(clamd);
		return error;
	}
	/* Many callers with one message each must not all begin with the same. */
	clamd->turn = (unsigned)(getpid() ^ clock_now()) % clamd->place_count;
	*ret_clamd = clamd;
	return 0;
}

void clamd_answer_free(struct clamd_answer *answer)
{
	free(answer->info);
	free(answer->code);
	free(answer->address);
	free(answer->version);
	*answer = (struct clamd_answer){.info = NULL};
}

/* --- answers ---------------------------------------------------------------------------------------------------- */

static int64_t pong_ms(const struct clamd *clamd)
{
	int64_t third = clamd->options.timeout_ms / 3;
	return third < PONG_MS ? third : PONG_MS;
}

/* The session of the message is over. */
static void leave(struct message *message)
{
	session_close(&message->session);
	if (message->place)
		message->place->outstanding--;
	message->place = NULL;
}

static void settle(struct message *message, enum ec_av_status status, enum scan_code code, const char *info)
{
	message->answer.status = status;
	message->answer.scan_code = code;
	message->answer.info = strdup(info);
	message->answer.attempts = message->attempts;
	message->answer.id = message->id;
	message->answer.ms = (uint64_t)(clock_now() - message->begun);
	message->done = true;
	fd_close(&message->fd);
}

/* A signature's name: a virus, or one of ClamAV's words for a limit or encryption. */
static void settle_found(struct message *message, const char *found)
{
	static const char unofficial[] = ".UNOFFICIAL";
	char name[REPLY_NAME_MAX];
	size_t size = strlen(found), suffix = sizeof unofficial - 1;
	enum scan_code code = heuristic_code(found);
	message->answer.official = size <= suffix || strcmp(found + size - suffix, unofficial) != 0;
	(void)snprintf(name, sizeof name, "%.*s", (int)(message->answer.official ? size : size - suffix), found);
	message->answer.code = strdup(name);
	if (code == SCAN_CODE_NONE) {
		settle(message, EC_AV_INFECTED, AVS_RESULT_VIRUS_FOUND, name);
		return;
	}
	settle(message, EC_AV_UNSCANNABLE, code, name);
}

static void settle_reply(struct message *message)
{
	const struct session *session = &message->session;
	message->answer.address = strdup(message->place->address.text);
	message->answer.version = *session->version ? strdup(session->version) : NULL;
	message->answer.size = session->offset - session->begin;
	switch (session->reply.kind) {
	case REPLY_FOUND:
		settle_found(message, session->reply.text);
		break;
	case REPLY_TOO_LARGE:
		settle(message, EC_AV_NOT_SUITABLE_FOR_STREAMING, SCAN_CODE_NONE,
		       "the message is larger than the StreamMaxLength of this clamd");
		break;
	case REPLY_ERROR:
		settle(message, EC_AV_ERROR, GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT, session->reply.text);
		break;
	default:
		message->answer.code = strdup(session->reply.kind == REPLY_EMPTY ? "Empty file" : "OK");
		settle(message, EC_AV_CLEAN, SCAN_CODE_NONE, "");
	}
	leave(message);
}

/* What went wrong at each place that was tried. */
static void give_up(struct clamd *clamd, struct message *message)
{
	char text[1024];
	size_t used = 0;
	text[0] = '\0';
	for (unsigned i = 0; i < clamd->place_count && used < sizeof text; i++) {
		const struct place *place = &clamd->places[i];
		if (message->tries[i])
			used += (size_t)snprintf(text + used, sizeof text - used, "%s%s: %s", used ? "; " : "",
						 place->address.text, place->why.text);
	}
	settle(message, EC_AV_ERROR,
	       message->taken ? GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT : GEN_RESULT_SCANNER_NOT_INITIALIZED, text);
}

/* --- places ----------------------------------------------------------------------------------------------------- */

static void fall_ill(struct place *place, const char *why)
{
	(void)why_set(&place->why, 0, "%s", why);
	if (!place->ill) {
		place->ill = true;
		place->pause = PAUSE_MS;
		place->check_at = clock_now() + place->pause;
	}
}

static void recover(struct place *place)
{
	place->ill = false;
	place->pause = PAUSE_MS;
}

static void end_check(struct place *place, bool lives)
{
	session_close(&place->check);
	place->checking = false;
	if (lives) {
		recover(place);
		return;
	}
	place->pause = 2 * place->pause < PAUSE_MOST_MS ? 2 * place->pause : PAUSE_MOST_MS;
	place->check_at = clock_now() + place->pause;
}

/* Asks those that were ill for long enough, and hears those that were asked. */
static void check_places(struct clamd *clamd)
{
	int64_t now = clock_now();
	for (unsigned i = 0; i < clamd->place_count; i++) {
		struct place *place = &clamd->places[i];
		if (place->ill && !place->checking && now >= place->check_at) {
			place->checking = true;
			place->check_deadline = now + pong_ms(clamd);
			session_open(&place->check, &place->address, -1, 0, 0);
		}
		if (!place->checking)
			continue;
		session_run(&place->check);
		if (place->check.state == SESSION_ANSWERED)
			end_check(place, true);
		else if (place->check.state == SESSION_FAILED || now >= place->check_deadline)
			end_check(place, false);
	}
}

/*
 * Where a message goes: a healthy place before an ill one, one that it did not fail at before one that it did, then the one with
 * the fewest under way. NULL: it was everywhere.
 */
static struct place *choose(struct clamd *clamd, const struct message *message)
{
	struct place *best = NULL;
	unsigned best_cost = 0;
	for (unsigned step = 0; step < clamd->place_count; step++) {
		unsigned i = (clamd->turn + step) % clamd->place_count;
		struct place *place = &clamd->places[i];
		if (message->tries[i] >= TRIES_MOST)
			continue;
		unsigned cost = (place->ill ? 4096u : 0) + 1024u * message->tries[i] + place->outstanding;
		if (!best || cost < best_cost) {
			best = place;
			best_cost = cost;
		}
	}
	clamd->turn = (clamd->turn + 1) % clamd->place_count;
	return best;
}

/* --- messages --------------------------------------------------------------------------------------------------- */

static void start(struct clamd *clamd, struct message *message)
{
	struct place *place = message->losses < LOSSES_MOST ? choose(clamd, message) : NULL;
	if (!place) {
		give_up(clamd, message);
		return;
	}
	message->tries[place - clamd->places]++;
	message->attempts++;
	message->place = place;
	message->pong_deadline = clock_now() + pong_ms(clamd);
	place->outstanding++;
	session_open(&message->session, &place->address, message->fd, message->begin, message->end);
}

/* The place did not do it: another one may. */
static void fail_over(struct clamd *clamd, struct message *message, const char *why)
{
	bool whole = session_whole(&message->session) && message->session.pong;
	message->taken |= whole;
	message->losses += whole;
	fall_ill(message->place, why);
	leave(message);
	start(clamd, message);
}

static void settle_unreadable(struct message *message)
{
	struct why why = message->session.why;
	leave(message);
	settle(message, EC_AV_ERROR, DEC_RESULT_CONTAINER_ACCESS_FAILED, why.text);
}

/* An error may be that machine's own: a full disk, no memory. The second one is believed. */
static void answered(struct clamd *clamd, struct message *message)
{
	struct place *place = message->place;
	recover(place);
	if (message->session.reply.kind == REPLY_ERROR && clamd->place_count > 1 && ++message->losses < LOSSES_MOST) {
		(void)why_set(&place->why, 0, "%s", message->session.reply.text);
		message->tries[place - clamd->places] = TRIES_MOST;
		leave(message);
		start(clamd, message);
		return;
	}
	settle_reply(message);
}

static void expire(struct clamd *clamd, struct message *message)
{
	char text[512];
	const struct session *session = &message->session;
	message->taken |= session->pong;
	(void)snprintf(text, sizeof text, "no answer from the clamd at %s in %" PRId64 " s",
		       message->place->address.text, clamd->options.timeout_ms / 1000);
	if (!session->pong)
		fall_ill(message->place, "it does not answer");
	leave(message);
	settle(message, EC_AV_ERROR,
	       message->taken ? GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT : GEN_RESULT_SCANNER_NOT_INITIALIZED, text);
}

/* Goes on with one message as far as it can be without waiting. */
static void advance(struct clamd *clamd, struct message *message)
{
	while (message->used && !message->done) {
		int64_t now = clock_now();
		session_run(&message->session);
		if (message->session.state == SESSION_ANSWERED)
			answered(clamd, message);
		else if (message->session.state == SESSION_FAILED && message->session.unreadable)
			settle_unreadable(message);
		else if (message->session.state == SESSION_FAILED)
			fail_over(clamd, message, message->session.why.text);
		else if (now >= message->deadline)
			expire(clamd, message);
		else if (!message->session.pong && now >= message->pong_deadline)
			fail_over(clamd, message, "it does not answer");
		else
			return;
	}
}

static void advance_all(struct clamd *clamd)
{
	check_places(clamd);
	for (unsigned i = 0; i < clamd->top; i++)
		advance(clamd, &clamd->messages[i]);
}

unsigned clamd_outstanding(const struct clamd *clamd)
{
	return clamd->count;
}

unsigned clamd_room(const struct clamd *clamd)
{
	unsigned most =
		clamd->options.max_concurrency ? clamd->options.max_concurrency : CLAMD_EACH * clamd->place_count;
	most = most < CLAMD_CONCURRENCY_MAX ? most : CLAMD_CONCURRENCY_MAX;
	return clamd->count < most ? most - clamd->count : 0;
}

int clamd_submit(struct clamd *clamd, uint32_t id, int fd, uint64_t begin, uint64_t end)
{
	assert(clamd->count < CLAMD_CONCURRENCY_MAX);
	struct message *message = clamd->messages;
	while (message->used)
		message++;
	unsigned place = (unsigned)(message - clamd->messages) + 1;
	clamd->top = place > clamd->top ? place : clamd->top;
	*message = (struct message){.used = true,
				    .id = id,
				    .fd = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1),
				    .begin = begin,
				    .end = end,
				    .begun = clock_now()};
	message->deadline = message->begun + clamd->options.timeout_ms;
	clamd->count++;
	if (message->fd < 0)
		settle(message, EC_AV_ERROR, DEC_RESULT_CONTAINER_ACCESS_FAILED, strerror(errno));
	else
		start(clamd, message);
	advance(clamd, message);
	return 0;
}

/* One that is done goes out: 0; -EAGAIN: none is; -ENOMEM. */
static int take_done(struct clamd *clamd, struct clamd_answer *ret_answer)
{
	for (unsigned i = 0; i < clamd->top; i++) {
		struct message *message = &clamd->messages[i];
		if (!message->used || !message->done)
			continue;
		*ret_answer = message->answer;
		message->used = false;
		clamd->count--;
		if (ret_answer->info)
			return 0;
		clamd_answer_free(ret_answer);
		return -ENOMEM;
	}
	return -EAGAIN;
}

static void earlier(int64_t *deadline, int64_t other)
{
	*deadline = other < *deadline ? other : *deadline;
}

size_t clamd_poll(const struct clamd *clamd, struct pollfd *ret_fds, size_t most, int64_t *ret_deadline)
{
	size_t used = 0;
	*ret_deadline = CLOCK_NEVER;
	for (unsigned i = 0; i < clamd->top; i++) {
		const struct message *message = &clamd->messages[i];
		if (!message->used)
			continue;
		earlier(ret_deadline, message->done ? 0 : message->deadline);
		if (message->done)
			continue;
		if (!message->session.pong)
			earlier(ret_deadline, message->pong_deadline);
		if (used < most)
			ret_fds[used++] = session_poll(&message->session);
	}
	for (unsigned i = 0; i < clamd->place_count; i++) {
		const struct place *place = &clamd->places[i];
		if (place->checking && used < most)
			ret_fds[used++] = session_poll(&place->check);
		if (place->checking)
			earlier(ret_deadline, place->check_deadline);
		else if (place->ill)
			earlier(ret_deadline, place->check_at);
	}
	return used;
}

int clamd_next(struct clamd *clamd, int timeout_ms, struct clamd_answer *ret_answer)
{
	struct pollfd fds[CLAMD_CONCURRENCY_MAX + CLAMD_ADDRESSES_MAX];
	int64_t deadline = timeout_ms < 0 ? CLOCK_NEVER : clock_now() + timeout_ms;
	if (!clamd->count)
		return -ENOENT;
	for (bool last = false;; last = clock_now() >= deadline) {
		int64_t own;
		/* What is done already goes out before all the others are looked at again. */
		int error = take_done(clamd, ret_answer);
		if (error == -EAGAIN) {
			advance_all(clamd);
			error = take_done(clamd, ret_answer);
		}
		if (error != -EAGAIN || last)
			return error;
		size_t used = clamd_poll(clamd, fds, sizeof fds / sizeof *fds, &own);
		(void)poll(fds, used, clock_poll_timeout(own < deadline ? own : deadline));
	}
}

void clamd_close(struct clamd *clamd)
{
	if (!clamd)
		return;
	for (unsigned i = 0; i < clamd->top; i++) {
		struct message *message = &clamd->messages[i];
		if (!message->used)
			continue;
		if (!message->done)
			session_close(&message->session);
		fd_close(&message->fd);
		clamd_answer_free(&message->answer);
	}
	for (unsigned i = 0; i < clamd->place_count; i++) {
		if (clamd->places[i].checking)
			session_close(&clamd->places[i].check);
		address_free(&clamd->places[i].address);
	}
	free(clamd);
}
