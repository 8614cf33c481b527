/*
 * watch.c - from what lib/update reports to a line and a log; see watch.h.
 */
#include "watch.h"

#include "../progress_line.h"
#include "record.h"

#include <stdio.h>
#include <string.h>

#define MEBIBYTE 1048576.0

/* The steps for people. */
static const struct {
	const char *step, *text;
} steps[] = {
	{"fetch", "asking the mirrors"},    {"copy", "copying"},
	{"verify", "verifying signatures"}, {"load", "loading the new definitions for a test"},
	{"activate", "putting into use"},   {"reload", "the scanner loads them"},
};

static void take_step(void *context, const char *step)
{
	struct update_watch *watch = context;
	watch->step = step;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		if (strcmp(steps[i].step, step) == 0)
			watch->step = steps[i].text;
	log_write(LOG_LEVEL_DEBUG, "step: %s", watch->step);
	/* A step says nothing of itself for long, so its line comes at once where one is there already. */
	if (progress_line_due())
		progress_line_show(watch->step, NULL);
}

static void take_progress(void *context, const char *name, uint64_t got, uint64_t total)
{
	char text[128], bar[PROGRESS_LINE_BAR];
	(void)context;
	if (!progress_line_due())
		return;
	progress_line_bar(got, total, bar);
	if (total)
		(void)snprintf(text, sizeof text, "%s %.1f of %.1f MiB (%lld s)", bar, (double)got / MEBIBYTE,
			       (double)total / MEBIBYTE, (long long)progress_line_seconds());
	else
		(void)snprintf(text, sizeof text, "%.1f MiB (%lld s)", (double)got / MEBIBYTE,
			       (long long)progress_line_seconds());
	progress_line_show(text, name);
}

static void take_message(void *context, int level, const char *text)
{
	static const enum log_level levels[] = {LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG};
	const struct update_watch *watch = context;
	enum log_level log_level = levels[level < 0 ? 0 : level > 3 ? 3 : level];
	if (watch->shown && level <= watch->most)
		update_record_say(log_level, "%s", text);
	else
		log_write(log_level, "%s", text);
}

struct update_observer update_watch_observer(struct update_watch *watch)
{
	return (struct update_observer){
		.context = watch, .step = take_step, .progress = take_progress, .message = take_message};
}
