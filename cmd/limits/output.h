/*
 * output.h - limits and measurements on standard output, in the form that was asked for.
 *
 * Called by cmd/csapi-limits.c and measure.c.
 */
#ifndef CSAPI_CMD_LIMITS_OUTPUT_H
#define CSAPI_CMD_LIMITS_OUTPUT_H

#include "format/limits_json.h"
#include "settings.h"

/* Takes the locale and the terminal into account; once, before the first output. */
void output_start(const struct limits_settings *settings);
/* `measurement` NULL: the limits alone. False: it could not be written, which is told. */
bool output_write(const struct limits_settings *settings, const struct limits_in_force *in_force,
		  const struct measurement *measurement);

#endif
