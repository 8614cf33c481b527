/*
 * frame.c - what processes say to each other: the head of a frame, and the JSON documents that come in one. A document that is
 * taken, written again and read again is the same.
 */
#include "fuzz.h"
#include "mutator.h"

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

/* Nothing to free. */
static void keep(const void *document)
{
	(void)document;
}

/* What a refusal leaves behind is a leak at once: nothing stays reachable from here. */
#define SAME_AGAIN(name, decode, encode, release)                                                                      \
	static void try_##name(const char *text, size_t size)                                                          \
	{                                                                                                              \
		static struct name first, second;                                                                      \
		if (decode(text, size, &first) == 0) {                                                                 \
			char *written = encode(&first);                                                                \
			PROMISE(written &&decode(written, strlen(written), &second) == 0);                             \
			char *again = encode(&second);                                                                 \
			PROMISE(again &&strcmp(written, again) == 0);                                                  \
			free(written);                                                                                 \
			free(again);                                                                                   \
			release(&first);                                                                               \
			release(&second);                                                                              \
		}                                                                                                      \
		memset(&first, 0, sizeof first);                                                                       \
		memset(&second, 0, sizeof second);                                                                     \
	}
SAME_AGAIN(hello, hello_json_decode, hello_json_encode, hello_free)
SAME_AGAIN(isolation, isolation_json_decode, isolation_json_encode, keep)
SAME_AGAIN(stats, stats_json_decode, stats_json_encode, keep)
SAME_AGAIN(check, check_json_decode, check_json_encode, check_free)
SAME_AGAIN(fetch_job, fetch_json_job_decode, fetch_json_job, fetch_job_free)
SAME_AGAIN(state, state_json_decode, state_json_encode, state_free)
SAME_AGAIN(manifest, manifest_json_decode, manifest_json_encode, manifest_free)

/* Facts, which a worker that was taken over may have written. */
static void try_facts(const char *text, size_t size)
{
	struct status status;
	struct facts facts;
	enum scan_code code;
	char *said = NULL, *version = NULL;
	if (facts_json_decode(text, size, &facts, &code, &said) == 0) {
		facts_free(&facts);
		free(said);
	}
	if (status_json_decode(text, size, &status) == 0)
		facts_free(&status.facts);
	if (worker_json_decode(text, size, &facts, &version) == 0) {
		facts_free(&facts);
		free(version);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	enum command command;
	struct command_outcome outcome;
	struct fetch_event event;
	try_frame(data, size);
	try_events(text, size);
	try_request(text, size);
	try_facts(text, size);
	(void)hello_json_greeted(text, size);
	try_hello(text, size);
	try_isolation(text, size);
	try_stats(text, size);
	try_check(text, size);
	try_fetch_job(text, size);
	try_state(text, size);
	try_manifest(text, size);
	(void)command_json_decode(text, size, &command);
	(void)command_json_outcome_decode(text, size, &outcome);
	(void)fetch_json_event_decode(text, size, &event);
	return 0;
}

FUZZ_MUTATOR(mutate_json)
