/*
 * message.c - what libclamav says while it works; see message.h. Called by engine.c and definitions.c.
 */
#include "scan/engine/message.h"

#include "scan/engine/alert.h"

#include <clamav.h>
#include <stdio.h>
#include <string.h>

static char last[400];
static enum cl_msg last_severity;
static struct engine_result *sink;

static void keep(enum cl_msg severity, const char *message)
{
	/* The first error is the cause; what follows it ("Can't load ...") only passes it on. */
	if (severity < CL_MSG_WARN || (last[0] && last_severity >= severity))
		return;
	last_severity = severity;
	(void)snprintf(last, sizeof last, "%s", message);
	last[strcspn(last, "\n")] = '\0';
}

/* A copy of a message with "..." for each path: names of temporary files differ from run to run, and tell nothing. */
static void without_paths(char *to, size_t room, const char *message)
{
	size_t used = 0;
	for (const char *at = message; *at && used + 4 < room; at++) {
		if (*at != '/' || (at > message && at[-1] != ' ' && at[-1] != '\'')) {
			to[used++] = *at;
			continue;
		}
		memcpy(to + used, "...", 3);
		used += 3;
		at += strcspn(at, " :'\n") - 1;
	}
	to[used] = '\0';
}

static void receive(enum cl_msg severity, const char *full, const char *message, void *context)
{
	(void)full;
	(void)context;
	keep(severity, message);
	if (!sink)
		return;
	enum scan_code code = SCAN_CODE_NONE;
	if (severity >= CL_MSG_ERROR)
		code = alert_error_code(message);
	else if (severity >= CL_MSG_WARN)
		code = alert_warning_code(message);
	if (!code)
		return;
	char text[256];
	without_paths(text, sizeof text, message);
	alert_add(sink, code, text);
}

void message_capture(void)
{
	cl_set_clcb_msg(receive);
}

void message_sink(struct engine_result *result)
{
	sink = result;
}

const char *message_last(void)
{
	return last;
}

void message_forget(void)
{
	last[0] = '\0';
}
