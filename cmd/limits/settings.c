/*
 * settings.c - reads the command line of csapi-limits; see settings.h. Refuses what has no effect beside other options.
 */
#include "settings.h"

#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WALK_TIME_DEFAULT 10
#define WALK_TIME_MOST    86400 /* seconds: a day, as for the other times */

static int read_format(struct limits_settings *settings, const char *value, struct why *why)
{
	static const char *const words[] = {"text", "json", "config"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		settings->format = (enum limits_format)i;
		if (strcmp(value, words[i]) == 0)
			return 0;
	}
	return why_set(why, -EINVAL, "--format=%.32s is not a format; write --format=text, json or config", value);
}

static int read_walk_time(struct limits_settings *settings, const char *value, struct why *why)
{
	errno = 0;
	settings->walk_time = strtoul(value, NULL, 10);
	if (*value && strspn(value, "0123456789") == strlen(value) && !errno && settings->walk_time &&
	    settings->walk_time <= WALK_TIME_MOST)
		return 0;
	return why_set(why, -EINVAL, "--walk-time=%.32s is not a number of seconds from 1 to %d", value,
		       WALK_TIME_MOST);
}

static int read_option(struct limits_settings *settings, enum limits_option option, const char *value, struct why *why)
{
	switch (option) {
	case LIMITS_OPTION_format:
		return read_format(settings, value, why);
	case LIMITS_OPTION_walk_time:
		return read_walk_time(settings, value, why);
	case LIMITS_OPTION_all_parts:
		settings->all_parts = true;
		return 0;
	case LIMITS_OPTION_ascii:
		settings->ascii = true;
		return 0;
	case LIMITS_OPTION_wire:
		settings->wire = true;
		return 0;
	case LIMITS_OPTION_socket:
		settings->socket = value;
		return 0;
	case LIMITS_OPTION_private:
		settings->private_scanner = true;
		return 0;
	case LIMITS_OPTION_file_base:
		settings->file_base = value;
		return 0;
	case LIMITS_OPTION_scanner_path:
		settings->scanner_path = value;
		return 0;
	case LIMITS_OPTION_config:
		settings->config_path = value;
		return 0;
	case LIMITS_OPTION_engine:
		settings->engine_name = value;
		return 0;
	case LIMITS_OPTION_check_config:
		settings->task = LIMITS_CHECK_CONFIG;
		return 0;
	case LIMITS_OPTION_version:
		settings->task = LIMITS_OWN;
		return 0;
	case LIMITS_OPTION_help:
		settings->task = LIMITS_HELP;
		return 0;
	default:
		return limits_parse(&settings->limits, limits_find(limits_options[option].key), value, why);
	}
}

/* Options that are each well-formed and have no effect together. */
static int check(const struct limits_settings *settings, const bool *given, struct why *why)
{
	static const enum limits_option measuring[] = {LIMITS_OPTION_all_parts, LIMITS_OPTION_walk_time,
						       LIMITS_OPTION_wire, LIMITS_OPTION_file_base,
						       LIMITS_OPTION_scanner_path};
	char name[OPTION_NAME_MAX];
	for (size_t i = 0; !settings->message_count && i < sizeof measuring / sizeof *measuring; i++) {
		option_name(&limits_options[measuring[i]], name, sizeof name);
		if (given[measuring[i]])
			return why_set(why, -EINVAL, "--%s is for messages; name one, or - for standard input", name);
	}
	if (settings->socket && settings->private_scanner)
		return why_set(why, -EINVAL, "--socket and --private exclude each other; leave one out");
	if (settings->format == LIMITS_CONFIG && settings->message_count)
		return why_set(why, -EINVAL, "--format=config tells the limits in force; leave out MESSAGE");
	if (settings->format != LIMITS_TEXT && (settings->all_parts || settings->ascii))
		return why_set(why, -EINVAL, "--%s is for --format=text", settings->ascii ? "ascii" : "all-parts");
	return 0;
}

/* Options go before what the configuration says. */
static int configure(struct limits_settings *settings, struct why *why)
{
	if (config_read(settings->config_path, &settings->config, NULL, why))
		return -EINVAL;
	settings->configured = true;
	if (engines_settings_csapi(&settings->config.engines, settings->engine_name, &settings->engine, why))
		return -EINVAL;
	if (!settings->engine)
		return 0;
	if (!settings->file_base)
		settings->file_base = settings->engine->file_base;
	if (!settings->scanner_path)
		settings->scanner_path = settings->engine->scanner_path;
	return 0;
}

int limits_settings_read(int argc, char **argv, struct limits_settings *ret_settings, struct why *why)
{
	struct option_parser parser;
	bool given[LIMITS_OPTION_COUNT] = {false};
	const char *value;
	int row;
	*ret_settings = (struct limits_settings){.walk_time = WALK_TIME_DEFAULT};
	limits_defaults(&ret_settings->limits);
	option_start(&parser, limits_options, LIMITS_OPTION_COUNT, argc, argv);
	while ((row = option_next(&parser, &value, why)) != OPTION_END) {
		if (row == OPTION_BAD || read_option(ret_settings, (enum limits_option)row, value, why))
			return -EINVAL;
		given[row] = true;
	}
	if (ret_settings->task == LIMITS_OWN || ret_settings->task == LIMITS_HELP)
		return 0;
	ret_settings->messages = argv + optind;
	ret_settings->message_count = (unsigned)(argc - optind);
	int error = check(ret_settings, given, why);
	return error ? error : configure(ret_settings, why);
}

void limits_settings_free(struct limits_settings *settings)
{
	if (settings->configured)
		config_free(&settings->config);
	settings->configured = false;
	settings->engine = NULL;
}
