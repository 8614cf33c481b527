/*
 * options.h - the table of options of csapi-update, from csapi-update.options.def.
 *
 * Included by the parser (invocation.c), the main program (--help) and the generator of completions and manuals.
 */
#ifndef CSAPI_CMD_UPDATE_OPTIONS_H
#define CSAPI_CMD_UPDATE_OPTIONS_H

#define OPTION_TABLE_FILE   "csapi-update.options.def"
#define OPTION_TABLE_ENUM   update_option
#define OPTION_TABLE_PREFIX UPDATE_OPTION_
#define OPTION_TABLE_ROWS   update_option_rows
#define OPTION_TABLE_COUNT  UPDATE_OPTION_COUNT
#include "../option_table.h"

#endif
