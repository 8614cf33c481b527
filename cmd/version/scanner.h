/*
 * scanner.h - what a running scanner has loaded, beside what is on disk. Called by cmd/csapi-version.c.
 */
#ifndef CSAPI_CMD_VERSION_SCANNER_H
#define CSAPI_CMD_VERSION_SCANNER_H

#include "verdict/version.h"

/* Fills scanner of `version`, whose definitions are known; some seconds at most. `socket` NULL: where one is expected. */
void scanner_ask(const char *socket, struct version *version);

#endif
