/*
 * deadline.c - see deadline.h. Refuses to rely on anything but a timer and a write where nothing else moves any more.
 */
#include "deadline.h"

#include "base/clock.h"

#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

/* Seconds after the deadline in which those who see it may settle, write, and end a private scanner, which may take one. */
#define GRACE 2

static int64_t at = CLOCK_NEVER, allowed;
static int last_exit;

static void give_up(int signal)
{
	static const char text[] =
		"csapi-scan: nothing moved until the deadline; look what hangs, or allow more with --deadline\n";
	ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
	(void)written, (void)signal;
	_exit(last_exit);
}

int deadline_start(int64_t seconds, int exit_status)
{
	struct sigaction action = {.sa_handler = give_up};
	struct itimerval timer = {.it_value = {.tv_sec = (time_t)seconds + GRACE}};
	sigset_t alarms;
	at = clock_now() + seconds * 1000;
	allowed = seconds;
	last_exit = exit_status;
	/* Whoever started us may have blocked it. */
	(void)sigemptyset(&alarms);
	(void)sigaddset(&alarms, SIGALRM);
	if (sigaction(SIGALRM, &action, NULL) || sigprocmask(SIG_UNBLOCK, &alarms, NULL) ||
	    setitimer(ITIMER_REAL, &timer, NULL))
		return -errno;
	return 0;
}

int64_t deadline_at(void)
{
	return at;
}

bool deadline_passed(void)
{
	return clock_now() >= at;
}

int64_t deadline_or(int64_t seconds)
{
	int64_t then = clock_now() + seconds * 1000;
	return then < at ? then : at;
}

int64_t deadline_seconds(void)
{
	return allowed;
}
