/*
 * progress.c - what the progress line of csapi-scan says; see progress.h.
 */
#include "progress.h"

#include "../progress_line.h"

#include <stdio.h>

#define TEXT_MAX 1024 /* bytes */

/* The line without the name, as plain text. */
static void compose(const struct progress *progress, char *ret_text, size_t size)
{
	char count[64] = "", reading[48] = "", infected[48] = "", bar[PROGRESS_LINE_BAR];
	progress_line_bar(progress->done, progress->total, bar);
	if (progress->total > 1)
		(void)snprintf(count, sizeof count, "%s %llu/%llu", bar, (unsigned long long)progress->done,
			       (unsigned long long)progress->total);
	else if (progress->total == 0)
		(void)snprintf(count, sizeof count, "%llu scanned", (unsigned long long)progress->done);
	if (progress->infected)
		(void)snprintf(infected, sizeof infected, ", %llu infected", (unsigned long long)progress->infected);
	if (progress->read)
		(void)snprintf(reading, sizeof reading, "reading, %.1f MiB", (double)progress->read / 1048576);
	const char *at = progress->read ? reading : progress->loading ? "loading definitions" : "scanning";
	(void)snprintf(ret_text, size, "%s%s%s%s (%lld s)", count, infected, count[0] ? ", " : "", at,
		       (long long)progress_line_seconds());
}

void progress_draw(const struct progress *progress)
{
	char text[TEXT_MAX];
	if (!progress_line_due())
		return;
	compose(progress, text, sizeof text);
	progress_line_show(text, progress->current);
}
