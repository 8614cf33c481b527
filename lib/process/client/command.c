/*
 * command.c - one command to a scanner that runs, and its answer; see client_command in client.h.
 */
#include "process/client.h"

#include "base/clock.h"
#include "format/verdict_json.h"
#include "process/client/connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND_ID   1
#define TURN_MS      200 /* how late a stop is noticed */
#define COMMAND_MOST 64  /* bytes of its frame; the words are short */

/* Why the scanner broke off: -EPERM, or -EBADMSG for a word that it does not know. */
static int take_refusal(const char *payload, size_t length, struct why *why)
{
	struct report report;
	struct why bad;
	if (verdict_json_decode(payload, length, &report, &bad))
		return why_set(why, -EBADMSG, "the scanner broke the conversation off");
	int error = report.code == GEN_RESULT_PARAMETER_INVALID ? -EBADMSG : -EPERM;
	const char *text = report.code_count && report.codes[0].text ? report.codes[0].text : report.info;
	(void)why_set(why, error, "%s", text ? text : "the scanner broke the conversation off");
	report_free(&report);
	return error;
}

/* 0 with the answer, -EAGAIN for what is said beside it, or the error. */
static int take_answer(struct channel *channel, char **ret_text, struct why *why)
{
	struct frame frame;
	const char *payload;
	int error = channel_next(channel, &frame, &payload);
	if (error == -EAGAIN)
		return error;
	if (error)
		return why_set(why, -EBADMSG, "the scanner's answer is not a frame");
	if (frame.type == FRAME_ANSWER && frame.id == COMMAND_ID) {
		*ret_text = strndup(payload, frame.length);
		error = *ret_text ? 0 : why_errno(why, -ENOMEM, "cannot hold the answer");
	} else if (frame.type == FRAME_ERROR) {
		error = take_refusal(payload, frame.length, why);
	} else if (frame.type == FRAME_READY || frame.type == FRAME_WAIT) {
		error = -EAGAIN;
	} else {
		error = why_set(why, -EBADMSG, "the scanner answered out of turn");
	}
	channel_drop(channel, &frame);
	return error;
}

/* Frames that are there already, until one of them is the answer. */
static int take_answers(struct channel *channel, char **ret_text, struct why *why)
{
	int error = -EAGAIN;
	struct frame frame;
	const char *payload;
	while (error == -EAGAIN && channel_next(channel, &frame, &payload) != -EAGAIN)
		error = take_answer(channel, ret_text, why);
	return error;
}

/* As connection_hear, in turns so that a stop is noticed. */
static ssize_t hear(struct channel *channel, int64_t deadline, const volatile sig_atomic_t *stop)
{
	for (;;) {
		int64_t turn = clock_now() + TURN_MS;
		if (*stop)
			return -ECANCELED;
		ssize_t got = connection_hear(channel, turn < deadline ? turn : deadline);
		if (got != -ETIMEDOUT || clock_now() >= deadline)
			return got;
	}
}

static int converse(struct channel *channel, const char *command, int64_t deadline, const volatile sig_atomic_t *stop,
		    char **ret_text, struct why *why)
{
	char text[COMMAND_MOST];
	int length = snprintf(text, sizeof text, "{\"command\":\"%s\"}", command);
	int error = channel_send(channel, FRAME_COMMAND, COMMAND_ID, text, (size_t)length, -1);
	/* One that is going away may have said why. */
	if (error && error != -EPIPE)
		return why_errno(why, error, "the scanner does not take the command");
	while ((error = take_answers(channel, ret_text, why)) == -EAGAIN) {
		ssize_t got = hear(channel, deadline, stop);
		if (got == -ECANCELED)
			return why_set(why, -ECANCELED, "stopped by a signal before the scanner answered");
		if (got == -ETIMEDOUT)
			return why_set(why, -ETIMEDOUT, "the scanner does not answer in time");
		if (got <= 0)
			return why_set(why, -ECONNRESET, "the scanner ended before it answered");
	}
	return error;
}

/* Waits until the other side is gone: it may talk to itself meanwhile. */
static void await_end(struct channel *channel)
{
	while (connection_hear(channel, CLOCK_NEVER) > 0)
		buffer_drop(&channel->in, channel->in.size);
}

int client_command(const char *socket, const char *command, int timeout_ms, char **ret_text, struct why *why)
{
	static const volatile sig_atomic_t never = 0;
	return client_command_until(socket, command, timeout_ms, &never, ret_text, why);
}

int client_command_until(const char *socket, const char *command, int timeout_ms, const volatile sig_atomic_t *stop,
			 char **ret_text, struct why *why)
{
	struct channel channel;
	struct hello hello;
	int64_t deadline = timeout_ms < 0 ? CLOCK_NEVER : clock_now() + timeout_ms;
	int patience = timeout_ms < 0 || timeout_ms > CONNECTION_MS ? CONNECTION_MS : timeout_ms;
	*ret_text = NULL;
	int error = connection_find(socket, NULL, patience, &channel, &hello, why);
	if (error)
		return error;
	hello_free(&hello);
	error = converse(&channel, command, deadline, stop, ret_text, why);
	if (!error && timeout_ms < 0 && strcmp(command, "stop") == 0)
		await_end(&channel);
	channel_close(&channel);
	return error;
}
