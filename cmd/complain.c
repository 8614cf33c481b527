/*
 * complain.c - lines for people on standard error; see complain.h.
 */
#include "complain.h"

#include "base/fd.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MOST 8192 /* bytes before it is made visible: a path, and what is said of it */

static const char *name = "csapi";

void complain_as(const char *program)
{
	name = program;
}

void complain_list(const char *format, va_list arguments)
{
	char raw[LINE_MOST];
	(void)vsnprintf(raw, sizeof raw, format, arguments);
	char *visible = utf8_visible(raw), *line = NULL;
	/* One write a line, so that the lines of several programs on one terminal do not mix. */
	int size =
		asprintf(&line, "%s: %s\n", name, visible ? visible : "there is no memory left to say what happened");
	if (size > 0)
		(void)fd_write_all(STDERR_FILENO, line, (size_t)size);
	if (size >= 0)
		free(line);
	free(visible);
}

void complain(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	complain_list(format, arguments);
	va_end(arguments);
}

bool complain_printed(void)
{
	if (fflush(stdout) == 0)
		return true;
	complain("cannot write to standard output: %s", strerror(errno));
	return false;
}
