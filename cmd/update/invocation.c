/*
 * invocation.c - reads the command line of csapi-update; see invocation.h.
 *
 * Refuses numbers out of range rather than clamping them, options that have no effect beside others, and arguments.
 */
#include "invocation.h"

#include "options.h"
#include "verdict/update_settings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OLDER_MOST 31536000 /* seconds: a year */
#define DELAY_MOST 86400    /* seconds: a day */

/* A decimal number from `least` to `most` without sign or blanks. 0, or -EINVAL with why. */
static int read_number(const char *name, const char *text, uint64_t least, uint64_t most, uint64_t *ret,
		       struct why *why)
{
	errno = 0;
	unsigned long long value = strtoull(text, NULL, 10);
	if (!*text || strspn(text, "0123456789") != strlen(text) || errno || value < least || value > most)
		return why_set(why, -EINVAL, "--%s=%.32s is not a number of seconds from %" PRIu64 " to %" PRIu64, name,
			       text, least, most);
	*ret = value;
	return 0;
}

/* A path as seen from the directory in which the command was given. Caller frees; NULL: no memory, or no such directory. */
static char *absolute(const char *path)
{
	if (*path == '/' || !*path)
		return strdup(path);
	char *here = getcwd(NULL, 0), *whole = NULL;
	if (here && asprintf(&whole, "%s/%s", here, path) < 0)
		whole = NULL;
	free(here);
	return whole;
}

/* Takes over the value. */
static int add_override(struct update_invocation *invocation, const char *key, char *take_value, const char *option,
			struct why *why)
{
	struct invocation_override *all =
		take_value ? reallocarray(invocation->overrides, invocation->override_count + 1, sizeof *all) : NULL;
	if (!all) {
		free(take_value);
		return why_set(why, -EINVAL, "%s: there is no memory left, or no working directory", option);
	}
	invocation->overrides = all;
	all[invocation->override_count++] = (struct invocation_override){key, take_value, option};
	return 0;
}

/* -o KEY=VALUE; the key is cut out of argv, where it stays. */
static int read_option(struct update_invocation *invocation, char *value, struct why *why)
{
	char *equals = strchr(value, '=');
	if (!equals || equals == value)
		return why_set(why, -EINVAL, "-o %.64s is not KEY=VALUE; csapi.conf(5) lists the keys", value);
	*equals = '\0';
	return add_override(invocation, value, strdup(equals + 1), "-o", why);
}

static int read_format(struct update_invocation *invocation, const char *value, struct why *why)
{
	invocation->json = strcmp(value, "json") == 0;
	if (invocation->json || strcmp(value, "text") == 0)
		return 0;
	return why_set(why, -EINVAL, "--format=%.32s is not a format; write --format=text or --format=json", value);
}

static int read_older(struct update_invocation *invocation, const char *value, struct why *why)
{
	invocation->if_older = true;
	invocation->if_older_auto = strcmp(value, "auto") == 0;
	if (invocation->if_older_auto)
		return 0;
	if (read_number("if-older-than", value, 1, OLDER_MOST, &invocation->older_than, NULL) == 0)
		return 0;
	return why_set(why, -EINVAL,
		       "--if-older-than=%.32s is not a number of seconds from 1 to %d; auto takes update_interval",
		       value, OLDER_MOST);
}

/* Options without a value; false: it is not one of them. */
static bool read_switch(struct update_invocation *invocation, enum update_option option)
{
	switch (option) {
	case UPDATE_OPTION_check:
		invocation->task = UPDATE_CHECK;
		return true;
	case UPDATE_OPTION_dry_run:
		invocation->task = UPDATE_DRY_RUN;
		return true;
	case UPDATE_OPTION_rollback:
		invocation->task = UPDATE_ROLLBACK;
		return true;
	case UPDATE_OPTION_check_config:
		invocation->mode = INVOCATION_CHECK_CONFIG;
		return true;
	case UPDATE_OPTION_daemon:
		invocation->mode = INVOCATION_DAEMON;
		return true;
	case UPDATE_OPTION_force:
		invocation->force = true;
		return true;
	case UPDATE_OPTION_quiet:
		invocation->quiet = true;
		return true;
	case UPDATE_OPTION_verbose:
		invocation->verbose = true;
		return true;
	default:
		return false;
	}
}

