/*
 * verdict.h - writes verdicts to standard output, each in one write, in the form that was asked for.
 *
 * Refuses to lose one silently: whatever keeps a verdict from being written is returned. Called by batch.c and csapi-scan.c.
 */
#ifndef CSAPI_CMD_SCAN_VERDICT_H
#define CSAPI_CMD_SCAN_VERDICT_H

#include "settings.h"
#include "verdict/verdict.h"

/* `name` is clean UTF-8, or NULL for a verdict about no input. 0; a negative errno, told on standard error. */
int verdict_write(const struct settings *settings, const char *name, const struct verdict *verdict);

#endif
