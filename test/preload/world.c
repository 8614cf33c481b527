/*
 * world.c - a preloaded library that tells programs of another world: of more room on a disk than there is, and of another time.
 *
 * CSAPI_WORLD_SPACE=plenty: every filesystem has a terabyte free by its own words. CSAPI_WORLD_CLOCK=FILE: the file holds the seconds that the
 * wall's clock is off, as eight digits and a sign at most; read anew for each question, so that a test sets the clock while a program runs, but in a worker,
 * who may open nothing. Clocks that only go forward are as they are. Used by test/torture.py.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define PLENTY ((uint64_t)1 << 40)

static const char *file;
static int64_t first;

/* Seconds; as the file says, or last said. */
static int64_t offset(void)
{
	char text[32] = "";
	int kept = errno;
	long fd = file ? syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC) : -1;
	if (fd >= 0) {
		if (syscall(SYS_read, fd, text, sizeof text - 1) > 0)
			first = strtoll(text, NULL, 10);
		(void)syscall(SYS_close, fd);
	}
	errno = kept;
	return first;
}

__attribute__((constructor)) static void start(void)
{
	file = getenv("CSAPI_WORLD_CLOCK");
	(void)offset();
	if (strcmp(program_invocation_short_name, "csapi-worker") == 0)
		file = NULL;
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
	long result = syscall(SYS_clock_gettime, clock, ret);
	if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		ret->tv_sec += offset();
	return (int)result;
}

time_t time(time_t *ret)
{
	struct timespec now = {0};
	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (ret)
		*ret = now.tv_sec;
	return now.tv_sec;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
	struct timespec now = {0};
	(void)zone;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	ret->tv_sec = now.tv_sec;
	ret->tv_usec = now.tv_nsec / 1000;
	return 0;
}

static int widen(const char *name, const void *of, int fd, struct statvfs *ret)
{
	void *function = dlsym(RTLD_NEXT, name);
	const char *space = getenv("CSAPI_WORLD_SPACE");
	int result;
	if (!function)
		abort();
	if (of)
		result = ((int (*)(const void *, struct statvfs *))function)(of, ret);
	else
		result = ((int (*)(int, struct statvfs *))function)(fd, ret);
	if (result == 0 && space && strcmp(space, "plenty") == 0)
		ret->f_bfree = ret->f_bavail = PLENTY / ret->f_frsize;
	return result;
}

int statvfs(const char *restrict path, struct statvfs *restrict ret)
{
	return widen("statvfs", path, -1, ret);
}

int fstatvfs(int fd, struct statvfs *ret)
{
	return widen("fstatvfs", NULL, fd, ret);
}
