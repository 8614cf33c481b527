/*
 * csapi-scanner.c - csapi-scanner(8): the external scanner, and what is asked of one that runs.
 *
 * Links no parser of messages and reads none. Serves all who may connect to its socket, or the csapi-scan that started it over a
 * socket of its own (maybe by a wrapper that adds options). The work is in cmd/scanner/.
 */
#include "./scanner/command.h"
#include "./scanner/options.h"
#include "./scanner/serve.h"
#include "./scanner/settings.h"
#include "base/version.h"
#include "complain.h"
#include "config_print.h"
#include "format/json_memory.h"
#include "standard.h"

#include <stdio.h>

static int help(void)
{
	(void)fputs("Usage: csapi-scanner [OPTION]...\n"
		    "       csapi-scanner COMMAND [--socket=PATH] [--format=FORMAT]\n"
		    "The first form serves in the foreground: it loads the definitions once, and\n"
		    "scans what csapi-scan hands over, in isolated workers. The second asks something\n"
		    "of a scanner that runs.\n"
		    "Exit status: 0 done, 1 reload refused, 2 error, 3 not running, 4 not ready.\n"
		    "\nCommands:\n",
		    stdout);
	for (size_t i = 0; i < sizeof scanner_commands / sizeof *scanner_commands; i++)
		(void)printf("  %-8s %s\n", command_word(scanner_commands[i].command), scanner_commands[i].text);
	option_help(stdout, scanner_options, SCANNER_OPTION_COUNT);
	return complain_printed() ? COMMAND_DONE : COMMAND_TROUBLE;
}

static int act(const struct scanner_settings *settings)
{
	switch (settings->task) {
	case SCANNER_HELP:
		return help();
	case SCANNER_VERSION:
		(void)puts("csapi-scanner " CSAPI_VERSION);
		return complain_printed() ? COMMAND_DONE : COMMAND_TROUBLE;
	case SCANNER_COMMAND:
		return command_run(settings);
	case SCANNER_CHECK_CONFIG:
		return config_print(&settings->config);
	default:
		return serve(settings);
	}
}

int main(int argc, char **argv)
{
	json_memory_guard();
	if (!standard_keep())
		return COMMAND_TROUBLE;
	complain_as("csapi-scanner");
	struct scanner_settings settings;
	struct why why = {""};
	int status = COMMAND_TROUBLE;
	if (scanner_settings_read(argc, argv, &settings, &why))
		complain("%s", why.text);
	else
		status = act(&settings);
	scanner_settings_free(&settings);
	return status;
}
