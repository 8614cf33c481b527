/*
 * progress_line.c - the line on the terminal; see progress_line.h. Refuses to write to anything but a terminal that can erase a line.
 */
#include "progress_line.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define APPEAR_AFTER 1000                    /* milliseconds; what is shorter would only flicker */
#define BAR_WIDTH    (PROGRESS_LINE_BAR - 3) /* characters between the brackets */
#define TEXT_MAX     1024                    /* bytes */

/* There is one standard error; -1: no progress line. */
static int64_t started = -1;
static int64_t drawn;
static bool visible;

void progress_line_start(void)
{
	const char *terminal = getenv("TERM");
	if (isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0)
		started = clock_now();
}

bool progress_line_running(void)
{
	return started >= 0;
}

bool progress_line_due(void)
{
	int64_t now = clock_now();
	return started >= 0 && now - started >= APPEAR_AFTER && now - drawn >= PROGRESS_LINE_TICK;
}

int64_t progress_line_seconds(void)
{
	return (clock_now() - started) / 1000;
}

void progress_line_bar(uint64_t done, uint64_t total, char ret_bar[PROGRESS_LINE_BAR])
{
	/* Divided first where the product would not fit. */
	uint64_t cells = done >= total                    ? BAR_WIDTH
			 : total > UINT64_MAX / BAR_WIDTH ? done / (total / BAR_WIDTH)
							  : done * BAR_WIDTH / total;
	ret_bar[0] = '[';
	memset(ret_bar + 1, '.', BAR_WIDTH);
	memset(ret_bar + 1, '#', (size_t)cells);
	ret_bar[BAR_WIDTH + 1] = ']';
	ret_bar[BAR_WIDTH + 2] = '\0';
}

void progress_line_show(const char *text, const char *name)
{
	struct winsize window = {0};
	if (started < 0)
		return;
	size_t width = ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 1 ? window.ws_col - 1u : 79;
	char *tail = name ? utf8_visible(name) : NULL;
	char whole[2 * TEXT_MAX], line[TEXT_MAX];
	(void)snprintf(whole, sizeof whole, "%s%s%s", text, tail ? " " : "", tail ? tail : "");
	/* Cut at a character; a name of wide ones may wrap, which only looks odd. */
	char *shown = utf8_clean(whole, strlen(whole), width);
	int size = snprintf(line, sizeof line, "\r%.900s\x1b[K", shown ? shown : "");
	if (size > 0)
		(void)fd_write_all(STDERR_FILENO, line, (size_t)size);
	visible = true;
	drawn = clock_now();
	free(shown);
	free(tail);
}

void progress_line_clear(void)
{
	if (!visible)
		return;
	(void)fd_write_all(STDERR_FILENO, "\r\x1b[K", 4);
	visible = false;
	drawn = 0;
}
