/*
 * output.h - the repaired message into a file that appears whole or not at all (--output).
 *
 * Called by batch.c.
 */
#ifndef CSAPI_CMD_SCAN_OUTPUT_H
#define CSAPI_CMD_SCAN_OUTPUT_H

#include "base/why.h"
#include "verdict/scan_code.h"

/*
 * Copies `message` (for pread(2)) to `path`, which must not exist; "-" is standard output. SCAN_CODE_NONE when it is on the disk under that name;
 * DEC_RESULT_CREATE_OUTPUT_FILE_FAILED with why, and nothing is there.
 */
enum scan_code output_write(const char *path, int message, struct why *why);

#endif
