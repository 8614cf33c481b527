/*
 * settings.c - reads the command line of csapi-version; see settings.h. Refuses what has no effect beside other options.
 */
#include "settings.h"

#include "options.h"
#include "verdict/age.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int read_format(struct version_settings *settings, const char *value, struct why *why)
{
	settings->text = strcmp(value, "text") == 0;
	if (settings->text || strcmp(value, "json") == 0)
		return 0;
	return why_set(why, -EINVAL, "--format=%.32s is not a format; write --format=json or --format=text", value);
}

static int read_max_age(struct version_settings *settings, const char *value, struct why *why)
{
	struct why that;
	if (age_parse(value, &settings->max_age, &that) == 0)
		return 0;
	return why_set(why, -EINVAL, "--max-age: %s", that.text);
}

static int read_option(struct version_settings *settings, enum version_option option, const char *value,
		       struct why *why)
{
	switch (option) {
	case VERSION_OPTION_format:
		return read_format(settings, value, why);
	case VERSION_OPTION_max_age:
		return read_max_age(settings, value, why);
	case VERSION_OPTION_verbose:
		settings->verbose = true;
		return 0;
	case VERSION_OPTION_verify:
		settings->verify = true;
		return 0;
	case VERSION_OPTION_no_scanner:
		settings->no_scanner = true;
		return 0;
	case VERSION_OPTION_definitions:
		settings->definitions = value;
		return 0;
	case VERSION_OPTION_config:
		settings->config = value;
		return 0;
	case VERSION_OPTION_check_config:
		settings->task = VERSION_CHECK_CONFIG;
		return 0;
	case VERSION_OPTION_socket:
		settings->socket = value;
		return 0;
	case VERSION_OPTION_worker_path:
		settings->worker_path = value;
		return 0;
	case VERSION_OPTION_version:
		settings->task = VERSION_OWN;
		return 0;
	case VERSION_OPTION_help:
		settings->task = VERSION_HELP;
		return 0;
	default:
		abort(); /* a row of the table that nobody reads */
	}
}

int version_settings_read(int argc, char **argv, struct version_settings *ret_settings, struct why *why)
{
	struct option_parser parser;
	const char *value;
	int row;
	*ret_settings = (struct version_settings){.task = VERSION_TELL};
	option_start(&parser, version_options, VERSION_OPTION_COUNT, argc, argv);
	while ((row = option_next(&parser, &value, why)) != OPTION_END)
		if (row == OPTION_BAD || read_option(ret_settings, (enum version_option)row, value, why))
			return -EINVAL;
	if (ret_settings->task == VERSION_HELP || ret_settings->task == VERSION_OWN)
		return 0;
	if (optind < argc)
		return why_set(why, -EINVAL, "\"%.64s\" is too much; csapi-version takes options only", argv[optind]);
	if (ret_settings->verbose && !ret_settings->text)
		return why_set(why, -EINVAL, "--verbose is for --format=text; a JSON document lists all");
	if (ret_settings->socket && ret_settings->no_scanner)
		return why_set(why, -EINVAL, "--socket and --no-scanner exclude each other; leave one out");
	return 0;
}
