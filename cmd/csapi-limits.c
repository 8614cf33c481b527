/*
 * csapi-limits.c - csapi-limits(1): the limits in force and where they come from, and how much of them a message takes.
 *
 * Messages are taken apart in the worker of a scanner without an engine, so nothing is scanned here and nothing called clean. Links no
 * parser of messages. The work is in cmd/limits/.
 */
#include "./limits/force.h"
#include "./limits/measure.h"
#include "./limits/options.h"
#include "./limits/output.h"
#include "./limits/settings.h"
#include "base/version.h"
#include "complain.h"
#include "config_print.h"
#include "format/json_memory.h"
#include "standard.h"

#include <signal.h>
#include <stdio.h>

#define EXIT_TROUBLE 2

static int help(void)
{
	(void)fputs("Usage: csapi-limits [OPTION]...\n"
		    "       csapi-limits [OPTION]... [--] MESSAGE...\n"
		    "Tells the limits in force and where each comes from; with MESSAGE (- is standard\n"
		    "input) how much of them it takes, without scanning it. An option for a limit\n"
		    "takes the place of the one in force.\n"
		    "Exit status: 0 fits, 1 exceeds a limit, 2 error, 3 fits as far as it could be\n"
		    "opened.\n",
		    stdout);
	option_help(stdout, limits_options, LIMITS_OPTION_COUNT);
	return complain_printed() ? 0 : EXIT_TROUBLE;
}

static int version(void)
{
	(void)puts("csapi-limits " CSAPI_VERSION);
	return complain_printed() ? 0 : EXIT_TROUBLE;
}

static int tell(const struct limits_settings *settings)
{
	struct force force;
	struct why why = {""};
	int status = EXIT_TROUBLE;
	output_start(settings);
	if (force_find(settings, &force, &why))
		complain("%s", why.text);
	else if (settings->message_count)
		status = measure_all(settings, &force);
	else if (output_write(settings, &force.in_force, NULL))
		status = 0;
	/* A document holds it. */
	if (status != EXIT_TROUBLE && settings->message_count && settings->format == LIMITS_TEXT && force.note.text[0])
		complain("%s", force.note.text);
	force_free(&force);
	return status;
}

static int act(const struct limits_settings *settings)
{
	switch (settings->task) {
	case LIMITS_HELP:
		return help();
	case LIMITS_OWN:
		return version();
	case LIMITS_CHECK_CONFIG:
		return config_print(&settings->config);
	default:
		return tell(settings);
	}
}

int main(int argc, char **argv)
{
	complain_as("csapi-limits");
	json_memory_guard();
	if (!standard_keep())
		return EXIT_TROUBLE;
	(void)signal(SIGPIPE, SIG_IGN);
	struct limits_settings settings;
	struct why why = {""};
	int status = EXIT_TROUBLE;
	if (limits_settings_read(argc, argv, &settings, &why))
		complain("%s", why.text);
	else
		status = act(&settings);
	limits_settings_free(&settings);
	return status;
}
