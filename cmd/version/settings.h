/*
 * settings.h - what the command line of csapi-version asks for.
 *
 * Texts are borrowed from the command line. Called by cmd/csapi-version.c.
 */
#ifndef CSAPI_CMD_VERSION_SETTINGS_H
#define CSAPI_CMD_VERSION_SETTINGS_H

#include "base/why.h"

#include <stdbool.h>
#include <stdint.h>

enum version_task { VERSION_TELL, VERSION_CHECK_CONFIG, VERSION_OWN, VERSION_HELP };

struct version_settings {
	enum version_task task;
	bool text;                                               /* lines for people instead of JSON */
	bool verbose;                                            /* all of them */
	bool verify;                                             /* the files, now */
	bool no_scanner;                                         /* leave it alone */
	uint64_t max_age;                                        /* seconds; 0: not asked */
	const char *definitions, *config, *socket, *worker_path; /* NULL: not said */
};

/* 0, or -EINVAL with why, which says what to write instead. */
int version_settings_read(int argc, char **argv, struct version_settings *ret_settings, struct why *why);

#endif
