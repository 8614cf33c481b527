/*
 * settings.h - the command line of csapi-scan as a value: what to do, with which inputs, how to show it.
 *
 * Pure apart from reading argv. Texts are borrowed from argv. Called by csapi-scan.c.
 */
#ifndef CSAPI_CMD_SCAN_SETTINGS_H
#define CSAPI_CMD_SCAN_SETTINGS_H

#include "base/why.h"
#include "format/config.h"
#include "format/expectation.h"
#include "process/client.h"
#include "verdict/repair.h"
#include "verdict/request.h"
#include "verdict/scan_code.h"
#include "verdict/selection.h"

#include <stdbool.h>
#include <stdint.h>

enum settings_task {
	SETTINGS_SCAN,
	SETTINGS_SELF_TEST,
	SETTINGS_EXPLAIN,
	SETTINGS_ENGINES,
	SETTINGS_CHECK_CONFIG,
	SETTINGS_VERSION,
	SETTINGS_HELP,
};

/* The order of the words of --format. */
enum settings_format {
	SETTINGS_JSON,
	SETTINGS_TEXT,
	SETTINGS_SH,
	SETTINGS_SIEVE,
	SETTINGS_CLAM,
	SETTINGS_FILTER,
	SETTINGS_TAP,
	SETTINGS_JUNIT,
};

/* What the exit status tells: the verdict; to a mail program, whether there is one; or only whether csapi-scan could do its work. */
enum settings_exit { SETTINGS_EXIT_SCAN, SETTINGS_EXIT_MDA, SETTINGS_EXIT_ZERO };

struct settings {
	enum settings_task task;
	char *const *inputs; /* as given; none and no files0_from: standard input */
	unsigned input_count;
	const char *files0_from; /* NULL: no list */
	const char *explain;     /* the code, or "all" */
	bool recursive;
	enum settings_format format;
	enum settings_exit exit;
	int64_t deadline;                 /* seconds for the whole call; 0: none */
	const char *expect;               /* NULL: no expectations */
	struct expectations expectations; /* while `expected` */
	bool expected;                    /* they were read */
	bool disinfect;
	struct repair_policy policy;
	const char *output;        /* for the repaired message, "-" is standard output; NULL: nowhere */
	struct selection repairer; /* the engine whose workers repair, while `disinfect` */
	bool null;
	bool all_parts;
	bool quiet;
	bool no_progress;
	bool private_scanner; /* asked for; client.way tells all */
	int64_t read_timeout; /* seconds of silence after which an input is given up */
	struct request request;
	struct client_options client; /* what the command line says for our own scanner */
	const char *config_path;      /* NULL: where one is looked for */
	struct config config;         /* empty where it could not be read */
	bool configured;              /* it was read */
	struct selection_wish wish;
	struct selection selection; /* of the engines of the configuration */
};

/*
 * Reads the command line to its end, whatever is wrong with it, so that `ret_settings` tells as much of the user's wish as can be
 * known; then the configuration, and chooses the engines. SCAN_CODE_NONE, or the code of the first mistake with why. settings_free it in any
 * case.
 */
enum scan_code settings_read(int argc, char **argv, struct settings *ret_settings, struct why *why);
void settings_free(struct settings *settings);
/* Does this command line scan standard input? */
bool settings_take_standard_input(const struct settings *settings);
/* The program's exit status when there is no verdict to tell. */
int settings_exit_trouble(const struct settings *settings);
/* Seconds that draining an input whose verdict is known may take: the answer's own deadline. */
int64_t settings_drain_seconds(const struct settings *settings);

#endif
