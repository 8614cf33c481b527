/*
 * self_test.h - is this installation fit to judge? (--self-test)
 *
 * Called by csapi-scan.c.
 */
#ifndef CSAPI_CMD_SCAN_SELF_TEST_H
#define CSAPI_CMD_SCAN_SELF_TEST_H

#include "settings.h"

/*
 * Starts the scanner as a scan would, has it judge samples made here, and prints a line for each. The exit status: 0 when all verdicts are as
 * expected, else 2.
 */
int self_test(const struct settings *settings);

#endif
