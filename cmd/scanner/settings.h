/*
 * settings.h - what the command line of csapi-scanner asks for.
 *
 * Texts are borrowed from the command line. Called by cmd/csapi-scanner.c.
 */
#ifndef CSAPI_CMD_SCANNER_SETTINGS_H
#define CSAPI_CMD_SCANNER_SETTINGS_H

#include "base/log.h"
#include "base/why.h"
#include "format/command_json.h"
#include "process/supervisor.h"

#include <stdbool.h>
#include <sys/types.h>

enum scanner_task { SCANNER_SERVE, SCANNER_COMMAND, SCANNER_HELP, SCANNER_VERSION };
enum scanner_format { SCANNER_TEXT, SCANNER_JSON, SCANNER_PROMETHEUS };

struct scanner_settings {
	enum scanner_task task;

	/* To serve. */
	struct supervisor_options supervisor; /* without listener, worker's user, and paths that were not said (NULL) */
	const char *listen;                   /* NULL: the sockets handed over, or the usual path */
	mode_t socket_mode;
	const char *log; /* as log_open takes it */
	enum log_level log_level;
	const char *user; /* NULL: the usual one */

	/* To command. */
	enum command command;
	const char *socket; /* NULL: where a scanner is expected */
	enum scanner_format format;
};

/* 0, or -EINVAL with why, which says what to write instead. */
int scanner_settings_read(int argc, char **argv, struct scanner_settings *ret_settings, struct why *why);

#endif
