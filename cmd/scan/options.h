/*
 * options.h - the table of options of csapi-scan, from csapi-scan.options.def.
 *
 * Included by the parser (settings.c) and by the generator of completions and manuals.
 */
#ifndef CSAPI_CMD_SCAN_OPTIONS_H
#define CSAPI_CMD_SCAN_OPTIONS_H

#define OPTION_TABLE_FILE   "csapi-scan.options.def"
#define OPTION_TABLE_ENUM   scan_option
#define OPTION_TABLE_PREFIX SCAN_OPTION_
#define OPTION_TABLE_ROWS   scan_options
#define OPTION_TABLE_COUNT  SCAN_OPTION_COUNT
#include "../option_table.h"

#endif
