/*
 * settings.h - what the command line of csapi-scanner asks for.
 *
 * Texts are borrowed from the command line, and from the configuration in it. Called by cmd/csapi-scanner.c.
 */
#ifndef CSAPI_CMD_SCANNER_SETTINGS_H
#define CSAPI_CMD_SCANNER_SETTINGS_H

#include "base/log.h"
#include "base/why.h"
#include "format/command_json.h"
#include "format/config.h"
#include "process/supervisor.h"

#include <stdbool.h>
#include <sys/types.h>

enum scanner_task { SCANNER_SERVE, SCANNER_COMMAND, SCANNER_CHECK_CONFIG, SCANNER_HELP, SCANNER_VERSION };
enum scanner_format { SCANNER_TEXT, SCANNER_JSON, SCANNER_PROMETHEUS };

struct scanner_settings {
	enum scanner_task task;
	const char *config_path;              /* NULL: where one is looked for */
	const char *engine_name;              /* NULL: the first csapi engine */
	struct config config;                 /* empty unless it was read */
	bool configured;                      /* it was */
	const struct engine_settings *engine; /* of the configuration; NULL: it has none of our kind, or was not read */

	/* To serve. */
	struct supervisor_options supervisor; /* without listener, worker's user, and paths that were not said (NULL) */
	const char *listen;                   /* NULL: the sockets handed over, or the usual path */
	const char *usual_listen;             /* the configuration's; NULL: the usual path */
	bool one_worker;                      /* because the configuration does not set max_concurrency */
	mode_t socket_mode;
	const char *clamd_socket; /* NULL: none; likewise: */
	const char *clamd_listen;
	mode_t clamd_socket_mode;
	unsigned clamd_stream_max; /* bytes */
	const char *log;           /* as log_open takes it */
	enum log_level log_level;
	const char *user; /* NULL: the usual one */

	/* To command. */
	enum command command;
	const char *socket; /* NULL: where a scanner is expected */
	enum scanner_format format;
};

/* 0, or -EINVAL with why, which says what to write instead, or what is wrong with the configuration. scanner_settings_free it in any case. */
int scanner_settings_read(int argc, char **argv, struct scanner_settings *ret_settings, struct why *why);
void scanner_settings_free(struct scanner_settings *settings);

#endif
