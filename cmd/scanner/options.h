/*
 * options.h - the tables of options and commands of csapi-scanner, from csapi-scanner.options.def and csapi-scanner.commands.def.
 *
 * Included by the parser (settings.c), the main program (--help) and the generator of completions and manuals.
 */
#ifndef CSAPI_CMD_SCANNER_OPTIONS_H
#define CSAPI_CMD_SCANNER_OPTIONS_H

#include "format/command_json.h"

#define OPTION_TABLE_FILE   "csapi-scanner.options.def"
#define OPTION_TABLE_ENUM   scanner_option
#define OPTION_TABLE_PREFIX SCANNER_OPTION_
#define OPTION_TABLE_ROWS   scanner_options
#define OPTION_TABLE_COUNT  SCANNER_OPTION_COUNT
#include "../option_table.h"

struct scanner_command {
	enum command command;
	const char *text;   /* one line for --help and completions */
	const char *manual; /* further sentences for the manual, in mdoc(7) */
};

static const struct scanner_command scanner_commands[COMMAND_COUNT] = {
#define SCANNER_COMMAND(command, text, manual) {COMMAND_##command, text, manual},
#include "../csapi-scanner.commands.def"
#undef SCANNER_COMMAND
};

#endif
