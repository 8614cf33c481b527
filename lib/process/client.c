/*
 * client.c - starts a private scanner and talks to it; see client.h.
 */
#include "process/client.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/place.h"
#include "format/hello_json.h"
#include "format/request_json.h"
#include "format/verdict_json.h"
#include "process/channel.h"
#include "process/spawn.h"
#include "process/tempdir.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* The scanner keeps the deadlines; these catch one that does not: it may load for ten minutes (supervisor.c). */
#define LOAD_MS   (630 * 1000)
#define ANSWER_MS (15 * 1000) /* beyond the message's timeout */
#define CLOSE_MS  1000

struct outstanding {
	bool used;
	uint32_t id;
	uint64_t timeout_ms;
	int64_t deadline;      /* CLOCK_NEVER until the scanner is ready */
	enum scan_code failed; /* the answer is already known */
};

struct client {
	struct client_options options;
	struct channel channel; /* fd -1: there is no scanner */
	pid_t scanner;
	char *directory; /* of the scanner's temporary files; NULL: not told */
	bool ready;
	int64_t load_deadline;
	enum scan_code lost; /* why there is no scanner */
	struct why why;
	unsigned count;
	struct outstanding outstanding[CLIENT_CONCURRENCY_MAX];
};

#define ARGUMENTS_MOST (8 + LIMIT_COUNT)

/* Adds "--key=value"; the caller frees all of them. */
static int add_argument(char **arguments, unsigned *count, const char *key, const char *value)
{
	assert(*count < ARGUMENTS_MOST - 1);
	char *argument = NULL;
	if (asprintf(&argument, "--%s=%s", key, value) < 0)
		return -ENOMEM;
	for (char *c = argument + 2; *c && *c != '='; c++)
		if (*c == '_')
			*c = '-';
	arguments[(*count)++] = argument;
	return 0;
}

static int make_arguments(const struct client_options *options, const char *path, char **arguments)
{
	char number[32];
	unsigned count = 0;
	arguments[count++] = strdup(path);
	int error = arguments[0] ? 0 : -ENOMEM;
	(void)snprintf(number, sizeof number, "%d", SPAWN_FD);
	error = error ? error : add_argument(arguments, &count, "private", number);
	(void)snprintf(number, sizeof number, "%u", options->max_concurrency);
	error = error ? error : add_argument(arguments, &count, "max_concurrency", number);
	if (!error && options->definitions)
		error = add_argument(arguments, &count, "definitions", options->definitions);
	if (!error && options->file_base)
		error = add_argument(arguments, &count, "file_base", options->file_base);
	for (int i = 0; !error && i < LIMIT_COUNT; i++) {
		if (!options->limits.set[i])
			continue;
		(void)snprintf(number, sizeof number, "%" PRIu64, options->limits.value[i]);
		error = add_argument(arguments, &count, limits_row((enum limit)i)->key, number);
	}
	return error;
}

/* Every message is answered with this code from now on. */
static void lose(struct client *client, enum scan_code code, const char *text)
{
	if (client->lost == SCAN_CODE_NONE) {
		client->lost = code;
		(void)why_set(&client->why, 0, "%s", text);
	}
	if (client->channel.fd >= 0)
		channel_close(&client->channel);
	client->ready = true;
}

