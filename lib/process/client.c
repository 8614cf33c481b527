/*
 * client.c - one conversation with a scanner, and what becomes of the messages when it breaks; see client.h.
 *
 * Refuses to believe that a silent scanner lives: it says so every few seconds while it owes an answer.
 */
#include "process/client.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/processor.h"
#include "format/facts_json.h"
#include "format/request_json.h"
#include "format/verdict_json.h"
#include "process/client/connection.h"
#include "process/client/launch.h"
#include "process/tempdir.h"
#include "verdict/age.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The scanner says WAIT every 5 seconds; the deadlines of the messages are its own to keep. */
#define SILENCE_MS 15000
/* A machine that reads a gigabyte of definitions, or pages them in, may stall for longer. */
#define SILENCE_LOADING_MS 60000
/* Scanners that run and may be lost, one after the other, before a message comes back from one. */
#define LOSSES_MOST 2
/* Descriptors under way are limited for each user; the pause before it is tried again. */
#define CROWD_PAUSE_MS 5

struct outstanding {
	bool used;
	uint32_t id;
	char *request;         /* text and descriptor, to be given again; NULL and -1 with a private scanner */
	int message;           /* owned */
	enum scan_code failed; /* the answer is already known */
};

struct client {
	struct client_options options;
	struct channel channel; /* fd -1: there is no scanner */
	bool resident;          /* the scanner is, or was, one that runs */
	unsigned workers;       /* of it */
	struct limits allowed;  /* by one that runs, as it greeted us */
	pid_t scanner;          /* the private one; 0: none */
	char *directory;        /* of its temporary files; NULL: not told */
	bool ready;
	struct facts facts;  /* while ready, unless it failed to load */
	int64_t heard;       /* the last sign of life, or the first message after a time without any */
	unsigned losses;     /* of scanners that ran, since one of them answered */
	bool newly_lost;     /* another scanner may be looked for */
	bool silent;         /* it was lost by silence: asking there again would only take as long again */
	enum scan_code lost; /* why there is no scanner */
	struct why why;
	unsigned count;
	struct outstanding outstanding[CLIENT_CONCURRENCY_MAX];
};

/* Every message is answered with this code from now on, unless another scanner is found. */
static void set_lost(struct client *client, enum scan_code code, const char *text)
{
	client->lost = code;
	(void)why_set(&client->why, 0, "%s", text);
	client->ready = true;
}

/* Ends the conversation. */
static void lose(struct client *client, enum scan_code code, const char *text)
{
	set_lost(client, code, text);
	if (client->channel.fd >= 0) {
		channel_close(&client->channel);
		client->losses++;
		client->newly_lost = true;
	}
}

/* ---- scanners ---- */

static void begin(struct client *client, bool resident, unsigned workers)
{
	client->resident = resident;
	client->workers = workers ? workers : 1;
	client->ready = false;
	client->newly_lost = false;
	client->lost = SCAN_CODE_NONE;
	client->heard = clock_now();
}

/* Milliseconds that the client may still wait, of `most`; one at least, since none would mean for ever. */
static int patience(const struct client *client, int most)
{
	int left = client->options.deadline ? clock_poll_timeout(client->options.deadline) : -1;
	return left < 0 || left > most ? most : left > 0 ? left : 1;
}

/* Looks for a scanner that runs. False: there is none, and `why` of the client says so. */
static bool join(struct client *client)
{
	struct hello hello;
	struct why why = {""};
	/* A request that goes beyond the limits there would be refused: a private scanner can do what is asked. */
	const struct limits *wanted = client->options.way == CLIENT_AUTO ? &client->options.limits : NULL;
	int error = connection_find(client->options.socket, wanted, patience(client, CONNECTION_MS), &client->channel,
				    &hello, &why);
	if (error) {
		client->channel.fd = -1;
		client->silent = error == -ETIMEDOUT;
		set_lost(client, GEN_RESULT_SCANNER_NOT_INITIALIZED, *why.text ? why.text : strerror(-error));
		return false;
	}
	begin(client, true, hello.max_concurrency);
	client->allowed = hello.limits;
	hello_free(&hello);
	return true;
}

static void launch(struct client *client)
{
	int fd;
	struct why why;
	unsigned workers = client->options.max_concurrency ? client->options.max_concurrency : client->options.workers;
	workers = workers ? workers : processor_count(CLIENT_CONCURRENCY_MAX);
	client->resident = false;
	if (launch_start(&client->options, workers, &client->scanner, &fd, &why)) {
		set_lost(client, GEN_RESULT_SCANNER_NOT_INITIALIZED, why.text);
		return;
	}
	begin(client, false, workers);
	channel_init(&client->channel, fd, FRAME_PAYLOAD_MAX);
	char hello[32];
	int length = snprintf(hello, sizeof hello, "{\"protocol\":%d}", FRAME_PROTOCOL);
	/* A scanner that is gone already is seen when its answer is awaited. */
	(void)channel_send(&client->channel, FRAME_HELLO, 0, hello, (size_t)length, -1);
}

