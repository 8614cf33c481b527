/*
 * settings.c - reads the command line of csapi-scanner; see settings.h.
 *
 * Refuses numbers out of range rather than clamping them, words that mean nothing, and options that have no effect beside others.
 */
#include "settings.h"

#include "base/processor.h"
#include "gateway/session.h"
#include "options.h"
#include "process/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_QUEUE_DEFAULT           10000
#define CACHE_SIZE_DEFAULT          1000        /* the module's own figure, as in engine_settings.def */
#define MESSAGES_PER_WORKER_DEFAULT 25          /* what a fork costs is then lost in what a scan costs */
#define CLAMD_STREAM_MOST           2147483648u /* bytes: the largest message there is */
#define IDLE_EXIT_MOST              86400       /* seconds: a day, as for the other times */
#define LANDLOCK_ABI_MOST           99
#define FD_MOST                     1023

/* A decimal number from `least` to `most` without sign or blanks. 0, or -EINVAL with why. */
static int read_number(const char *name, const char *text, unsigned least, unsigned most, unsigned *ret,
		       struct why *why)
{
	errno = 0;
	unsigned long value = strtoul(text, NULL, 10);
	if (!*text || strspn(text, "0123456789") != strlen(text) || errno || value < least || value > most)
		return why_set(why, -EINVAL, "--%s=%.32s is not a number from %u to %u", name, text, least, most);
	*ret = (unsigned)value;
	return 0;
}

/* The place of a word among those of an option, in the order of its row. 0, or -EINVAL with why. */
static int read_word(enum scanner_option option, const char *value, unsigned *ret, struct why *why)
{
	const char *words = scanner_options[option].words;
	size_t length = strlen(value);
	char name[OPTION_NAME_MAX];
	option_name(&scanner_options[option], name, sizeof name);
	unsigned place = 0;
	for (const char *word = words; *word; place++) {
		size_t size = strcspn(word, " ");
		if (size == length && strncmp(word, value, size) == 0) {
			*ret = place;
			return 0;
		}
		word += size + (word[size] == ' ');
	}
	return why_set(why, -EINVAL, "--%s=%.32s is not one of: %s", name, value, words);
}

static int read_concurrency(struct scanner_settings *settings, const char *value, struct why *why)
{
	unsigned *count = &settings->supervisor.max_concurrency;
	if (strcmp(value, "auto") == 0)
		*count = processor_count(SUPERVISOR_CONCURRENCY_MAX);
	else if (read_number("max-concurrency", value, 1, SUPERVISOR_CONCURRENCY_MAX, count, NULL))
		return why_set(
			why, -EINVAL,
			"--max-concurrency=%.32s is not a number from 1 to %u; auto takes the number of processors",
			value, SUPERVISOR_CONCURRENCY_MAX);
	return 0;
}

/* The one limit that goes further here than in a request: -o maxCumulativeExtractSize=N. */
static int read_option(struct scanner_settings *settings, const char *value, struct why *why)
{
	static const char key[] = "maxCumulativeExtractSize=";
	unsigned bytes;
	if (strncmp(value, key, sizeof key - 1) != 0)
		return why_set(why, -EINVAL, "-o %.64s is not known; it takes %sN", value, key);
	if (read_number("option", value + sizeof key - 1, 0, LIMITS_CUMULATIVE_MOST, &bytes, NULL))
		return why_set(why, -EINVAL, "-o %sN takes a number of bytes up to %u", key, LIMITS_CUMULATIVE_MOST);
	return limits_set(&settings->supervisor.limits, LIMIT_max_cumulative_extract_size, bytes,
			  LIMITS_CUMULATIVE_MOST, why);
}

