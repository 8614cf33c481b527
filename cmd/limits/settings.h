/*
 * settings.h - what the command line of csapi-limits asks for.
 *
 * Texts are borrowed from the command line. Called by cmd/csapi-limits.c.
 */
#ifndef CSAPI_CMD_LIMITS_SETTINGS_H
#define CSAPI_CMD_LIMITS_SETTINGS_H

#include "base/why.h"
#include "verdict/limits.h"

#include <stdbool.h>

enum limits_task { LIMITS_TELL, LIMITS_OWN, LIMITS_HELP };
enum limits_format { LIMITS_TEXT, LIMITS_JSON, LIMITS_CONFIG }; /* the words of the row */

struct limits_settings {
	enum limits_task task;
	enum limits_format format;
	bool all_parts, ascii, wire, private_scanner;
	uint64_t walk_time;                            /* seconds */
	const char *socket, *file_base, *scanner_path; /* NULL: not said */
	struct limits limits;                          /* the `set` ones were said */
	char *const *messages;
	unsigned message_count; /* 0: the limits alone */
};

/* 0, or -EINVAL with why, which says what to write instead. */
int limits_settings_read(int argc, char **argv, struct limits_settings *ret_settings, struct why *why);

#endif