int client_open(const struct client_options *options, struct client **ret_client)
{
	assert(options->max_concurrency <= CLIENT_CONCURRENCY_MAX);
	struct client *client = calloc(1, sizeof *client);
	if (!client)
		return -ENOMEM;
	client->options = *options;
	client->channel.fd = -1;
	client->resident = options->way != CLIENT_PRIVATE;
	if (!(client->resident && join(client)) && options->way != CLIENT_RESIDENT)
		launch(client);
	*ret_client = client;
	return 0;
}

/* ---- handing over ---- */

/* Where it is left to us, one more for each worker than it scans, so that none waits for us to read and write. */
static unsigned most_outstanding(const struct client *client)
{
	unsigned wish = client->options.max_concurrency;
	unsigned most = client->resident && wish ? wish : 2 * client->workers;
	most = most < wish ? wish : most;
	return most < 1 ? 1 : most < CLIENT_CONCURRENCY_MAX ? most : CLIENT_CONCURRENCY_MAX;
}

unsigned client_room(const struct client *client)
{
	unsigned most = most_outstanding(client);
	return client->count < most ? most - client->count : 0;
}

void client_deadline(struct client *client, int64_t deadline)
{
	client->options.deadline = deadline;
}

unsigned client_outstanding(const struct client *client)
{
	return client->count;
}

int client_poll(const struct client *client, int64_t *ret_deadline)
{
	*ret_deadline = CLOCK_NEVER;
	if (!client->count)
		return -1;
	/* Messages that no answer will come for are told at once. */
	bool known = client->channel.fd < 0;
	for (unsigned i = 0; !known && i < CLIENT_CONCURRENCY_MAX; i++)
		known = client->outstanding[i].used && client->outstanding[i].failed != SCAN_CODE_NONE;
	*ret_deadline = known ? 0 : client->heard + (client->ready ? SILENCE_MS : SILENCE_LOADING_MS);
	return client->channel.fd;
}

bool client_ready(const struct client *client)
{
	return client->ready;
}

bool client_private(const struct client *client)
{
	return !client->resident;
}

/* The text of the request. One that goes to a scanner that runs carries the limits that a private one is started with. */
static char *encode(const struct client *client, const struct request *request)
{
	struct request whole = *request;
	const struct limits *limits = &client->options.limits;
	for (int i = 0; client->resident && i < LIMIT_COUNT; i++) {
		enum limit limit = (enum limit)i;
		if (whole.limits.set[i])
			continue;
		bool usual =
			!limits->set[i] && client->options.usual.set[i] &&
			limits_effective(&client->options.usual, limit) < limits_effective(&client->allowed, limit);
		if (limits->set[i] || usual) {
			whole.limits.value[i] = usual ? client->options.usual.value[i] : limits->value[i];
			whole.limits.set[i] = true;
		}
	}
	return request_json_encode(&whole, false);
}

/* Sends when the other side takes it, so that one that is stopped cannot hold us. 0 or -errno. */
static int send_request(struct client *client, uint32_t id, const char *text, int fd)
{
	int64_t deadline = clock_now() + patience(client, SILENCE_MS);
	for (;;) {
		struct pollfd wait = {.fd = client->channel.fd, .events = POLLOUT};
		if (poll(&wait, 1, clock_poll_timeout(deadline)) <= 0 && clock_now() >= deadline)
			return -ETIMEDOUT;
		int error = channel_send(&client->channel, FRAME_SCAN, id, text, strlen(text), fd);
		if (error != -ETOOMANYREFS)
			return error;
		if (clock_now() >= deadline)
			return -ETIMEDOUT;
		(void)poll(NULL, 0, CROWD_PAUSE_MS);
	}
}

static void give(struct client *client, struct outstanding *outstanding, const char *text, int fd)
{
	if (client->channel.fd < 0)
		return;
	int error = send_request(client, outstanding->id, text, fd);
	/* A broken connection may still hold answers to read; its end comes after them. */
	if (error == -EBADF)
		outstanding->failed = DEC_RESULT_CONTAINER_ACCESS_FAILED;
	else if (error == -ENOMEM)
		outstanding->failed = GEN_RESULT_OUT_OF_MEMORY;
	else if (error == -ETIMEDOUT) {
		client->silent = true;
		lose(client, GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT, "the scanner does not take messages");
	}
}

