/*
 * frame.c - what processes say to each other: the head of a frame, and the JSON documents that come in one. A document that is
 * taken, written again and read again is the same.
 */
#include "fuzz.h"

#include "format/check_json.h"
#include "format/command_json.h"
#include "format/event_json.h"
#include "format/facts_json.h"
#include "format/fetch_json.h"
#include "format/frame.h"
#include "format/hello_json.h"
#include "format/isolation_json.h"
#include "format/request_json.h"
#include "format/state_json.h"
#include "format/stats_json.h"
#include "format/status_json.h"
#include "format/worker_json.h"

#include <string.h>

static void try_frame(const uint8_t *data, size_t size)
{
	struct frame frame;
	struct buffer buffer;
	int error = frame_peek(data, size, &frame);
	PROMISE(size >= FRAME_HEADER_SIZE || error);
	if (error || frame.length > 65536)
		return;
	PROMISE(frame.type > 0 && frame.type < FRAME_TYPE_END && frame.length <= FRAME_PAYLOAD_MAX);
	uint8_t *payload = calloc(1, frame.length + 1u);
	buffer_init(&buffer, FRAME_PAYLOAD_MAX);
	PROMISE(payload && frame_append(&buffer, frame.type, frame.id, payload, frame.length) == 0);
	PROMISE(memcmp(buffer.data, data, FRAME_HEADER_SIZE) == 0);
	buffer_free(&buffer);
	free(payload);
}

static void try_events(const char *text, size_t size)
{
	struct report report;
	struct why why = {""};
	report_init(&report);
	(void)event_json_apply(text, size, &report, &why);
	(void)event_json_apply(text, size, &report, &why);
	report_free(&report);
}

/* What is taken and written comes out the same when it is read again. */
static void try_request(const char *text, size_t size)
{
	static struct request first, second;
	struct why why = {""};
	enum scan_code code;
	if (request_json_decode(text, size, &first, &code, &why) != 0) {
		PROMISE(*why.text);
		return;
	}
	char *written = request_json_encode(&first, true);
	PROMISE(written && request_json_decode(written, strlen(written), &second, &code, &why) == 0);
	char *again = request_json_encode(&second, true);
	PROMISE(again && strcmp(written, again) == 0);
	free(written);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct hello hello;
	struct facts facts;
	enum command command;
	struct command_outcome outcome;
	struct isolation isolation;
	struct stats stats;
	struct status status;
	struct check check;
	struct fetch_job job;
	struct fetch_event event;
	struct state state;
	struct manifest manifest;
	enum scan_code code;
	char *version = NULL;
	try_frame(data, size);
	try_events(text, size);
	(void)hello_json_decode(text, size, &hello);
	(void)hello_json_greeted(text, size);
	char *said = NULL;
	try_request(text, size);
	if (facts_json_decode(text, size, &facts, &code, &said) == 0) {
		facts_free(&facts);
		free(said);
	}
	(void)command_json_decode(text, size, &command);
	(void)command_json_outcome_decode(text, size, &outcome);
	(void)isolation_json_decode(text, size, &isolation);
	(void)stats_json_decode(text, size, &stats);
	if (status_json_decode(text, size, &status) == 0)
		facts_free(&status.facts);
	(void)check_json_decode(text, size, &check);
	if (fetch_json_job_decode(text, size, &job) == 0)
		fetch_job_free(&job);
	(void)fetch_json_event_decode(text, size, &event);
	if (state_json_decode(text, size, &state) == 0)
		state_free(&state);
	if (manifest_json_decode(text, size, &manifest) == 0)
		manifest_free(&manifest);
	if (worker_json_decode(text, size, &facts, &version) == 0) {
		facts_free(&facts);
		free(version);
	}
	return 0;
}
