/*
 * option_table.h - makes an enum and the rows of one program's table of options.
 *
 * No guard: include it once for each table, with these defined (it undefines them): OPTION_TABLE_FILE, the .def file beside this one;
 * OPTION_TABLE_ENUM, the enum's tag; OPTION_TABLE_PREFIX, of its constants; OPTION_TABLE_ROWS, the array, with
 * OPTION_TABLE_COUNT elements. Included by cmd/PROGRAM/options.h.
 */
#include "option.h"

#define OPTION_TABLE_JOIN_(prefix, key) prefix##key
#define OPTION_TABLE_JOIN(prefix, key)  OPTION_TABLE_JOIN_(prefix, key)

enum OPTION_TABLE_ENUM {
#define OPTION_GROUP(key, text)                                    OPTION_TABLE_JOIN(OPTION_TABLE_PREFIX, GROUP_##key),
#define OPTION(key, letter, argument, values, words, text, manual) OPTION_TABLE_JOIN(OPTION_TABLE_PREFIX, key),
#include OPTION_TABLE_FILE
#undef OPTION
#undef OPTION_GROUP
	OPTION_TABLE_COUNT
};

static const struct option_row OPTION_TABLE_ROWS[OPTION_TABLE_COUNT] = {
#define OPTION_GROUP(key, text) {NULL, 0, NULL, OPTION_VALUES_NONE, NULL, text, ""},
#define OPTION(key, letter, argument, values, words, text, manual)                                                     \
	{#key, letter, argument, OPTION_VALUES_##values, words, text, manual},
#include OPTION_TABLE_FILE
#undef OPTION
#undef OPTION_GROUP
};

#undef OPTION_TABLE_JOIN
#undef OPTION_TABLE_JOIN_
#undef OPTION_TABLE_FILE
#undef OPTION_TABLE_ENUM
#undef OPTION_TABLE_PREFIX
#undef OPTION_TABLE_ROWS
#undef OPTION_TABLE_COUNT
