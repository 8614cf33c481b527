/*
 * filter.h - a message written to standard output as it came, with its verdict in its header (--format=filter).
 *
 * Called by verdict.c.
 */
#ifndef CSAPI_CMD_SCAN_FILTER_H
#define CSAPI_CMD_SCAN_FILTER_H

#include "verdict/verdict.h"

/* `message` is a descriptor for pread(2) that nobody can change. 0 or a negative errno; bytes may have been written then. */
int filter_write(int message, const struct verdict *verdict);

#endif
