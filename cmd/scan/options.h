/*
 * options.h - the table of options of csapi-scan, from csapi-scan.options.def.
 *
 * Included by the parser (settings.c) and by the generator of completions and manuals.
 */
#ifndef CSAPI_CMD_SCAN_OPTIONS_H
#define CSAPI_CMD_SCAN_OPTIONS_H

#include "../option.h"

enum scan_option {
#define OPTION_GROUP(key, text)                                    SCAN_OPTION_GROUP_##key,
#define OPTION(key, letter, argument, values, words, text, manual) SCAN_OPTION_##key,
#include "../csapi-scan.options.def"
#undef OPTION
#undef OPTION_GROUP
	SCAN_OPTION_COUNT
};

static const struct option_row scan_options[SCAN_OPTION_COUNT] = {
#define OPTION_GROUP(key, text) {NULL, 0, NULL, OPTION_VALUES_NONE, NULL, text, ""},
#define OPTION(key, letter, argument, values, words, text, manual)                                                     \
	{#key, letter, argument, OPTION_VALUES_##values, words, text, manual},
#include "../csapi-scan.options.def"
#undef OPTION
#undef OPTION_GROUP
};

#endif