/* In place of a scanner that was lost: one that runs, if that is promising, or a private one. */
static void recover(struct client *client)
{
	client->newly_lost = false;
	if (!client->resident)
		return; /* a private one is lost: there is nobody else to ask */
	bool joined = !client->silent && client->losses < LOSSES_MOST && join(client);
	if (!joined && client->options.way == CLIENT_AUTO)
		launch(client);
	for (unsigned i = 0; i < CLIENT_CONCURRENCY_MAX && client->channel.fd >= 0; i++) {
		struct outstanding *outstanding = &client->outstanding[i];
		if (!outstanding->used || outstanding->failed != SCAN_CODE_NONE)
			continue;
		if (outstanding->message >= 0)
			give(client, outstanding, outstanding->request, outstanding->message);
		else
			outstanding->failed = GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT;
	}
}

/* A scanner that runs may put out a client that has been quiet: nothing is lost by that. */
static void look_again(struct client *client)
{
	struct pollfd state = {.fd = client->channel.fd, .events = POLLRDHUP};
	if (!client->resident || client->count)
		return;
	if (client->channel.fd >= 0 && poll(&state, 1, 0) > 0)
		channel_close(&client->channel);
	if (client->channel.fd < 0)
		recover(client);
}

int client_submit(struct client *client, uint32_t id, const struct request *request, int fd)
{
	assert(client_room(client) > 0);
	look_again(client);
	char *text = encode(client, request);
	if (!text)
		return -ENOMEM;
	struct outstanding *place = client->outstanding;
	while (place->used)
		place++;
	*place = (struct outstanding){.used = true, .id = id, .message = -1};
	if (client->count++ == 0)
		client->heard = clock_now();
	if (client->resident) {
		/* Without a copy, where no descriptor is left, it can be asked only once. */
		place->message = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		place->request = text;
		give(client, place, text, fd);
	} else {
		give(client, place, text, fd);
		free(text);
	}
	return 0;
}

/* ---- answers ---- */

int client_report(enum scan_code code, const char *text, struct report *ret_report)
{
	report_init(ret_report);
	ret_report->started = clock_wall();
	int error = report_code(ret_report, 0, code, text);
	return error ? error : report_settle(ret_report);
}

static struct outstanding *find(struct client *client, uint32_t id)
{
	for (unsigned i = 0; i < CLIENT_CONCURRENCY_MAX; i++)
		if (client->outstanding[i].used && client->outstanding[i].id == id)
			return &client->outstanding[i];
	return NULL;
}

static void release(struct client *client, struct outstanding *outstanding)
{
	free(outstanding->request);
	fd_close(&outstanding->message);
	outstanding->used = false;
	client->count--;
}

/* Takes the place of an answer that will not come. */
static int give_up(struct client *client, struct outstanding *outstanding, enum scan_code code, const char *text,
		   uint32_t *ret_id, struct report *ret_report)
{
	*ret_id = outstanding->id;
	release(client, outstanding);
	return client_report(code, text, ret_report);
}

static void take_hello(struct client *client, const char *payload, size_t length)
{
	struct hello hello;
	if (hello_json_decode(payload, length, &hello) == -EBADMSG)
		lose(client, GEN_RESULT_SCANNER_NOT_INITIALIZED, "the scanner is of another version");
	client->directory = hello.directory;
}

static void take_ready(struct client *client, const char *payload, size_t length)
{
	struct facts facts;
	enum scan_code code;
	char *text = NULL;
	client->ready = true;
	if (facts_json_decode(payload, length, &facts, &code, &text))
		return;
	free(text);
	facts_free(&client->facts);
	client->facts = facts;
	/* It serves, and only to say that it cannot scan. */
	if (code != SCAN_CODE_NONE)
		facts_free(&client->facts);
}

static int take_report(struct client *client, struct outstanding *outstanding, const char *payload, size_t length,
		       uint32_t *ret_id, struct report *ret_report)
{
	struct why why;
	client->losses = 0;
	int error = verdict_json_decode(payload, length, ret_report, &why);
	if (error == -EBADMSG)
		return give_up(client, outstanding, GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT, why.text, ret_id,
			       ret_report);
	*ret_id = outstanding->id;
	release(client, outstanding);
	if (!error && client->options.max_age && age_demand(ret_report, client->options.max_age, clock_wall())) {
		report_free(ret_report);
		error = -ENOMEM;
	}
	return error;
}

