/*
 * clock.c - the forward-only clock and the wall's; see clock.h. Called by process, format and cmd.
 */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

int64_t clock_now_us(void)
{
	struct timespec now = {0};
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_now(void)
{
	return clock_now_us() / 1000;
}

int64_t clock_boot(void)
{
	struct timespec now = {0};
	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int clock_poll_timeout(int64_t deadline)
{
	if (deadline == CLOCK_NEVER)
		return -1;
	int64_t left = deadline - clock_now();
	if (left <= 0)
		return 0;
	return left > INT32_MAX ? INT32_MAX : (int)left;
}

int64_t clock_wall(void)
{
	return (int64_t)time(NULL);
}

void clock_text(int64_t wall, char *ret_text, size_t size)
{
	time_t seconds = (time_t)wall;
	struct tm parts;
	if (!gmtime_r(&seconds, &parts) || strftime(ret_text, size, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		(void)snprintf(ret_text, size, "%s", "");
}