static void start(struct client *client)
{
	char *arguments[ARGUMENTS_MOST] = {NULL};
	struct why why = {""};
	int pair[2] = {-1, -1};
	char *path =
		client->options.scanner_path ? strdup(client->options.scanner_path) : place_find(PLACE_SCANNER, &why);
	int error = path ? make_arguments(&client->options, path, arguments) : -ENOENT;
	if (!error && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		error = why_errno(&why, -errno, "no socket");
	error = error ? error : spawn_program(path, arguments, pair[1], false, &client->scanner, &why);
	fd_close(&pair[1]);
	for (unsigned i = 0; i < ARGUMENTS_MOST; i++)
		free(arguments[i]);
	free(path);
	if (error) {
		fd_close(&pair[0]);
		lose(client, GEN_RESULT_SCANNER_NOT_INITIALIZED, *why.text ? why.text : strerror(-error));
		return;
	}
	channel_init(&client->channel, pair[0], FRAME_PAYLOAD_MAX);
	char hello[32];
	int length = snprintf(hello, sizeof hello, "{\"protocol\":%d}", FRAME_PROTOCOL);
	/* A scanner that is gone already is seen when its answer is awaited. */
	(void)channel_send(&client->channel, FRAME_HELLO, 0, hello, (size_t)length, -1);
}

int client_open(const struct client_options *options, struct client **ret_client)
{
	assert(options->max_concurrency >= 1 && options->max_concurrency <= CLIENT_CONCURRENCY_MAX);
	struct client *client = calloc(1, sizeof *client);
	if (!client)
		return -ENOMEM;
	client->options = *options;
	client->channel.fd = -1;
	client->load_deadline = clock_now() + LOAD_MS;
	start(client);
	*ret_client = client;
	return 0;
}

unsigned client_outstanding(const struct client *client)
{
	return client->count;
}

bool client_ready(const struct client *client)
{
	return client->ready;
}

static struct outstanding *find(struct client *client, uint32_t id)
{
	for (unsigned i = 0; i < CLIENT_CONCURRENCY_MAX; i++)
		if (client->outstanding[i].used && client->outstanding[i].id == id)
			return &client->outstanding[i];
	return NULL;
}

static void start_clock(struct outstanding *outstanding)
{
	outstanding->deadline = clock_now() + (int64_t)outstanding->timeout_ms + ANSWER_MS;
}

int client_submit(struct client *client, uint32_t id, const struct request *request, int fd)
{
	assert(client->count < client->options.max_concurrency);
	struct outstanding *place = client->outstanding;
	while (place->used)
		place++;
	char *text = request_json_encode(request, false);
	if (!text)
		return -ENOMEM;
	const struct limits *limits = request->limits.set[LIMIT_timeout] ? &request->limits : &client->options.limits;
	*place = (struct outstanding){.used = true,
				      .id = id,
				      .timeout_ms = limits_effective(limits, LIMIT_timeout) * 1000,
				      .deadline = CLOCK_NEVER};
	client->count++;
	if (client->ready)
		start_clock(place);
	if (client->channel.fd >= 0) {
		int error = channel_send(&client->channel, FRAME_SCAN, id, text, strlen(text), fd);
		/* A broken connection may still hold answers to read; its end comes after them. */
		if (error == -EBADF || error == -ENOMEM)
			place->failed =
				error == -ENOMEM ? GEN_RESULT_OUT_OF_MEMORY : DEC_RESULT_CONTAINER_ACCESS_FAILED;
	}
	free(text);
	return 0;
}

int client_report(enum scan_code code, const char *text, struct report *ret_report)
{
	report_init(ret_report);
	ret_report->started = clock_wall();
	int error = report_code(ret_report, 0, code, text);
	return error ? error : report_settle(ret_report);
}

/* Takes the place of an answer that will not come. */
static int give_up(struct client *client, struct outstanding *outstanding, enum scan_code code, const char *text,
		   uint32_t *ret_id, struct report *ret_report)
{
	*ret_id = outstanding->id;
	outstanding->used = false;
	client->count--;
	return client_report(code, text, ret_report);
}

static void take_ready(struct client *client)
{
	client->ready = true;
	for (unsigned i = 0; i < CLIENT_CONCURRENCY_MAX; i++)
		if (client->outstanding[i].used)
			start_clock(&client->outstanding[i]);
}

/* 0 with a report, -EAGAIN when the frame was something else. */
static int take_frame(struct client *client, const struct frame *frame, const char *payload, uint32_t *ret_id,
		      struct report *ret_report)
{
	struct why why;
	if (frame->type == FRAME_READY) {
		take_ready(client);
		return -EAGAIN;
	}
	if (frame->type == FRAME_HELLO && !client->directory) {
		if (hello_json_decode(payload, frame->length, &client->directory) == -EBADMSG)
			lose(client, GEN_RESULT_SCANNER_NOT_INITIALIZED, "the scanner is of another version");
		return -EAGAIN;
	}
	struct outstanding *outstanding = find(client, frame->id);
	if (frame->type != FRAME_REPORT || !outstanding) {
		lose(client, GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT, "the scanner answered out of turn");
		return -EAGAIN;
	}
	int error = verdict_json_decode(payload, frame->length, ret_report, &why);
	if (error == -EBADMSG)
		return give_up(client, outstanding, GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT, why.text, ret_id,
			       ret_report);
	*ret_id = outstanding->id;
	outstanding->used = false;
	client->count--;
	return error;
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
	int64_t now = clock_now();
	if (!client->ready && now >= client->load_deadline)
		lose(client, GEN_RESULT_SCANNER_NOT_INITIALIZED, "the scanner does not become ready");
	for (unsigned i = 0; i < CLIENT_CONCURRENCY_MAX; i++) {
		struct outstanding *outstanding = &client->outstanding[i];
		if (!outstanding->used)
			continue;
		if (client->channel.fd < 0)
			return give_up(client, outstanding, client->lost, client->why.text, ret_id, ret_report);
		if (outstanding->failed != SCAN_CODE_NONE)
			return give_up(client, outstanding, outstanding->failed, NULL, ret_id, ret_report);
		if (now >= outstanding->deadline)
			lose(client, GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT, "the scanner does not answer");
	}
	return -EAGAIN;
}

static int64_t next_deadline(const struct client *client, int64_t deadline)
{
	if (!client->ready && client->load_deadline < deadline)
		deadline = client->load_deadline;
	for (unsigned i = 0; i < CLIENT_CONCURRENCY_MAX; i++)
		if (client->outstanding[i].used && client->outstanding[i].deadline < deadline)
			deadline = client->outstanding[i].deadline;
	return deadline;
}

/* Waits until the scanner says something; its end counts as that. */
static void hear(struct client *client, int64_t deadline)
{
	struct pollfd wait = {.fd = client->channel.fd, .events = POLLIN};
	if (poll(&wait, 1, clock_poll_timeout(next_deadline(client, deadline))) <= 0)
		return;
	ssize_t got = channel_receive(&client->channel);
	if (got > 0 || got == -EAGAIN)
		return;
	/* Before its first word it is a program that is no scanner, or cannot run here. */
	if (client->ready)
		lose(client, GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT, "the scanner ended before it answered");
	else
		lose(client, GEN_RESULT_SCANNER_NOT_INITIALIZED, "the scanner ended before it was ready");
}

int client_next(struct client *client, int timeout_ms, uint32_t *ret_id, struct report *ret_report)
{
	int64_t deadline = timeout_ms < 0 ? CLOCK_NEVER : clock_now() + timeout_ms;
	if (!client->count)
		return -ENOENT;
	for (;;) {
		int error = take_frames(client, ret_id, ret_report);
		error = error == -EAGAIN ? take_failures(client, ret_id, ret_report) : error;
		if (error != -EAGAIN)
			return error;
		if (clock_now() >= deadline)
			return -EAGAIN;
		if (client->channel.fd >= 0)
			hear(client, deadline);
	}
}

/* Waits for the scanner, which ends with the conversation. False: it did not clean up behind itself. */
static bool scanner_ended(struct client *client)
{
	int64_t deadline = clock_now() + CLOSE_MS;
	int status = 0;
	pid_t ended;
	while ((ended = waitpid(client->scanner, &status, WNOHANG)) == 0) {
		if (clock_now() >= deadline) {
			(void)kill(client->scanner, SIGKILL);
			ended = waitpid(client->scanner, &status, 0);
			break;
		}
		(void)poll(NULL, 0, 1);
	}
	return ended == client->scanner && WIFEXITED(status);
}

void client_close(struct client *client)
{
	if (!client)
		return;
	if (client->channel.fd >= 0)
		channel_close(&client->channel);
	if (client->scanner > 0 && !scanner_ended(client) && client->directory)
		(void)tempdir_remove_path(client->directory);
	free(client->directory);
	free(client);
}
