/*
 * csapi-scanner.c - the external scanner: options in, supervisor run.
 *
 * Links no parser of messages and reads none. Started by csapi-scan over a socket of its own, or by a wrapper named with
 * scanner_path that adds options. Prints mistakes on standard error.
 */
#include "base/place.h"
#include "base/version.h"
#include "process/definitions.h"
#include "process/supervisor.h"
#include "scanner/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define EXIT_USE 2

struct settings {
	struct supervisor_options supervisor;
	bool help, version;
};

/* A whole number from 1 or 0 up to `most`; -1: it is not one. */
static long long number(const char *text, long long most)
{
	if (!*text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 18)
		return -1;
	long long value = atoll(text);
	return value > most ? -1 : value;
}

/* The one limit that goes further here than in a request: -o maxCumulativeExtractSize=N. */
static int read_option(struct settings *settings, const char *value, struct why *why)
{
	static const char key[] = "maxCumulativeExtractSize=";
	if (strncmp(value, key, sizeof key - 1) != 0)
		return why_set(why, -EINVAL, "-o %.64s is not known; it takes %sN", value, key);
	long long bytes = number(value + sizeof key - 1, LIMITS_CUMULATIVE_MOST);
	if (bytes < 0)
		return why_set(why, -EINVAL, "-o %sN takes a number of bytes up to %u", key, LIMITS_CUMULATIVE_MOST);
	return limits_set(&settings->supervisor.limits, LIMIT_max_cumulative_extract_size, (uint64_t)bytes,
			  LIMITS_CUMULATIVE_MOST, why);
}

static int read_private(struct settings *settings, const char *value, struct why *why)
{
	long long fd = number(value, 1023);
	int type = 0;
	socklen_t size = sizeof type;
	if (fd < 0 || getsockopt((int)fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_STREAM)
		return why_set(why, -EINVAL, "--private=%.16s is not a socket; csapi-scan sets this option", value);
	settings->supervisor.take_private = (int)fd;
	return 0;
}

static int read_concurrency(struct settings *settings, const char *value, struct why *why)
{
	long long count = number(value, SUPERVISOR_CONCURRENCY_MAX);
	if (count < 1)
		return why_set(why, -EINVAL, "--max-concurrency takes a number from 1 to %u",
			       SUPERVISOR_CONCURRENCY_MAX);
	settings->supervisor.max_concurrency = (unsigned)count;
	return 0;
}

static int read_one(struct settings *settings, int row, const char *value, struct why *why)
{
	switch (row) {
	case SCANNER_OPTION_private:
		return read_private(settings, value, why);
	case SCANNER_OPTION_max_concurrency:
		return read_concurrency(settings, value, why);
	case SCANNER_OPTION_definitions:
		settings->supervisor.definitions = value;
		return 0;
	case SCANNER_OPTION_file_base:
		settings->supervisor.file_base = value;
		return 0;
	case SCANNER_OPTION_worker_path:
		settings->supervisor.worker_path = value;
		return 0;
	case SCANNER_OPTION_option:
		return read_option(settings, value, why);
	case SCANNER_OPTION_help:
		settings->help = true;
		return 0;
	case SCANNER_OPTION_version:
		settings->version = true;
		return 0;
	default:
		return limits_parse(&settings->supervisor.limits, limits_find(scanner_options[row].key), value, why);
	}
}

static int read_settings(int argc, char **argv, struct settings *ret_settings, struct why *why)
{
	static struct option_parser parser;
	const char *value, *temporary = getenv("TMPDIR");
	int row, error = 0;
	*ret_settings = (struct settings){.supervisor = {.take_private = -1, .max_concurrency = 1}};
	limits_defaults(&ret_settings->supervisor.limits);
	ret_settings->supervisor.file_base = temporary && *temporary ? temporary : "/tmp";
	option_start(&parser, scanner_options, SCANNER_OPTION_COUNT, argc, argv);
	while (!error && (row = option_next(&parser, &value, why)) != OPTION_END)
		error = row == OPTION_BAD ? -EINVAL : read_one(ret_settings, row, value, why);
	if (!error && optind < argc)
		return why_set(why, -EINVAL, "\"%.64s\" is not an option, and there are no arguments", argv[optind]);
	return error;
}

static int complain(const struct why *why)
{
	(void)fprintf(stderr, "csapi-scanner: %s\n", why->text);
	return EXIT_USE;
}

/* Fills in what was not said; what cannot be found is told in the verdicts. The caller frees both paths. */
static void find_places(struct supervisor_options *supervisor, char **ret_worker, char **ret_definitions,
			struct why *why)
{
	*ret_worker = *ret_definitions = NULL;
	if (!supervisor->worker_path) {
		*ret_worker = place_find(PLACE_WORKER, NULL);
		supervisor->worker_path = *ret_worker ? *ret_worker : "./csapi-worker";
	}
	if (!supervisor->definitions) {
		*ret_definitions = definitions_find(&supervisor->definitions_shipped, why);
		supervisor->definitions = *ret_definitions;
		supervisor->definitions_why = why->text;
	}
}

int main(int argc, char **argv)
{
	struct settings settings;
	struct why why = {""};
	char *worker, *definitions;
	if (read_settings(argc, argv, &settings, &why))
		return complain(&why);
	if (settings.help) {
		(void)puts("Usage: csapi-scanner --private=FD [OPTION]...\n"
			   "The external scanner: loads the definitions and scans messages in workers.");
		option_help(stdout, scanner_options, SCANNER_OPTION_COUNT);
		return fflush(stdout) ? EXIT_USE : EXIT_SUCCESS;
	}
	if (settings.version)
		return printf("csapi-scanner %s\n", CSAPI_VERSION) < 0 ? EXIT_USE : EXIT_SUCCESS;
	if (settings.supervisor.take_private < 0) {
		(void)why_set(&why, 0, "there is no client to serve; csapi-scan starts this program when it needs it");
		return complain(&why);
	}
	struct why missing = {""};
	find_places(&settings.supervisor, &worker, &definitions, &missing);
	int error = supervisor_run(&settings.supervisor, &why);
	free(worker);
	free(definitions);
	return error ? complain(&why) : EXIT_SUCCESS;
}
