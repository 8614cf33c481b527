/*
 * signals.c - flags that signals set; see signals.h. Refuses to do anything else in a handler.
 */
#include "signals.h"

#include "base/clock.h"

#include <poll.h>
#include <time.h>

#define SLICE_MS 60000 /* the clock of ppoll(2) stands still while the machine sleeps */

volatile sig_atomic_t update_signals_stop;
volatile sig_atomic_t update_signals_reread;
volatile sig_atomic_t update_signals_now;

static void stop(int number)
{
	(void)number;
	update_signals_stop = 1;
}

static void reread(int number)
{
	(void)number;
	update_signals_reread = 1;
}

static void now(int number)
{
	(void)number;
	update_signals_now = 1;
}

static void handle(int number, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler};
	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(number, &action, NULL);
}

void update_signals_install(bool daemon)
{
	handle(SIGTERM, stop);
	handle(SIGINT, stop);
	handle(SIGHUP, daemon ? reread : stop);
	if (daemon)
		handle(SIGUSR1, now);
	/* Who reads our lines may have gone; the write says so. */
	handle(SIGPIPE, SIG_IGN);
}

bool update_signals_wait(int64_t until)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
	sigset_t blocked, before;
	(void)sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		(void)sigaddset(&blocked, numbers[i]);
	/* Blocked but inside of ppoll(2): none comes between the look at the flags and the wait. */
	(void)sigprocmask(SIG_BLOCK, &blocked, &before);
	int64_t left = until - clock_boot();
	while (left > 0 && !update_signals_stop && !update_signals_reread && !update_signals_now) {
		int64_t slice = left < SLICE_MS ? left : SLICE_MS;
		struct timespec wait = {.tv_sec = slice / 1000, .tv_nsec = slice % 1000 * 1000000};
		(void)ppoll(NULL, 0, &wait, &before);
		left = until - clock_boot();
	}
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return left <= 0;
}
