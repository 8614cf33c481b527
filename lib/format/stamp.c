/*
 * stamp.c - header fields put into a message, and forged ones taken out; see stamp.h.
 *
 * Refuses to understand mail: what a field means is nothing to it. The header goes byte by byte, the body as it comes.
 */
#include "format/stamp.h"

#include <assert.h>
#include <string.h>

static const char from_line[] = "From ";

void stamp_begin(struct stamp *ret_stamp, const struct stamp_options *options)
{
	assert(strlen(options->prefix) < STAMP_HOLD && sizeof from_line < STAMP_HOLD);
	*ret_stamp = (struct stamp){.options = *options, .line_begins = true, .blank = true};
}

static int flush(struct stamp *stamp)
{
	size_t size = stamp->used;
	stamp->used = 0;
	return size ? stamp->options.sink(stamp->options.context, stamp->room, size) : 0;
}

static int put(struct stamp *stamp, const char *data, size_t size)
{
	int error = 0;
	if (size > STAMP_ROOM - stamp->used)
		error = flush(stamp);
	if (error)
		return error;
	if (size > STAMP_ROOM)
		return stamp->options.sink(stamp->options.context, data, size);
	memcpy(stamp->room + stamp->used, data, size);
	stamp->used += size;
	return 0;
}

/* It was no name of the family. */
static int let_go(struct stamp *stamp)
{
	size_t held = stamp->held;
	stamp->matching = false;
	stamp->held = 0;
	return put(stamp, stamp->hold, held);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The first byte of a line. A line folded under a field that is dropped goes with it, its end too. */
static void begin_line(struct stamp *stamp, char c)
{
	if (stamp->dropping && (c == ' ' || c == '\t')) {
		stamp->keep_end = false;
		return;
	}
	stamp->dropping = false;
	stamp->matching = true;
	stamp->keep_end = !stamp->line_begins;
}

/* Holds bytes back while they may become a name of the family. 0 or the sink's error; *ret_taken: `c` needs nothing more. */
static int match(struct stamp *stamp, char c, bool *ret_taken)
{
	const char *prefix = stamp->options.prefix;
	*ret_taken = lower(c) == lower(prefix[stamp->held]);
	if (!*ret_taken)
		return let_go(stamp);
	stamp->hold[stamp->held++] = c;
	if (prefix[stamp->held] == '\0') {
		stamp->held = 0;
		stamp->matching = false;
		stamp->dropping = true;
	}
	return 0;
}

/* Keeps account of the end of the header. */
static void count_end(struct stamp *stamp, char c)
{
	if (c == '\n' && stamp->blank && stamp->after_cr == stamp->options.crlf)
		stamp->state = STAMP_BODY;
	if (c == '\n')
		stamp->blank = true;
	else if (c != '\r' || !stamp->line_begins)
		stamp->blank = false;
	stamp->line_begins = c == '\n';
	stamp->after_cr = c == '\r';
}

static int step_header(struct stamp *stamp, char c)
{
	bool taken = false;
	int error = 0;
	if (stamp->line_begins || (stamp->after_cr && c != '\n'))
		begin_line(stamp, c);
	if (stamp->matching)
		error = match(stamp, c, &taken);
	if (!error && !taken && !stamp->dropping)
		error = put(stamp, &c, 1);
	else if (!error && c == '\n' && stamp->keep_end)
		error = stamp->after_cr ? put(stamp, "\r\n", 2) : put(stamp, "\n", 1);
	count_end(stamp, c);
	return error;
}

/* The fields go here. */
static int enter_header(struct stamp *stamp)
{
	stamp->state = STAMP_HEADER;
	return put(stamp, stamp->options.fields, strlen(stamp->options.fields));
}

/* No "From " line: what was held back is header. */
static int leave_first(struct stamp *stamp)
{
	char hold[STAMP_HOLD];
	size_t held = stamp->held;
	memcpy(hold, stamp->hold, held);
	stamp->held = 0;
	int error = enter_header(stamp);
	for (size_t i = 0; !error && i < held; i++)
		error = step_header(stamp, hold[i]);
	return error;
}

static int step_first(struct stamp *stamp, char c)
{
	if (c != from_line[stamp->held]) {
		int error = leave_first(stamp);
		return error ? error : step_header(stamp, c);
	}
	stamp->hold[stamp->held++] = c;
	if (from_line[stamp->held])
		return 0;
	stamp->state = STAMP_FROM;
	return let_go(stamp);
}

static int step(struct stamp *stamp, char c)
{
	if (stamp->state == STAMP_FIRST)
		return step_first(stamp, c);
	if (stamp->state == STAMP_HEADER)
		return step_header(stamp, c);
	int error = put(stamp, &c, 1);
	return error || c != '\n' ? error : enter_header(stamp);
}

int stamp_feed(struct stamp *stamp, const void *data, size_t size)
{
	const char *bytes = data;
	size_t at = 0;
	int error = 0;
	while (!error && at < size && stamp->state != STAMP_BODY)
		error = step(stamp, bytes[at++]);
	return error || at == size ? error : put(stamp, bytes + at, size - at);
}

int stamp_end(struct stamp *stamp)
{
	int error = 0;
	if (stamp->state == STAMP_FIRST)
		error = leave_first(stamp);
	else if (stamp->state == STAMP_FROM) /* a line without an end: the fields must not become part of it */
		error = put(stamp, "\n", 1);
	if (!error && stamp->state == STAMP_FROM)
		error = enter_header(stamp);
	if (!error)
		error = let_go(stamp);
	return error ? error : flush(stamp);
}
