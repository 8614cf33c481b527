/*
 * options.h - the table of options of csapi-scanner, from csapi-scanner.options.def.
 *
 * Included by the program and by the generator of manuals.
 */
#ifndef CSAPI_CMD_SCANNER_OPTIONS_H
#define CSAPI_CMD_SCANNER_OPTIONS_H

#include "../option.h"

enum scanner_option {
#define OPTION_GROUP(key, text)                                    SCANNER_OPTION_GROUP_##key,
#define OPTION(key, letter, argument, values, words, text, manual) SCANNER_OPTION_##key,
#include "../csapi-scanner.options.def"
#undef OPTION
#undef OPTION_GROUP
	SCANNER_OPTION_COUNT
};

static const struct option_row scanner_options[SCANNER_OPTION_COUNT] = {
#define OPTION_GROUP(key, text) {NULL, 0, NULL, OPTION_VALUES_NONE, NULL, text, ""},
#define OPTION(key, letter, argument, values, words, text, manual)                                                     \
	{#key, letter, argument, OPTION_VALUES_##values, words, text, manual},
#include "../csapi-scanner.options.def"
#undef OPTION
#undef OPTION_GROUP
};

#endif