static int read_value(struct update_invocation *invocation, enum update_option option, const char *value,
		      struct why *why)
{
	switch (option) {
	case UPDATE_OPTION_from:
		free(invocation->from);
		invocation->from = absolute(value);
		return invocation->from ? 0 : why_errno(why, -EINVAL, "--from=%.64s", value);
	case UPDATE_OPTION_follow:
		return add_override(invocation, "follow", absolute(value), "--follow", why);
	case UPDATE_OPTION_directory:
		return add_override(invocation, "directory", absolute(value), "--directory", why);
	case UPDATE_OPTION_socket:
		return add_override(invocation, "socket", absolute(value), "--socket", why);
	case UPDATE_OPTION_log:
		return add_override(invocation, "log", strdup(value), "--log", why);
	case UPDATE_OPTION_max_time:
		return add_override(invocation, "max_time", strdup(value), "--max-time", why);
	case UPDATE_OPTION_no_reload:
		return add_override(invocation, "reload", strdup("false"), "--no-reload", why);
	case UPDATE_OPTION_if_older_than:
		return read_older(invocation, value, why);
	case UPDATE_OPTION_random_delay:
		return read_number("random-delay", value, 1, DELAY_MOST, &invocation->random_delay, why);
	case UPDATE_OPTION_format:
		return read_format(invocation, value, why);
	case UPDATE_OPTION_config:
		invocation->config = value;
		return 0;
	case UPDATE_OPTION_fetch_path:
		invocation->fetch_path = value;
		return 0;
	case UPDATE_OPTION_worker_path:
		invocation->worker_path = value;
		return 0;
	default:
		abort(); /* a row of the table that nobody reads */
	}
}

/* Pairs that exclude each other. */
static const struct {
	enum update_option one, other;
	const char *reason;
} clashes[] = {
	{UPDATE_OPTION_check, UPDATE_OPTION_dry_run, "both ask; --dry-run leaves no trace"},
	{UPDATE_OPTION_check, UPDATE_OPTION_rollback, "one asks, the other changes"},
	{UPDATE_OPTION_check, UPDATE_OPTION_check_config, "give one of them"},
	{UPDATE_OPTION_check, UPDATE_OPTION_daemon, "a daemon updates"},
	{UPDATE_OPTION_dry_run, UPDATE_OPTION_rollback, "one asks, the other changes"},
	{UPDATE_OPTION_dry_run, UPDATE_OPTION_check_config, "give one of them"},
	{UPDATE_OPTION_dry_run, UPDATE_OPTION_daemon, "a daemon updates"},
	{UPDATE_OPTION_rollback, UPDATE_OPTION_check_config, "give one of them"},
	{UPDATE_OPTION_rollback, UPDATE_OPTION_daemon, "a daemon updates"},
	{UPDATE_OPTION_check_config, UPDATE_OPTION_daemon, "give one of them"},
	{UPDATE_OPTION_from, UPDATE_OPTION_follow, "each names the place to take definitions from"},
	{UPDATE_OPTION_from, UPDATE_OPTION_check, "--check asks the sources of the configuration"},
	{UPDATE_OPTION_from, UPDATE_OPTION_dry_run, "--dry-run asks the sources of the configuration"},
	{UPDATE_OPTION_from, UPDATE_OPTION_rollback, "going back takes nothing from anywhere"},
	{UPDATE_OPTION_from, UPDATE_OPTION_check_config, "--check-config takes nothing from anywhere"},
	{UPDATE_OPTION_from, UPDATE_OPTION_daemon, "a daemon takes from the sources of the configuration"},
	{UPDATE_OPTION_from, UPDATE_OPTION_if_older_than, "what is given by hand is looked at in any case"},
	{UPDATE_OPTION_from, UPDATE_OPTION_max_time, "nothing is fetched"},
	{UPDATE_OPTION_follow, UPDATE_OPTION_rollback, "going back takes nothing from anywhere"},
	{UPDATE_OPTION_if_older_than, UPDATE_OPTION_check, "--check asks in any case"},
	{UPDATE_OPTION_if_older_than, UPDATE_OPTION_dry_run, "--dry-run asks in any case"},
	{UPDATE_OPTION_if_older_than, UPDATE_OPTION_rollback, "going back does not wait"},
	{UPDATE_OPTION_if_older_than, UPDATE_OPTION_check_config, "--check-config updates nothing"},
	{UPDATE_OPTION_if_older_than, UPDATE_OPTION_daemon, "a daemon goes by update_interval"},
	{UPDATE_OPTION_random_delay, UPDATE_OPTION_rollback, "going back does not wait"},
	{UPDATE_OPTION_random_delay, UPDATE_OPTION_check_config, "--check-config does not wait"},
	{UPDATE_OPTION_force, UPDATE_OPTION_if_older_than, "--force updates in any case"},
	{UPDATE_OPTION_force, UPDATE_OPTION_rollback, "there is nothing to force"},
	{UPDATE_OPTION_force, UPDATE_OPTION_check_config, "there is nothing to force"},
	{UPDATE_OPTION_force, UPDATE_OPTION_daemon, "a mirror would shut its door; force a single run"},
	{UPDATE_OPTION_max_time, UPDATE_OPTION_rollback, "nothing is fetched"},
	{UPDATE_OPTION_socket, UPDATE_OPTION_no_reload, "one names the scanner, the other leaves it alone"},
	{UPDATE_OPTION_fetch_path, UPDATE_OPTION_check_config, "no program is started"},
	{UPDATE_OPTION_worker_path, UPDATE_OPTION_check_config, "no program is started"},
	{UPDATE_OPTION_format, UPDATE_OPTION_daemon, "a daemon writes a log; see --log"},
	{UPDATE_OPTION_format, UPDATE_OPTION_check_config, "the configuration is printed as it is written"},
	{UPDATE_OPTION_quiet, UPDATE_OPTION_verbose, "give one of them"},
	{UPDATE_OPTION_quiet, UPDATE_OPTION_check_config, "it is there to print something"},
};

