/*
 * batch.h - all inputs of one call through the scanner, and their verdicts out, in the order of the inputs.
 *
 * Called by csapi-scan.c.
 */
#ifndef CSAPI_CMD_SCAN_BATCH_H
#define CSAPI_CMD_SCAN_BATCH_H

#include "settings.h"

/*
 * Scans what the settings name, up to max_concurrency messages at once, and writes one verdict for each. The exit status, in
 * the style that the settings say; trouble when a verdict could not be written.
 */
int batch_run(const struct settings *settings);

#endif
