/*
 * measure.h - messages taken apart without the engine, and what each takes of the limits.
 *
 * Called by cmd/csapi-limits.c.
 */
#ifndef CSAPI_CMD_LIMITS_MEASURE_H
#define CSAPI_CMD_LIMITS_MEASURE_H

#include "force.h"
#include "settings.h"

/*
 * Writes one record for each message that the settings name. The exit status: the one that counts of all (limit_exit_worse), or 2 when a
 * record could not be written, which is told.
 */
int measure_all(const struct limits_settings *settings, const struct force *force);

#endif
