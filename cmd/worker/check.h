/*
 * check.h - a check of definitions in a process of its own; see scan/engine/check.h for what is checked.
 */
#ifndef CSAPI_CMD_WORKER_CHECK_H
#define CSAPI_CMD_WORKER_CHECK_H

#include "options.h"

/*
 * Writes one line (format/check_json.h) to `to`, whatever happens: the definitions are looked at by a child within walls, and if they kill it the line
 * says so and names the file. 0; -errno: it could not be written, or there was no memory.
 */
int worker_check(const struct worker_options *options, int to);

#endif
