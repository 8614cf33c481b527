/*
 * options.h - the table of options of csapi-version, from csapi-version.options.def.
 *
 * Included by the parser (settings.c), by csapi-version.c, and by the generator of completions and manuals.
 */
#ifndef CSAPI_CMD_VERSION_OPTIONS_H
#define CSAPI_CMD_VERSION_OPTIONS_H

#define OPTION_TABLE_FILE   "csapi-version.options.def"
#define OPTION_TABLE_ENUM   version_option
#define OPTION_TABLE_PREFIX VERSION_OPTION_
#define OPTION_TABLE_ROWS   version_options
#define OPTION_TABLE_COUNT  VERSION_OPTION_COUNT
#include "../option_table.h"

#endif
