/*
 * csapi-version.c - csapi-version(1): what csapi is made of, what definitions it has, and whether they are up to date.
 *
 * Reads only, and waits for nothing: what does not answer in time is told as such. Links no parser of messages or databases; csapi-worker is asked. The work is
 * in cmd/version/.
 */
#include "./version/disk.h"
#include "./version/options.h"
#include "./version/scanner.h"
#include "./version/settings.h"
#include "./version/worker.h"
#include "base/clock.h"
#include "base/version.h"
#include "complain.h"
#include "config_print.h"
#include "format/config.h"
#include "format/json_memory.h"
#include "format/version_json.h"
#include "format/version_text.h"
#include "standard.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Exit statuses. */
enum { TOLD, TOO_OLD, TROUBLE };

static int help(void)
{
	(void)fputs("Usage: csapi-version [OPTION]...\n"
		    "Tells the versions of csapi, its engine and its decomposer, the definitions on\n"
		    "disk and in the scanner that runs, and whether they are up to date.\n"
		    "Exit status: 0 told, 1 older than --max-age allows, 2 error.\n",
		    stdout);
	option_help(stdout, version_options, VERSION_OPTION_COUNT);
	return complain_printed() ? TOLD : TROUBLE;
}

static int print(const struct version_settings *settings, const struct version *version)
{
	char *text = settings->text ? version_text_encode(version, settings->verbose) : version_json_encode(version);
	if (!text) {
		complain("there is no memory left to tell the versions");
		return TROUBLE;
	}
	(void)printf("%s%s", text, settings->text ? "" : "\n");
	free(text);
	return complain_printed() ? TOLD : TROUBLE;
}

/* Signatures and hashes, where that was asked for. The exit status; trouble is told. */
static int verify(const struct version_settings *settings, const struct update_settings *update,
		  struct version *version)
{
	struct why why = {""};
	if (!settings->verify || !version->definitions.directory)
		return TOLD;
	if (worker_verify(settings->worker_path, update->load_time, version, &why)) {
		complain("the definitions could not be verified: %s", why.text);
		return TROUBLE;
	}
	if (!version->definitions.fault[0])
		return TOLD;
	complain("the definitions are broken: %s; run csapi-update", version->definitions.fault);
	return TROUBLE;
}

/* What follows from all that was found out, and what comes of it. The reason of the exit status comes last. */
static int conclude(const struct version_settings *settings, const struct update_settings *update,
		    struct version *version)
{
	version_judge(version, update->update_interval, update->max_age);
	if (settings->max_age)
		version_demand(version, settings->max_age);
	int status = print(settings, version);
	if (version->exceeded) {
		complain("%s", version->excess);
		status = status > TOO_OLD ? status : TOO_OLD;
	}
	if (version->trouble[0]) {
		complain("%s; install csapi again, or name the program with --worker-path", version->trouble);
		status = TROUBLE;
	}
	return status;
}

static int tell(const struct version_settings *settings, const struct update_settings *update)
{
	struct version version = {.now = clock_wall()};
	struct definitions_source source = {.lock = -1};
	worker_versions(settings->worker_path, &version);
	int status = TROUBLE;
	if (disk_read(settings->definitions, update, &source, &version)) {
		complain("there is no memory left to look at the definitions");
	} else {
		status = verify(settings, update, &version);
		if (!settings->no_scanner)
			scanner_ask(settings->socket ? settings->socket : update->socket, &version);
		int concluded = conclude(settings, update, &version);
		status = concluded > status ? concluded : status;
	}
	definitions_close(&source);
	version_free(&version);
	return status;
}

int main(int argc, char **argv)
{
	json_memory_guard();
	if (!standard_keep())
		return TROUBLE;
	complain_as("csapi-version");
	(void)signal(SIGPIPE, SIG_IGN);
	struct version_settings settings;
	struct why why = {""};
	if (version_settings_read(argc, argv, &settings, &why)) {
		complain("%s", why.text);
		return TROUBLE;
	}
	if (settings.task == VERSION_HELP)
		return help();
	if (settings.task == VERSION_OWN) {
		(void)puts("csapi-version " CSAPI_VERSION);
		return complain_printed() ? TOLD : TROUBLE;
	}
	struct config config;
	if (config_read(settings.config, &config, NULL, &why)) {
		complain("%s", why.text);
		return TROUBLE;
	}
	if (!settings.socket && !settings.no_scanner)
		settings.socket = config.update.socket;
	int status = settings.task == VERSION_CHECK_CONFIG ? config_print(&config) : tell(&settings, &config.update);
	config_free(&config);
	return status;
}