static int check(const bool *given, struct why *why)
{
	for (size_t i = 0; i < sizeof clashes / sizeof *clashes; i++) {
		if (!given[clashes[i].one] || !given[clashes[i].other])
			continue;
		char one[OPTION_NAME_MAX], other[OPTION_NAME_MAX];
		option_name(&update_option_rows[clashes[i].one], one, sizeof one);
		option_name(&update_option_rows[clashes[i].other], other, sizeof other);
		return why_set(why, -EINVAL, "--%s and --%s exclude each other: %s", one, other, clashes[i].reason);
	}
	return 0;
}

/* One option; the first mistake is the one to tell. */
static int read_row(struct update_invocation *invocation, enum update_option option, const char *value, struct why *why)
{
	if (option == UPDATE_OPTION_option)
		return read_option(invocation, (char *)(uintptr_t)value, why);
	return read_switch(invocation, option) ? 0 : read_value(invocation, option, value, why);
}

int update_invocation_read(int argc, char **argv, struct update_invocation *ret_invocation, struct why *why)
{
	struct option_parser parser;
	bool given[UPDATE_OPTION_COUNT] = {false};
	const char *value;
	int row, first = 0;
	*ret_invocation = (struct update_invocation){.mode = INVOCATION_ONCE, .task = UPDATE_RUN};
	option_start(&parser, update_option_rows, UPDATE_OPTION_COUNT, argc, argv);
	while ((row = option_next(&parser, &value, first ? NULL : why)) != OPTION_END) {
		int error = row == OPTION_BAD ? -EINVAL : 0;
		if (!error)
			given[row] = true;
		if (row == UPDATE_OPTION_help || row == UPDATE_OPTION_version) {
			ret_invocation->mode = row == UPDATE_OPTION_help ? INVOCATION_HELP : INVOCATION_VERSION;
			return first;
		}
		if (!error)
			error = read_row(ret_invocation, (enum update_option)row, value, first ? NULL : why);
		first = first ? first : error;
	}
	if (!first && optind < argc)
		first = why_set(why, -EINVAL, "\"%.64s\" is an argument, and there are none; --help lists the options",
				argv[optind]);
	return first ? first : check(given, why);
}

void update_invocation_free(struct update_invocation *invocation)
{
	for (size_t i = 0; i < invocation->override_count; i++)
		free(invocation->overrides[i].value);
	free(invocation->overrides);
	free(invocation->from);
	*invocation = (struct update_invocation){.mode = INVOCATION_ONCE};
}

int update_invocation_configure(const struct update_invocation *invocation, struct config *ret_config,
				struct why *ret_warning, struct why *why)
{
	struct why detail = {""};
	int error = config_read(invocation->config, ret_config, ret_warning, why);
	if (error)
		return error;
	for (size_t i = 0; !error && i < invocation->override_count; i++) {
		const struct invocation_override *override = &invocation->overrides[i];
		error = update_settings_set(&ret_config->update, override->key, override->value, &detail);
		if (error)
			(void)why_set(why, error, "%s: %s", override->option, detail.text);
	}
	if (!error) {
		error = update_settings_check(&ret_config->update, &detail);
		if (error)
			(void)why_set(why, error, "%s%s%s", ret_config->path ? ret_config->path : "",
				      ret_config->path ? ": " : "", detail.text);
	}
	if (error)
		config_free(ret_config);
	return error;
}
