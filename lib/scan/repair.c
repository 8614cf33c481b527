/*
 * repair.c - a request to repair a message; see repair.h. Refuses a plan that is none.
 */
#include "scan/repair.h"

#include "scan/digest.h"
#include "scan/repair/editor.h"
#include "scan/room.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct repairing {
	const struct request *request;
	const struct observer *observer;
	struct source *source;
	struct room room;
	struct repair_plan plan;
	struct repair_outcome outcome;
	struct buffer message;
	bool terminated; /* its SMTP form ends in a line of one dot */
	struct why why;
};

/* The message as it is meant, and the plan behind it. */
static enum scan_code unfold(struct repairing *repairing)
{
	const struct request *request = repairing->request;
	struct source *source = repairing->source;
	uint64_t size = request->message_size;
	if (size > source->size || source->size - size < request->orders_size)
		return GEN_RESULT_PARAMETER_INVALID;
	int error = repair_plan_decode(source->data + size, (size_t)request->orders_size, &repairing->plan);
	if (error || !repairing->plan.count)
		return error == -ENOMEM ? DEC_RESULT_OUT_OF_MEMORY : GEN_RESULT_PARAMETER_INVALID;
	source->size = (size_t)size;
	if (!request->wire)
		return SCAN_CODE_NONE;
	repairing->terminated =
		memmem(source->data, source->size, "\n.\r\n", 4) || memmem(source->data, source->size, "\n.\n", 3) ||
		(source->size >= 2 && source->data[0] == '.' && (source->data[1] == '\n' || source->data[1] == '\r'));
	source_unstuff(source);
	return SCAN_CODE_NONE;
}

/* As SMTP has it: lines that begin with a dot get another one. 0, -ENOMEM, -EFBIG. */
static int stuff(struct repairing *repairing)
{
	struct buffer stuffed;
	const struct buffer *plain = &repairing->message;
	const uint8_t *lf = plain->size ? memchr(plain->data, '\n', plain->size) : NULL;
	const char *end = lf && lf > plain->data && lf[-1] == '\r' ? "\r\n" : "\n";
	int error = 0;
	buffer_init(&stuffed, plain->cap + plain->cap / 2);
	for (size_t at = 0; at < plain->size && !error;) {
		const uint8_t *next = memchr(plain->data + at, '\n', plain->size - at);
		size_t length = next ? (size_t)(next - (plain->data + at)) + 1 : plain->size - at;
		if (plain->data[at] == '.')
			error = buffer_append(&stuffed, ".", 1);
		error = error ? error : buffer_append(&stuffed, plain->data + at, length);
		at += length;
	}
	if (!error && repairing->terminated && stuffed.size && stuffed.data[stuffed.size - 1] != '\n')
		error = buffer_append_text(&stuffed, end);
	if (!error && repairing->terminated)
		error = buffer_append_text(&stuffed, ".");
	if (!error && repairing->terminated)
		error = buffer_append_text(&stuffed, end);
	buffer_free(&repairing->message);
	repairing->message = stuffed;
	return error;
}

static enum scan_code write_all(struct repairing *repairing, struct part parts[2])
{
	struct buffer text;
	buffer_init(&text, REPAIR_TEXT_MOST);
	int error = repairing->request->wire ? stuff(repairing) : 0;
	error = error ? error : repair_outcome_encode(&repairing->outcome, &text);
	const struct buffer *from[2] = {&repairing->message, &text};
	for (int i = 0; i < 2 && !error; i++) {
		const uint8_t *data = from[i]->data ? from[i]->data : (const uint8_t *)"";
		parts[i].size = from[i]->size;
		parts[i].written = parts[i].has_sha256 = true;
		error = digest_bytes(data, from[i]->size, parts[i].sha256);
		error = error ? error : room_write(&repairing->room, data, from[i]->size, &parts[i].offset);
	}
	buffer_free(&text);
	if (!error)
		return SCAN_CODE_NONE;
	(void)why_errno(&repairing->why, error, "the repaired message cannot be written");
	return error == -ENOMEM                      ? DEC_RESULT_OUT_OF_MEMORY
	       : error == -EFBIG || error == -ENOSPC ? DEC_RESULT_BUFFER_SIZE_TOO_SMALL
						     : DEC_RESULT_TEMPFILE_ACCESS_FAILED;
}

/* The report of a repair: two parts, and that nobody scanned them. */
static int tell(const struct repairing *repairing, const struct part parts[2], const struct usage *usage)
{
	const struct observer *observer = repairing->observer;
	int error = observer->part(observer->context, &parts[0]);
	error = error ? error : observer->part(observer->context, &parts[1]);
	error = error ? error
		      : observer->code(observer->context, 0, AVS_RESULT_SCANNER_NOT_INITIALIZED, REPORT_WALKED_TEXT);
	return error ? error : observer->usage(observer->context, usage);
}

int repair(const struct request *request, const struct limits *limits, struct source *source, int message,
	   const struct observer *observer)
{
	struct repairing repairing = {.request = request, .observer = observer, .source = source};
	struct part parts[2] = {
		{.number = 0, .parent = REPORT_NO_PART, .id = (char[]){"0"}, .kind = PART_INPUT, .route = ROUTE_WALKED},
		{.number = 1, .parent = 0, .id = (char[]){"1"}, .kind = PART_BODY, .route = ROUTE_WALKED}};
	struct budget budget;
	budget_init(&budget, limits);
	repairing.room = (struct room){.fd = message, .at = request->message_size + request->orders_size};
	int error = observer->stage(observer->context, STAGE_EXTRACT, 0);
	if (error)
		return error;
	enum scan_code code = unfold(&repairing);
	uint64_t most = (uint64_t)source->size + REPAIR_GROWTH_MOST;
	buffer_init(&repairing.message, (size_t)(most < LIMITS_MESSAGE_MOST ? most : LIMITS_MESSAGE_MOST));
	if (!code)
		code = editor_run(source->data, source->size, &repairing.plan, request->repair, &budget,
				  &repairing.message, &repairing.outcome, &repairing.why);
	if (!code)
		code = write_all(&repairing, parts);
	error = code ? observer->code(observer->context, 0, code, repairing.why.text)
		     : tell(&repairing, parts, &budget.usage);
	buffer_free(&repairing.message);
	repair_plan_free(&repairing.plan);
	repair_outcome_free(&repairing.outcome);
	return error;
}
