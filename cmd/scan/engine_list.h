/*
 * engine_list.h - lists the engines that are configured (msys.av.engines of the mail server). Called by csapi-scan.c.
 */
#ifndef CSAPI_CMD_SCAN_ENGINE_LIST_H
#define CSAPI_CMD_SCAN_ENGINE_LIST_H

#include "settings.h"

/* Those that --engine names, else all: one record each, in the order in which they scan. Exit status of the program. */
int engine_list(const struct settings *settings);

#endif
