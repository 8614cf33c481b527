/*
 * command.h - asks something of the scanner that runs, and prints the answer. Called by cmd/csapi-scanner.c.
 */
#ifndef CSAPI_CMD_SCANNER_COMMAND_H
#define CSAPI_CMD_SCANNER_COMMAND_H

#include "settings.h"

/* Exit statuses of commands, those of serving included. 3 is what init scripts say of a service that does not run. */
enum {
	COMMAND_DONE = 0,
	COMMAND_REFUSED = 1, /* a reload: the old definitions stay */
	COMMAND_TROUBLE = 2,
	COMMAND_NOT_RUNNING = 3,
	COMMAND_NOT_READY = 4, /* status: it runs, and does not scan */
};

/* The exit status of the program; trouble was told. */
int command_run(const struct scanner_settings *settings);

#endif
