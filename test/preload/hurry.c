/*
 * hurry.c - a preloaded library that lets time pass faster for csapi-update --daemon, and sets the wall's clock wrong.
 *
 * CSAPI_HURRY=N: the clock that goes on while the machine sleeps runs N times as fast, and so do waits for signals.
 * CSAPI_WALL=SECONDS: the wall's clock is so far ahead (negative: behind). Used by test/update_daemon.bats.
 */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Those that it starts live in the usual time. */
static long number(const char *name)
{
	const char *text = getenv(name);
	return text && strcmp(program_invocation_short_name, "csapi-update") == 0 ? atol(text) : 0;
}

int clock_gettime(clockid_t id, struct timespec *ret_time)
{
	static int (*next)(clockid_t id, struct timespec * ret_time);
	if (!next)
		next = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	int result = next(id, ret_time);
	long rate = number("CSAPI_HURRY");
	if (result == 0 && id == CLOCK_BOOTTIME && rate) {
		long long nanoseconds = (ret_time->tv_sec % 1000000 * 1000000000LL + ret_time->tv_nsec) * rate;
		ret_time->tv_sec = nanoseconds / 1000000000;
		ret_time->tv_nsec = nanoseconds % 1000000000;
	}
	if (result == 0 && id == CLOCK_REALTIME)
		ret_time->tv_sec += number("CSAPI_WALL");
	return result;
}

time_t time(time_t *ret_time)
{
	struct timespec now;
	time_t seconds = clock_gettime(CLOCK_REALTIME, &now) == 0 ? now.tv_sec : -1;
	if (ret_time)
		*ret_time = seconds;
	return seconds;
}

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
	static int (*next)(struct pollfd * fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask);
	if (!next)
		next = (int (*)(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *))dlsym(RTLD_NEXT,
													  "ppoll");
	long rate = number("CSAPI_HURRY");
	struct timespec less;
	if (timeout && rate) {
		long long nanoseconds = (timeout->tv_sec * 1000000000LL + timeout->tv_nsec) / rate + 1;
		less = (struct timespec){.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
		timeout = &less;
	}
	return next(fds, count, timeout, mask);
}
