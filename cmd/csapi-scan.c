/*
 * csapi-scan.c - csapi-scan(1): messages in, one verdict for each out.
 *
 * The client: reads inputs, hands them to a scanner, prints. Links no parser of messages. The work is in cmd/scan/.
 */
#include "./scan/batch.h"
#include "./scan/deadline.h"
#include "./scan/engine_list.h"
#include "./scan/explain.h"
#include "./scan/notice.h"
#include "./scan/options.h"
#include "./scan/self_test.h"
#include "./scan/settings.h"
#include "./scan/verdict.h"
#include "base/utf8.h"
#include "base/version.h"
#include "complain.h"
#include "config_print.h"
#include "format/json_memory.h"
#include "process/spool.h"
#include "standard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXIT_TROUBLE 2

/* Ends bad use: a line for people, a verdict for the pipeline, and the input's writer is not left with a broken pipe. */
static int refuse(const struct settings *settings, enum scan_code code, const struct why *why)
{
	int trouble = settings_exit_trouble(settings);
	notice("%s", why->text);
	if (settings->task != SETTINGS_SCAN)
		return trouble;
	struct stat status;
	bool pipe = fstat(STDIN_FILENO, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
	if (pipe && settings_take_standard_input(settings))
		spool_drain(STDIN_FILENO, deadline_or(settings_drain_seconds(settings)));
	/* It quotes the command line, which need not be UTF-8. */
	char *text = utf8_clean(why->text, strlen(why->text), sizeof why->text);
	struct report report;
	struct verdict verdict;
	if (!text || client_report(code, text, &report) < 0 || verdict_init(&verdict, &settings->selection)) {
		notice("there is no memory left to write a verdict");
	} else {
		verdict_take_report(&verdict, &report);
		(void)verdict_write_refusal(settings, &verdict);
		verdict_free(&verdict);
	}
	free(text);
	return trouble;
}

/* Standard output was written with stdio; did all of it arrive? */
static int printed(void)
{
	if (fflush(stdout) == 0)
		return 0;
	notice("cannot write to standard output: %s", strerror(errno));
	return EXIT_TROUBLE;
}

static int help(void)
{
	(void)fputs("Usage: csapi-scan [OPTION]... [--] [FILE | DIRECTORY | -]...\n"
		    "Scans messages for viruses and prints one verdict for each. Without FILE, or\n"
		    "with -, it reads standard input.\n"
		    "Exit status: 0 clean, 1 infected, 2 error, 3 unscannable, 4 not scanned;\n"
		    "for mail programs --exit=mda: 0 there is a verdict, 75 there is none.\n",
		    stdout);
	option_help(stdout, scan_options, SCAN_OPTION_COUNT);
	return printed();
}

static int version(void)
{
	(void)puts("csapi-scan " CSAPI_VERSION);
	return printed();
}

static int scan(const struct settings *settings)
{
	int trouble = settings_exit_trouble(settings);
	int error = settings->deadline ? deadline_start(settings->deadline, trouble) : 0;
	if (!error)
		return batch_run(settings);
	notice("cannot set the deadline: %s", strerror(-error));
	return trouble;
}

static int act(const struct settings *settings)
{
	switch (settings->task) {
	case SETTINGS_HELP:
		return help();
	case SETTINGS_VERSION:
		return version();
	case SETTINGS_EXPLAIN:
		return explain(settings->explain);
	case SETTINGS_SELF_TEST:
		return self_test(settings);
	case SETTINGS_ENGINES:
		return engine_list(settings);
	case SETTINGS_CHECK_CONFIG:
		return config_print(&settings->config);
	default:
		return scan(settings);
	}
}

int main(int argc, char **argv)
{
	json_memory_guard();
	complain_as("csapi-scan");
	bool kept = standard_keep();
	struct settings settings;
	struct why why = {0};
	enum scan_code mistake = settings_read(argc, argv, &settings, &why);
	int status = !kept     ? settings_exit_trouble(&settings)
		     : mistake ? refuse(&settings, mistake, &why)
			       : act(&settings);
	settings_free(&settings);
	return status;
}
