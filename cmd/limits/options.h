/*
 * options.h - the table of options of csapi-limits, from csapi-limits.options.def.
 *
 * Included by the parser (settings.c), by csapi-limits.c, and by the generator of completions and manuals.
 */
#ifndef CSAPI_CMD_LIMITS_OPTIONS_H
#define CSAPI_CMD_LIMITS_OPTIONS_H

#define OPTION_TABLE_FILE   "csapi-limits.options.def"
#define OPTION_TABLE_ENUM   limits_option
#define OPTION_TABLE_PREFIX LIMITS_OPTION_
#define OPTION_TABLE_ROWS   limits_options
#define OPTION_TABLE_COUNT  LIMITS_OPTION_COUNT
#include "../option_table.h"

#endif