/* 0 with a report, -EAGAIN when the frame was something else. */
static int take_frame(struct client *client, const struct frame *frame, const char *payload, uint32_t *ret_id,
		      struct report *ret_report)
{
	struct outstanding *outstanding = find(client, frame->id);
	if (frame->type == FRAME_REPORT && outstanding)
		return take_report(client, outstanding, payload, frame->length, ret_id, ret_report);
	if (frame->type == FRAME_READY)
		take_ready(client, payload, frame->length);
	else if (frame->type == FRAME_HELLO && !client->resident && !client->directory)
		take_hello(client, payload, frame->length);
	else if (frame->type == FRAME_ERROR)
		lose(client, GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT, "the scanner broke the conversation off");
	else if (frame->type != FRAME_WAIT)
		lose(client, GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT, "the scanner answered out of turn");
	return -EAGAIN;
}

/* Frames that have come: 0 with a report, or -EAGAIN. */
static int take_frames(struct client *client, uint32_t *ret_id, struct report *ret_report)
{
	struct frame frame;
	const char *payload;
	while (client->channel.fd >= 0) {
		int error = channel_next(&client->channel, &frame, &payload);
		if (error == -EAGAIN)
			return -EAGAIN;
		if (error) {
			lose(client, GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT, "the scanner's answer is not a frame");
			return -EAGAIN;
		}
		error = take_frame(client, &frame, payload, ret_id, ret_report);
		if (client->channel.fd >= 0)
			channel_drop(&client->channel, &frame);
		if (error != -EAGAIN)
			return error;
	}
	return -EAGAIN;
}

/* Messages that no answer will come for: 0 with a report, or -EAGAIN. */
static int take_failures(struct client *client, uint32_t *ret_id, struct report *ret_report)
{
	for (unsigned i = 0; i < CLIENT_CONCURRENCY_MAX; i++) {
		struct outstanding *outstanding = &client->outstanding[i];
		if (!outstanding->used)
			continue;
		if (client->channel.fd < 0)
			return give_up(client, outstanding, client->lost, client->why.text, ret_id, ret_report);
		if (outstanding->failed != SCAN_CODE_NONE)
			return give_up(client, outstanding, outstanding->failed, NULL, ret_id, ret_report);
	}
	return -EAGAIN;
}

/* ---- waiting ---- */

/* Waits until the scanner says something, or has been silent too long; its end counts as something. */
static void hear(struct client *client, int64_t deadline)
{
	int64_t silence = client->heard + (client->ready ? SILENCE_MS : SILENCE_LOADING_MS);
	ssize_t got = connection_hear(&client->channel, silence < deadline ? silence : deadline);
	if (got > 0) {
		client->heard = clock_now();
		return;
	}
	if (got == -ETIMEDOUT && clock_now() < silence)
		return;
	client->silent = got == -ETIMEDOUT;
	if (client->silent)
		lose(client, GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT, "the scanner does not answer");
	else if (client->ready)
		lose(client, GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT, "the scanner ended before it answered");
	else /* before its first word it is a program that is no scanner, or cannot run here */
		lose(client, GEN_RESULT_SCANNER_NOT_INITIALIZED, "the scanner ended before it was ready");
}

int client_next(struct client *client, int timeout_ms, uint32_t *ret_id, struct report *ret_report)
{
	int64_t deadline = timeout_ms < 0 ? CLOCK_NEVER : clock_now() + timeout_ms;
	if (!client->count)
		return -ENOENT;
	for (bool last = false;; last = clock_now() >= deadline) {
		int error;
		while ((error = take_frames(client, ret_id, ret_report)) == -EAGAIN && client->newly_lost)
			recover(client);
		error = error == -EAGAIN ? take_failures(client, ret_id, ret_report) : error;
		if (error != -EAGAIN || last)
			return error;
		if (client->channel.fd >= 0)
			hear(client, deadline);
	}
}

const struct facts *client_facts(struct client *client, int timeout_ms)
{
	int64_t deadline = clock_now() + timeout_ms;
	uint32_t id;
	struct report report;
	look_again(client);
	while (client->channel.fd >= 0 && !client->ready && !client->count && clock_now() < deadline) {
		/* Nothing is outstanding, so no report can come. */
		if (take_frames(client, &id, &report) == -EAGAIN && !client->ready && client->channel.fd >= 0)
			hear(client, deadline);
	}
	return client->channel.fd >= 0 && client->ready && client->facts.engine_version ? &client->facts : NULL;
}

void client_close(struct client *client)
{
	if (!client)
		return;
	facts_free(&client->facts);
	if (client->channel.fd >= 0)
		channel_close(&client->channel);
	for (unsigned i = 0; i < CLIENT_CONCURRENCY_MAX; i++)
		if (client->outstanding[i].used)
			release(client, &client->outstanding[i]);
	if (client->scanner > 0 && !launch_end(client->scanner) && client->directory)
		(void)tempdir_remove_path(client->directory);
	free(client->directory);
	free(client);
}
