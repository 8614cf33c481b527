/*
 * output.c - limits and measurements on standard output; see output.h. Refuses to colour what is no terminal's.
 */
#include "output.h"

#include "../complain.h"
#include "../progress_line.h"
#include "format/limits_text.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_MOST 10000

static struct limits_text_options options;
static bool written; /* something, so that a blank line keeps the next apart */

/* COLUMNS, as everywhere, before what the terminal says; 0: no terminal. */
static unsigned width(void)
{
	struct winsize size = {0};
	const char *columns = getenv("COLUMNS");
	if (columns && *columns && strspn(columns, "0123456789") == strlen(columns)) {
		unsigned long wanted = strtoul(columns, NULL, 10);
		return wanted < WIDTH_MOST ? (unsigned)wanted : 0;
	}
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* Colours for people at a terminal who did not refuse them (no-color.org). */
static bool colored(void)
{
	const char *refused = getenv("NO_COLOR"), *terminal = getenv("TERM");
	return isatty(STDOUT_FILENO) && !(refused && refused[0]) && terminal && strcmp(terminal, "dumb") != 0;
}

void output_start(const struct limits_settings *settings)
{
	/* For the characters alone: numbers stay as they are in documents. */
	(void)setlocale(LC_CTYPE, "");
	options = (struct limits_text_options){
		.width = width(),
		.color = colored(),
		.ascii = settings->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0,
		.all_parts = settings->all_parts,
	};
}

static char *encode(const struct limits_settings *settings, const struct limits_in_force *in_force,
		    const struct measurement *measurement)
{
	switch (settings->format) {
	case LIMITS_JSON:
		return limits_json_encode(in_force, measurement);
	case LIMITS_CONFIG:
		return limits_text_config(in_force);
	default:
		return measurement ? limits_text_message(in_force, measurement, &options)
				   : limits_text_encode(in_force, &options);
	}
}

bool output_write(const struct limits_settings *settings, const struct limits_in_force *in_force,
		  const struct measurement *measurement)
{
	char *text = encode(settings, in_force, measurement);
	if (!text) {
		complain("there is no memory left to tell the limits");
		return false;
	}
	progress_line_clear();
	bool json = settings->format == LIMITS_JSON;
	(void)printf("%s%s%s", written && !json ? "\n" : "", text, json ? "\n" : "");
	written = true;
	free(text);
	return complain_printed();
}
