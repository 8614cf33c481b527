/*
 * source.c - the message as bytes in memory; see source.h.
 *
 * Refuses what is no file, what cannot be read, and what is larger than LIMITS_MESSAGE_MOST. Called by decompose.
 */
#include "scan/source.h"

#include "verdict/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOURCE_FIRST 65536u /* room to start with where the size is not known */

struct reader {
	int fd;
	bool positioned; /* by pread(2), so that nobody else's offset matters */
	struct source *source;
	size_t room;
};

static int fail_memory(enum scan_code *ret_code, struct why *why)
{
	*ret_code = DEC_RESULT_OUT_OF_MEMORY;
	return why_set(why, -ENOMEM, "no memory for the message");
}

static int fail_large(enum scan_code *ret_code, struct why *why)
{
	*ret_code = DEC_RESULT_FILE_SIZE_TOO_LARGE;
	return why_set(why, -EFBIG, "the message is larger than %u bytes", LIMITS_MESSAGE_MOST);
}

/* Room for `room` bytes and the NUL behind them. */
static int reader_grow(struct reader *reader, size_t room)
{
	uint8_t *data = realloc(reader->source->data, room + 1);
	if (!data)
		return -ENOMEM;
	reader->source->data = data;
	reader->room = room;
	return 0;
}

/* One read, waited for where the descriptor does not block. Bytes, 0 at the end, or -errno. */
static ssize_t reader_step(struct reader *reader, void *data, size_t size)
{
	for (;;) {
		ssize_t count = reader->positioned ? pread(reader->fd, data, size, (off_t)reader->source->size)
						   : read(reader->fd, data, size);
		if (count >= 0)
			return count;
		if (errno == ESPIPE && reader->positioned) {
			reader->positioned = false; /* some files of /proc and /sys */
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			struct pollfd poller = {.fd = reader->fd, .events = POLLIN};
			if (poll(&poller, 1, -1) < 0 && errno != EINTR)
				return -errno;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
}

static int reader_run(struct reader *reader, enum scan_code *ret_code, struct why *why)
{
	struct source *source = reader->source;
	for (;;) {
		uint8_t over; /* full: is there one more byte? A known size then costs no second allocation */
		bool full = source->size == reader->room;
		ssize_t count = full ? reader_step(reader, &over, 1)
				     : reader_step(reader, source->data + source->size, reader->room - source->size);
		if (count < 0) {
			*ret_code = DEC_RESULT_CONTAINER_ACCESS_FAILED;
			return why_errno(why, (int)count, "cannot read the message");
		}
		if (count == 0)
			return 0;
		if (full) {
			if (source->size >= LIMITS_MESSAGE_MOST)
				return fail_large(ret_code, why);
			size_t room = reader->room < SOURCE_FIRST ? SOURCE_FIRST : reader->room * 2;
			if (reader_grow(reader, room < LIMITS_MESSAGE_MOST ? room : LIMITS_MESSAGE_MOST))
				return fail_memory(ret_code, why);
			source->data[source->size] = over;
		}
		source->size += (size_t)count;
	}
}

int source_read(int fd, struct source *ret_source, enum scan_code *ret_code, struct why *why)
{
	struct source source = {0};
	struct reader reader = {.fd = fd, .source = &source};
	struct stat status;
	int error = 0;
	*ret_code = SCAN_CODE_NONE;
	if (fstat(fd, &status))
		error = -errno;
	else if (S_ISDIR(status.st_mode))
		error = -EISDIR;
	if (error) {
		*ret_code = DEC_RESULT_CONTAINER_ACCESS_FAILED;
		return why_errno(why, error, "cannot read the message");
	}
	reader.positioned = S_ISREG(status.st_mode);
	if (reader.positioned && status.st_size > (off_t)LIMITS_MESSAGE_MOST)
		return fail_large(ret_code, why);
	bool known = reader.positioned && status.st_size > 0;
	if (reader_grow(&reader, known ? (size_t)status.st_size : SOURCE_FIRST))
		return fail_memory(ret_code, why);
	error = reader_run(&reader, ret_code, why);
	if (error) {
		source_free(&source);
		return error;
	}
	/* The room not used goes back; where even that fails the larger one stays. */
	reader_grow(&reader, source.size);
	source.data[source.size] = 0;
	*ret_source = source;
	return 0;
}

/* The offset behind the line end that precedes the next line with a dot in front; `size` if there is none. */
static size_t dot_find(const uint8_t *data, size_t size, size_t from)
{
	while (from < size) {
		const uint8_t *end = memchr(data + from, '\n', size - from);
		if (!end)
			return size;
		from = (size_t)(end - data) + 1;
		if (from < size && data[from] == '.')
			return from;
	}
	return size;
}

/* Is the dot at `at` all that stands on its line? */
static bool dot_is_alone(const uint8_t *data, size_t size, size_t at)
{
	if (at + 1 == size || data[at + 1] == '\n')
		return true;
	return at + 2 < size && data[at + 1] == '\r' && data[at + 2] == '\n';
}

void source_unstuff(struct source *source)
{
	uint8_t *data = source->data;
	size_t size = source->size;
	size_t out = 0;
	/* `at` is always a dot at the start of a line, or the end. */
	size_t at = size && data[0] == '.' ? 0 : dot_find(data, size, 0);
	out = at;
	while (at < size && !dot_is_alone(data, size, at)) {
		size_t next = dot_find(data, size, at + 1);
		memmove(data + out, data + at + 1, next - at - 1);
		out += next - at - 1;
		at = next;
	}
	source->size = out;
	data[out] = 0;
}

void source_free(struct source *source)
{
	free(source->data);
	*source = (struct source){0};
}
