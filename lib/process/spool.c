/*
 * spool.c - copies an input into a sealed memfd; see spool.h.
 *
 * Refuses to trust what a file says of its size (files in /proc say 0), and to wait for ever.
 */
#include "process/spool.h"

#include "base/clock.h"
#include "base/fd.h"
#include "verdict/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP    (256u << 10) /* bytes a read: enough that system calls do not show */
#define TICK_MS 100

/* Waits until `fd` has bytes or its end. 1; 0 at the deadline; -errno. Ticks meanwhile. */
static int wait_readable(int fd, int64_t deadline, const struct spool_options *options, uint64_t bytes)
{
	for (;;) {
		int timeout = clock_poll_timeout(deadline);
		if (options && options->tick && (timeout < 0 || timeout > TICK_MS))
			timeout = TICK_MS;
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
		int ready = poll(&poll_fd, 1, timeout);
		if (ready < 0 && errno != EINTR)
			return -errno;
		if (ready > 0)
			return poll_fd.revents & POLLNVAL ? -EBADF : 1;
		if (clock_now() >= deadline)
			return 0;
		if (options && options->tick)
			options->tick(options->context, bytes);
	}
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t deadline_of(const struct spool_options *options)
{
	return options->deadline ? options->deadline : CLOCK_NEVER;
}

static bool passed(const struct spool_options *options)
{
	return clock_now() >= deadline_of(options);
}

/* Nothing came in time. */
static enum scan_code too_late(const struct spool_options *options, struct why *why)
{
	if (passed(options))
		(void)why_set(why, 0, "the input did not end within the deadline of %lld s",
			      (long long)options->deadline_seconds);
	else
		(void)why_set(why, 0, "no byte came for %lld s%s%s", (long long)(options->silence_ms / 1000),
			      options->advice ? "; " : "", options->advice ? options->advice : "");
	return DEC_RESULT_CONTAINER_ACCESS_FAILED;
}

/* One read. Bytes; 0 at the end; -EAGAIN when it should be asked again; -errno. */
static ssize_t read_some(int fd, void *data, size_t size)
{
	ssize_t got = read(fd, data, size);
	return got >= 0 ? got : errno == EINTR ? -EAGAIN : -errno;
}

/*
 * A write beyond RLIMIT_FSIZE must be an error here, not the end of the program. The signal comes to this thread alone: it is held back,
 * taken away if it came, and nobody else sees anything of it.
 */
static int write_copy(int copy, const void *data, size_t size)
{
	static const struct timespec at_once = {0};
	sigset_t signals, before, pending;
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGXFSZ);
	bool waiting = sigpending(&pending) == 0 && sigismember(&pending, SIGXFSZ) == 1;
	bool held = pthread_sigmask(SIG_BLOCK, &signals, &before) == 0;
	int error = fd_write_all(copy, data, size);
	if (error == -EFBIG && held && !waiting)
		(void)sigtimedwait(&signals, NULL, &at_once);
	if (held)
		(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

static enum scan_code copy_all(int fd, int copy, uint8_t *step, const struct spool_options *options, struct why *why)
{
	uint64_t bytes = 0;
	for (;;) {
		int64_t until = earlier(clock_now() + options->silence_ms, deadline_of(options));
		/* The deadline is asked here too: an endless input is always readable. */
		int ready = passed(options) ? 0 : wait_readable(fd, until, options, bytes);
		if (ready == 0)
			return too_late(options, why);
		ssize_t got = ready < 0 ? ready : read_some(fd, step, STEP);
		if (got == -EAGAIN)
			continue;
		if (got == 0)
			return SCAN_CODE_NONE;
		if (got < 0) {
			(void)why_errno(why, (int)got, "cannot read");
			return DEC_RESULT_CONTAINER_ACCESS_FAILED;
		}
		bytes += (uint64_t)got;
		if (bytes > LIMITS_MESSAGE_MOST)
			return DEC_RESULT_FILE_SIZE_TOO_LARGE;
		int error = write_copy(copy, step, (size_t)got);
		if (error) {
			(void)why_errno(why, error, "cannot hold a copy of the message in memory");
			return GEN_RESULT_OUT_OF_MEMORY;
		}
		if (options->tick)
			options->tick(options->context, bytes);
	}
}

static int new_copy(struct why *why)
{
	int copy = fd_raise(memfd_create("csapi-message", MFD_CLOEXEC | MFD_ALLOW_SEALING));
	if (copy < 0)
		(void)why_errno(why, errno, "cannot hold a copy of the message in memory");
	return copy;
}

/* Nobody, ourselves included, can change it from here on. */
static enum scan_code seal(int copy, struct why *why)
{
	if (fcntl(copy, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0)
		return SCAN_CODE_NONE;
	(void)why_errno(why, errno, "cannot seal the copy of the message");
	return GEN_RESULT_OUT_OF_MEMORY;
}

/* A regular file at its start that is better passed than copied: large, and small enough to be scanned at all. */
static bool passed_as_it_is(int fd, const struct stat *status)
{
	return S_ISREG(status->st_mode) && status->st_size > (off_t)SPOOL_COPY_MOST && lseek(fd, 0, SEEK_CUR) == 0;
}

enum scan_code spool(int fd, const struct spool_options *options, int *ret_fd, struct why *why)
{
	struct stat status;
	if (fstat(fd, &status) < 0) {
		(void)why_errno(why, errno, "cannot read");
		return DEC_RESULT_CONTAINER_ACCESS_FAILED;
	}
	if (!options->copy_all && passed_as_it_is(fd, &status)) {
		if (status.st_size > (off_t)LIMITS_MESSAGE_MOST)
			return DEC_RESULT_FILE_SIZE_TOO_LARGE;
		*ret_fd = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		if (*ret_fd >= 0)
			return SCAN_CODE_NONE;
		(void)why_errno(why, errno, "cannot read");
		return DEC_RESULT_CONTAINER_ACCESS_FAILED;
	}
	int copy = new_copy(why);
	if (copy < 0)
		return GEN_RESULT_OUT_OF_MEMORY;
	uint8_t *step = malloc(STEP);
	if (!step)
		(void)why_errno(why, -ENOMEM, "cannot read");
	enum scan_code code = step ? copy_all(fd, copy, step, options, why) : GEN_RESULT_OUT_OF_MEMORY;
	free(step);
	if (!code)
		code = seal(copy, why);
	if (code)
		fd_close(&copy);
	*ret_fd = copy;
	return code;
}

enum scan_code spool_bytes(const void *data, size_t size, int *ret_fd, struct why *why)
{
	*ret_fd = -1;
	if (size > LIMITS_MESSAGE_MOST)
		return DEC_RESULT_FILE_SIZE_TOO_LARGE;
	int copy = new_copy(why);
	int error = copy < 0 ? -ENOMEM : write_copy(copy, data, size);
	if (copy >= 0 && error)
		(void)why_errno(why, error, "cannot hold a copy of the message in memory");
	enum scan_code code = error ? GEN_RESULT_OUT_OF_MEMORY : seal(copy, why);
	if (code)
		fd_close(&copy);
	*ret_fd = copy;
	return code;
}

enum scan_code spool_begin(int *ret_fd, struct why *why)
{
	*ret_fd = new_copy(why);
	return *ret_fd < 0 ? GEN_RESULT_OUT_OF_MEMORY : SCAN_CODE_NONE;
}

enum scan_code spool_end(int fd, struct why *why)
{
	return seal(fd, why);
}

void spool_drain(int fd, int64_t deadline)
{
	uint8_t step[16384];
	ssize_t got = 1;
	while (got > 0 || got == -EAGAIN) {
		/* The deadline is asked here too: an endless input is always readable. */
		if (clock_now() >= deadline || wait_readable(fd, deadline, NULL, 0) <= 0)
			return;
		got = read_some(fd, step, sizeof step);
	}
}
