/*
 * progress.c - the progress line; see progress.h. Refuses to write to anything but a terminal that can erase a line.
 */
#include "progress.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define APPEAR_AFTER 1000 /* milliseconds; a shorter scan would only flicker */
#define BAR_WIDTH    20   /* characters between the brackets */
#define TEXT_MAX     1024 /* bytes */

/* There is one standard error; -1: no progress line. */
static int64_t started = -1;
static int64_t drawn;
static bool visible;

void progress_start(void)
{
	const char *terminal = getenv("TERM");
	if (isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0)
		started = clock_now();
}

bool progress_running(void)
{
	return started >= 0;
}

static void bar(const struct progress *progress, char *ret_text, size_t size)
{
	char filled[BAR_WIDTH + 1];
	uint64_t cells = progress->done >= progress->total ? BAR_WIDTH : progress->done * BAR_WIDTH / progress->total;
	memset(filled, '.', BAR_WIDTH);
	memset(filled, '#', (size_t)cells);
	filled[BAR_WIDTH] = '\0';
	(void)snprintf(ret_text, size, "[%s] %llu/%llu", filled, (unsigned long long)progress->done,
		       (unsigned long long)progress->total);
}

/* The line without the name, as plain text. */
static void compose(const struct progress *progress, char *ret_text, size_t size)
{
	char count[64] = "", reading[48] = "", infected[48] = "";
	if (progress->total > 1)
		bar(progress, count, sizeof count);
	else if (progress->total == 0)
		(void)snprintf(count, sizeof count, "%llu scanned", (unsigned long long)progress->done);
	if (progress->infected)
		(void)snprintf(infected, sizeof infected, ", %llu infected", (unsigned long long)progress->infected);
	if (progress->read)
		(void)snprintf(reading, sizeof reading, "reading, %.1f MiB", (double)progress->read / 1048576);
	const char *at = progress->read ? reading : progress->loading ? "loading definitions" : "scanning";
	(void)snprintf(ret_text, size, "%s%s%s%s (%lld s)", count, infected, count[0] ? ", " : "", at,
		       (long long)(clock_now() - started) / 1000);
}

void progress_draw(const struct progress *progress)
{
	int64_t now = clock_now();
	if (started < 0 || now - started < APPEAR_AFTER || now - drawn < PROGRESS_TICK)
		return;
	struct winsize window = {0};
	size_t width = ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 1 ? window.ws_col - 1u : 79;
	char text[TEXT_MAX];
	compose(progress, text, sizeof text);
	char *name = progress->current ? utf8_visible(progress->current) : NULL;
	char whole[2 * TEXT_MAX];
	(void)snprintf(whole, sizeof whole, "%s%s%s", text, name ? " " : "", name ? name : "");
	/* Cut at a character; a name of wide ones may wrap, which only looks odd. */
	char *shown = utf8_clean(whole, strlen(whole), width);
	int size = snprintf(text, sizeof text, "\r%.900s\x1b[K", shown ? shown : "");
	if (size > 0)
		(void)fd_write_all(STDERR_FILENO, text, (size_t)size);
	visible = true;
	drawn = now;
	free(shown);
	free(name);
}

void progress_clear(void)
{
	if (!visible)
		return;
	(void)fd_write_all(STDERR_FILENO, "\r\x1b[K", 4);
	visible = false;
	drawn = 0;
}
