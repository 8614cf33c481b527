/*
 * filter.c - the message with its verdict in its header; see filter.h. Refuses to read mail any further than its lines: format/stamp.c does that.
 */
#include "filter.h"

#include "base/fd.h"
#include "format/stamp.h"
#include "format/verdict_header.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STEP (256u << 10)

static int to_output(void *context, const void *data, size_t size)
{
	(void)context;
	return fd_write_all(STDOUT_FILENO, data, size);
}

static ssize_t read_at(int message, char *data, off_t offset)
{
	ssize_t got;
	do
		got = pread(message, data, STEP, offset);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

/* Does the first line end in CRLF? 1, 0 (also when there is no line end), -errno. */
static int ends_in_crlf(int message, char *step)
{
	bool after_cr = false;
	off_t offset = 0;
	ssize_t got;
	while ((got = read_at(message, step, offset)) > 0) {
		const char *end = memchr(step, '\n', (size_t)got);
		if (end)
			return end > step ? end[-1] == '\r' : after_cr;
		after_cr = step[got - 1] == '\r';
		offset += got;
	}
	return (int)got;
}

static int pass(int message, char *step, const char *fields, bool crlf)
{
	struct stamp stamp;
	struct stamp_options options = {
		.prefix = VERDICT_HEADER_PREFIX, .fields = fields, .crlf = crlf, .sink = to_output};
	off_t offset = 0;
	ssize_t got;
	int error = 0;
	stamp_begin(&stamp, &options);
	while (!error && (got = read_at(message, step, offset)) != 0) {
		error = got < 0 ? (int)got : stamp_feed(&stamp, step, (size_t)got);
		offset += got;
	}
	return error ? error : stamp_end(&stamp);
}

int filter_write(int message, const struct verdict *verdict)
{
	static char step[STEP];
	int crlf = ends_in_crlf(message, step);
	if (crlf < 0)
		return crlf;
	char *fields = verdict_header_encode(verdict, crlf ? "\r\n" : "\n");
	int error = fields ? pass(message, step, fields, crlf) : -ENOMEM;
	free(fields);
	return error;
}
