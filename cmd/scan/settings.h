/*
 * settings.h - the command line of csapi-scan as a value: what to do, with which inputs, how to show it.
 *
 * Pure apart from reading argv. Texts are borrowed from argv. Called by csapi-scan.c.
 */
#ifndef CSAPI_CMD_SCAN_SETTINGS_H
#define CSAPI_CMD_SCAN_SETTINGS_H

#include "base/why.h"
#include "process/client.h"
#include "verdict/request.h"
#include "verdict/scan_code.h"

#include <stdbool.h>
#include <stdint.h>

enum settings_task {
	SETTINGS_SCAN,
	SETTINGS_SELF_TEST,
	SETTINGS_EXPLAIN,
	SETTINGS_VERSION,
	SETTINGS_HELP,
};

struct settings {
	enum settings_task task;
	char *const *inputs; /* as given; none and no files0_from: standard input */
	unsigned input_count;
	const char *files0_from; /* NULL: no list */
	const char *explain;     /* the code, or "all" */
	bool recursive;
	bool text; /* lines for people instead of JSON */
	bool null;
	bool all_parts;
	bool quiet;
	bool no_progress;
	bool private_scanner; /* asked for; client.way tells all */
	int64_t read_timeout; /* seconds of silence after which an input is given up */
	struct request request;
	struct client_options client;
};

/*
 * Reads the command line to its end, whatever is wrong with it, so that `ret_settings` tells as much of the user's wish as can be
 * known. SCAN_CODE_NONE, or the code of the first mistake with why.
 */
enum scan_code settings_read(int argc, char **argv, struct settings *ret_settings, struct why *why);
/* Does this command line scan standard input? */
bool settings_take_standard_input(const struct settings *settings);
/* Seconds that draining an input whose verdict is known may take: the answer's own deadline. */
int64_t settings_drain_seconds(const struct settings *settings);

#endif
