/*
 * verdict.h - writes verdicts to standard output, each in one write where it is short, in the form that was asked for.
 *
 * Refuses to lose one silently: whatever keeps a verdict from being written is returned. Called by batch.c and csapi-scan.c.
 */
#ifndef CSAPI_CMD_SCAN_VERDICT_H
#define CSAPI_CMD_SCAN_VERDICT_H

#include "settings.h"
#include "verdict/verdict.h"

/*
 * `name` is clean UTF-8. `message` is the descriptor that --format=filter passes on, -1: it could not be taken in. Not for the formats of suite.h. 0; a
 * negative errno, told on standard error.
 */
int verdict_write(const struct settings *settings, const char *name, const struct verdict *verdict, int message);
/* A verdict about no input: bad use, which no format but those of one record can tell. The same errors. */
int verdict_write_refusal(const struct settings *settings, const struct verdict *verdict);

#endif