static int read_private(struct scanner_settings *settings, const char *value, struct why *why)
{
	unsigned fd;
	int type = 0;
	socklen_t size = sizeof type;
	if (read_number("private", value, 0, FD_MOST, &fd, NULL) ||
	    getsockopt((int)fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_STREAM)
		return why_set(why, -EINVAL, "--private=%.16s is not a socket; csapi-scan sets this option", value);
	/* Workers must not have a way of their own to the client. */
	if (fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0)
		return why_errno(why, -errno, "cannot take --private=%.16s", value);
	settings->supervisor.take_private = (int)fd;
	return 0;
}

static int read_mode(enum scanner_option option, const char *value, mode_t *ret_mode, struct why *why)
{
	char name[OPTION_NAME_MAX];
	option_name(&scanner_options[option], name, sizeof name);
	if (!*value || strlen(value) > 4 || strspn(value, "01234567") != strlen(value) ||
	    strtoul(value, NULL, 8) > 0777)
		return why_set(why, -EINVAL, "--%s=%.32s is not an octal mode from 0 to 0777, such as 0660", name,
			       value);
	*ret_mode = (mode_t)strtoul(value, NULL, 8);
	return 0;
}

static int read_log(struct scanner_settings *settings, const char *value, struct why *why)
{
	if (*value != '/' && strcmp(value, "stderr") != 0 && strcmp(value, "journal") != 0 &&
	    strcmp(value, "none") != 0)
		return why_set(why, -EINVAL,
			       "--scanner-log=%.64s is neither an absolute path nor stderr, journal or none", value);
	settings->log = value;
	return 0;
}

static int read_isolation(struct scanner_settings *settings, const char *value, struct why *why)
{
	enum { REQUIRE, DEGRADE, OFF }; /* the words of the row */
	unsigned word;
	int error = read_word(SCANNER_OPTION_isolation, value, &word, why);
	if (!error) {
		settings->supervisor.degrade = word != REQUIRE;
		settings->supervisor.isolation_off = word == OFF;
	}
	return error;
}

/* Options that only switch something or name a place; false: it is not one of them. */
static bool read_plain(struct scanner_settings *settings, enum scanner_option option, const char *value)
{
	switch (option) {
	case SCANNER_OPTION_listen:
		settings->listen = value;
		return true;
	case SCANNER_OPTION_clamd_socket:
		settings->clamd_socket = value;
		return true;
	case SCANNER_OPTION_clamd_listen:
		settings->clamd_listen = value;
		return true;
	case SCANNER_OPTION_low_memory:
		settings->supervisor.low_memory = true;
		return true;
	case SCANNER_OPTION_no_engine:
		settings->supervisor.no_engine = true;
		return true;
	case SCANNER_OPTION_no_namespaces:
		settings->supervisor.no_namespaces = true;
		return true;
	case SCANNER_OPTION_definitions:
		settings->supervisor.definitions = value;
		return true;
	case SCANNER_OPTION_file_base:
		settings->supervisor.file_base = value;
		return true;
	case SCANNER_OPTION_passwords:
		settings->supervisor.passwords = value;
		return true;
	case SCANNER_OPTION_worker_path:
		settings->supervisor.worker_path = value;
		return true;
	case SCANNER_OPTION_user:
		settings->user = value;
		return true;
	case SCANNER_OPTION_socket:
		settings->socket = value;
		return true;
	case SCANNER_OPTION_config:
		settings->config_path = value;
		return true;
	case SCANNER_OPTION_engine:
		settings->engine_name = value;
		return true;
	case SCANNER_OPTION_check_config:
		settings->task = SCANNER_CHECK_CONFIG;
		return true;
	case SCANNER_OPTION_help:
		settings->task = SCANNER_HELP;
		return true;
	case SCANNER_OPTION_version:
		settings->task = SCANNER_VERSION;
		return true;
	default:
		return false;
	}
}

static int read_value(struct scanner_settings *settings, enum scanner_option option, const char *value, struct why *why)
{
	struct supervisor_options *supervisor = &settings->supervisor;
	unsigned word = 0;
	int error;
	switch (option) {
	case SCANNER_OPTION_private:
		return read_private(settings, value, why);
	case SCANNER_OPTION_socket_mode:
		return read_mode(SCANNER_OPTION_socket_mode, value, &settings->socket_mode, why);
	case SCANNER_OPTION_clamd_socket_mode:
		return read_mode(SCANNER_OPTION_clamd_socket_mode, value, &settings->clamd_socket_mode, why);
	case SCANNER_OPTION_clamd_stream_max:
		return read_number("clamd-stream-max", value, 1, CLAMD_STREAM_MOST, &settings->clamd_stream_max, why);
	case SCANNER_OPTION_max_concurrency:
		return read_concurrency(settings, value, why);
	case SCANNER_OPTION_max_queue:
		return read_number("max-queue", value, 1, SUPERVISOR_QUEUE_MAX, &supervisor->max_queue, why);
	case SCANNER_OPTION_cache_size:
		return read_number("cache-size", value, 0, CACHE_MOST, &supervisor->cache_size, why);
	case SCANNER_OPTION_idle_exit:
		return read_number("idle-exit", value, 0, IDLE_EXIT_MOST, &supervisor->idle_exit, why);
	case SCANNER_OPTION_messages_per_worker:
		return read_number("messages-per-worker", value, 1, SUPERVISOR_MESSAGES_MAX,
				   &supervisor->messages_per_worker, why);
	case SCANNER_OPTION_landlock_abi:
		return read_number("landlock-abi", value, 1, LANDLOCK_ABI_MOST, &supervisor->landlock_abi, why);
	case SCANNER_OPTION_scanner_log:
		return read_log(settings, value, why);
	case SCANNER_OPTION_log_level:
		error = read_word(option, value, &word, why);
		settings->log_level = error ? settings->log_level : (enum log_level)word;
		return error;
	case SCANNER_OPTION_isolation:
		return read_isolation(settings, value, why);
	case SCANNER_OPTION_format:
		error = read_word(option, value, &word, why);
		settings->format = (enum scanner_format)word;
		return error;
	case SCANNER_OPTION_option:
		return read_option(settings, value, why);
	default:
		return limits_parse(&supervisor->limits, limits_find(scanner_options[option].key), value, why);
	}
}

/* The word behind the options, if there is one. */
static int read_command(struct scanner_settings *settings, int count, char **words, struct why *why)
{
	if (!count || settings->task != SCANNER_SERVE)
		return 0;
	if (command_find(words[0], &settings->command))
		return why_set(why, -EINVAL,
			       "\"%.64s\" is not a command; there are status, stats, reload, stop and ping", words[0]);
	if (count > 1)
		return why_set(why, -EINVAL, "\"%.64s\" is too much behind the command %s", words[1], words[0]);
	settings->task = SCANNER_COMMAND;
	return 0;
}

/* Options that have no effect beside others. `given` tells of each row whether it was there. */
static int check(const struct scanner_settings *settings, const bool *given, struct why *why)
{
	static const enum scanner_option both[] = {SCANNER_OPTION_config, SCANNER_OPTION_engine};
	static const enum scanner_option service[] = {
		SCANNER_OPTION_listen,          SCANNER_OPTION_socket_mode,  SCANNER_OPTION_idle_exit,
		SCANNER_OPTION_low_memory,      SCANNER_OPTION_config,       SCANNER_OPTION_engine,
		SCANNER_OPTION_clamd_socket,    SCANNER_OPTION_clamd_listen, SCANNER_OPTION_clamd_socket_mode,
		SCANNER_OPTION_clamd_stream_max};
	bool command = settings->task == SCANNER_COMMAND, private = settings->supervisor.take_private >= 0;
	char name[OPTION_NAME_MAX];
	for (int i = 0; i < SCANNER_OPTION_COUNT; i++) {
		bool for_command = i == SCANNER_OPTION_socket || i == SCANNER_OPTION_format;
		if (!given[i] || for_command == command || i == (int)both[0] || i == (int)both[1])
			continue;
		option_name(&scanner_options[i], name, sizeof name);
		return command ? why_set(why, -EINVAL, "--%s is for serving; %s takes --socket and --format", name,
					 command_word(settings->command))
			       : why_set(why, -EINVAL, "--%s is for a command, such as csapi-scanner status", name);
	}
	for (size_t i = 0; private && i < sizeof service / sizeof *service; i++) {
		option_name(&scanner_options[service[i]], name, sizeof name);
		if (given[service[i]])
			return why_set(why, -EINVAL, "--%s has no meaning with --private, which serves one client",
				       name);
	}
	if (settings->supervisor.no_engine && !private)
		return why_set(why, -EINVAL, "--no-engine is for --private: a scanner that stays must be able to scan");
	if (settings->supervisor.no_engine && settings->supervisor.definitions)
		return why_set(why, -EINVAL, "--no-engine loads no definitions; leave out --definitions");
	if (settings->format == SCANNER_PROMETHEUS && settings->command != COMMAND_STATS)
		return why_set(why, -EINVAL, "--format=prometheus is for the command stats");
	return 0;
}

static void set_defaults(struct scanner_settings *ret_settings)
{
	*ret_settings = (struct scanner_settings){
		.supervisor = {.take_private = -1,
			       .max_queue = MAX_QUEUE_DEFAULT,
			       .cache_size = CACHE_SIZE_DEFAULT,
			       .messages_per_worker = MESSAGES_PER_WORKER_DEFAULT},
		.socket_mode = geteuid() == 0 ? 0666 : 0600,
		.clamd_socket_mode = geteuid() == 0 ? 0666 : 0600,
		.clamd_stream_max = SESSION_STREAM_DEFAULT,
		.log_level = LOG_LEVEL_NOTICE,
	};
	limits_defaults(&ret_settings->supervisor.limits);
}

/* What was not said, where it depends on whom it serves. */
static void settle(struct scanner_settings *settings, const bool *given)
{
	bool private = settings->supervisor.take_private >= 0;
	if (!settings->supervisor.max_concurrency)
		settings->supervisor.max_concurrency = private ? 1 : processor_count(SUPERVISOR_CONCURRENCY_MAX);
	if (private && !given[SCANNER_OPTION_isolation])
		settings->supervisor.degrade = true;
	/* The messages of one call are seldom the same, and the process for digests costs a start. */
	if (private && !given[SCANNER_OPTION_cache_size])
		settings->supervisor.cache_size = 0;
	if (private && !settings->log)
		settings->log = "none";
}

/* What the configuration says and no option does. */
static void adopt(struct scanner_settings *settings, const bool *given)
{
	struct supervisor_options *supervisor = &settings->supervisor;
	const struct engine_settings *engine = settings->engine;
	if (!given[SCANNER_OPTION_definitions])
		supervisor->definitions =
			engine->definitions ? engine->definitions : config_definitions(&settings->config);
	if (!given[SCANNER_OPTION_file_base])
		supervisor->file_base = engine->file_base;
	if (!given[SCANNER_OPTION_passwords])
		supervisor->passwords = engine->passwords;
	if (!given[SCANNER_OPTION_scanner_log])
		settings->log = engine->scanner_log;
	if (!given[SCANNER_OPTION_socket])
		settings->socket = engine->socket;
	settings->usual_listen = engine->socket;
	if (!given[SCANNER_OPTION_clamd_socket])
		settings->clamd_socket = engine->clamd_socket;
	if (!given[SCANNER_OPTION_clamd_listen])
		settings->clamd_listen = engine->clamd_listen;
	if (!given[SCANNER_OPTION_cache_size])
		supervisor->cache_size = (unsigned)engine->cache_size;
	/* The scanner's log knows nothing more urgent than an error. */
	if (!given[SCANNER_OPTION_log_level] && engine->lines[ENGINE_ROW_debug_level])
		settings->log_level = engine->debug_level == ENGINE_DEBUG_CRITICAL
					      ? LOG_LEVEL_ERROR
					      : (enum log_level)(engine->debug_level - ENGINE_DEBUG_ERROR);
	/* Of an engine that nobody wrote there is no mandatory value. */
	if (!given[SCANNER_OPTION_max_concurrency] && engine->antivirus) {
		supervisor->max_concurrency = (unsigned)engine->max_concurrency;
		settings->one_worker = !engine->lines[ENGINE_ROW_max_concurrency];
	}
	for (int i = 0; i < LIMIT_COUNT; i++) {
		if (supervisor->limits.set[i] || !engine->limits.set[i])
			continue;
		supervisor->limits.value[i] = engine->limits.value[i];
		supervisor->limits.set[i] = true;
	}
}

/* Reads the configuration, where it counts. */
static int configure(struct scanner_settings *settings, const bool *given, struct why *why)
{
	bool private = settings->supervisor.take_private >= 0;
	if (settings->task == SCANNER_HELP || settings->task == SCANNER_VERSION || private)
		return 0;
	if (config_read(settings->config_path, &settings->config, NULL, why))
		return -EINVAL;
	settings->configured = true;
	if (engines_settings_csapi(&settings->config.engines, settings->engine_name, &settings->engine, why))
		return -EINVAL;
	if (settings->engine)
		adopt(settings, given);
	return 0;
}

int scanner_settings_read(int argc, char **argv, struct scanner_settings *ret_settings, struct why *why)
{
	struct option_parser parser;
	bool given[SCANNER_OPTION_COUNT] = {false};
	const char *value;
	int row, error = 0;
	set_defaults(ret_settings);
	option_start(&parser, scanner_options, SCANNER_OPTION_COUNT, argc, argv);
	while (!error && (row = option_next(&parser, &value, why)) != OPTION_END) {
		if (row == OPTION_BAD)
			return -EINVAL;
		given[row] = true;
		if (!read_plain(ret_settings, (enum scanner_option)row, value))
			error = read_value(ret_settings, (enum scanner_option)row, value, why);
	}
	error = error ? error : read_command(ret_settings, argc - optind, argv + optind, why);
	if (error)
		return -EINVAL;
	if (ret_settings->task == SCANNER_HELP || ret_settings->task == SCANNER_VERSION)
		return 0;
	error = check(ret_settings, given, why);
	error = error ? error : configure(ret_settings, given, why);
	if (!error)
		settle(ret_settings, given);
	return error;
}

void scanner_settings_free(struct scanner_settings *settings)
{
	if (settings->configured)
		config_free(&settings->config);
	settings->configured = false;
	settings->engine = NULL;
}
