/*
 * settings.h - what the command line of csapi-limits asks for.
 *
 * Texts are borrowed from the command line. Called by cmd/csapi-limits.c.
 */
#ifndef CSAPI_CMD_LIMITS_SETTINGS_H
#define CSAPI_CMD_LIMITS_SETTINGS_H

#include "base/why.h"
#include "format/config.h"
#include "verdict/limits.h"

#include <stdbool.h>

enum limits_task { LIMITS_TELL, LIMITS_CHECK_CONFIG, LIMITS_OWN, LIMITS_HELP };
enum limits_format { LIMITS_TEXT, LIMITS_JSON, LIMITS_CONFIG }; /* the words of the row */

struct limits_settings {
	enum limits_task task;
	enum limits_format format;
	bool all_parts, ascii, wire, private_scanner;
	uint64_t walk_time;                            /* seconds */
	const char *socket, *file_base, *scanner_path; /* NULL: not said */
	struct limits limits;                          /* the `set` ones were said */
	const char *config_path, *engine_name;         /* likewise */
	struct config config;                          /* empty unless it was read */
	bool configured;                               /* it was */
	const struct engine_settings *engine;          /* of it; NULL: it has none of our kind, or was not read */
	char *const *messages;
	unsigned message_count; /* 0: the limits alone */
};

/* 0, or -EINVAL with why, which says what to write instead, or what is wrong with the configuration. limits_settings_free it in any case. */
int limits_settings_read(int argc, char **argv, struct limits_settings *ret_settings, struct why *why);
void limits_settings_free(struct limits_settings *settings);

#endif
