/*
 * serve.h - starts the service: finds what was not named, opens log and sockets, runs the supervisor. Called by cmd/csapi-scanner.c.
 */
#ifndef CSAPI_CMD_SCANNER_SERVE_H
#define CSAPI_CMD_SCANNER_SERVE_H

#include "settings.h"

/* Serves until told to stop. The exit status of the program; trouble was told. */
int serve(const struct scanner_settings *settings);

#endif
