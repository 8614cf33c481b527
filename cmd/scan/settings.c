/*
 * settings.c - reads the command line of csapi-scan; see settings.h.
 *
 * Refuses numbers out of range rather than clamping them, and options that cannot hold together. Each kind of mistake has the
 * scan code that a pipeline finds in the verdict.
 */
#include "settings.h"

#include "format/password_file.h"
#include "options.h"
#include "verdict/age.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define READ_TIMEOUT_DEFAULT 300   /* seconds; longer than any mail program waits for its own input */
#define SECONDS_MOST         86400 /* a day, as for the other times */
#define DEADLINE_MDA         240   /* seconds: maildrop gives up after 300, procmail after 960; others can be told */
#define EXIT_TROUBLE         2
#define EXIT_TRY_LATER       75 /* EX_TEMPFAIL of sysexits(3): the mail program keeps the message and comes back */

/* A decimal number from 1 to `most` without sign or blanks; 0 if it is none. */
static unsigned long number(const char *text, unsigned long most)
{
	if (text[0] == '\0' || strspn(text, "0123456789") != strlen(text))
		return 0;
	errno = 0;
	unsigned long value = strtoul(text, NULL, 10);
	return errno || value > most ? 0 : value;
}

static enum scan_code read_jobs(struct settings *settings, const char *value, struct why *why)
{
	bool chosen = strcmp(value, "auto") == 0; /* by the client, who knows the scanner */
	unsigned long jobs = chosen ? 0 : number(value, CLIENT_CONCURRENCY_MAX);
	if (jobs || chosen) {
		settings->client.max_concurrency = (unsigned)jobs;
		return SCAN_CODE_NONE;
	}
	(void)why_set(why, 0, "--jobs=%s is not a number from 1 to %u; --jobs=auto keeps the scanner busy", value,
		      CLIENT_CONCURRENCY_MAX);
	return GEN_RESULT_PARAMETER_INVALID;
}

static enum scan_code read_seconds(enum scan_option option, const char *value, int64_t *ret_seconds, struct why *why)
{
	unsigned long seconds = number(value, SECONDS_MOST);
	if (seconds) {
		*ret_seconds = (int64_t)seconds;
		return SCAN_CODE_NONE;
	}
	char name[OPTION_NAME_MAX];
	option_name(&scan_options[option], name, sizeof name);
	(void)why_set(why, 0, "--%s=%s is not a number of seconds from 1 to %d", name, value, SECONDS_MOST);
	return GEN_RESULT_PARAMETER_INVALID;
}

static enum scan_code read_max_age(struct settings *settings, const char *value, struct why *why)
{
	struct why that;
	if (age_parse(value, &settings->client.max_age, &that) == 0)
		return SCAN_CODE_NONE;
	(void)why_set(why, 0, "--max-age: %s", that.text);
	return GEN_RESULT_PARAMETER_INVALID;
}

/* The number of `value` among the words of the option's row; -1: it is none. */
static int word_number(enum scan_option option, const char *value)
{
	const char *words = scan_options[option].words;
	size_t size = strlen(value);
	for (int number = 0;; number++) {
		size_t length = strcspn(words, " ");
		if (size && length == size && memcmp(words, value, size) == 0)
			return number;
		if (words[length] == '\0')
			return -1;
		words += length + 1;
	}
}

static enum scan_code read_word(enum scan_option option, const char *value, int *ret_number, struct why *why)
{
	*ret_number = word_number(option, value);
	if (*ret_number >= 0)
		return SCAN_CODE_NONE;
	(void)why_set(why, 0, "--%s=%s is none of: %s", scan_options[option].key, value, scan_options[option].words);
	return GEN_RESULT_PARAMETER_INVALID;
}

static enum scan_code read_format(struct settings *settings, const char *value, struct why *why)
{
	int number;
	enum scan_code code = read_word(SCAN_OPTION_format, value, &number, why);
	if (!code)
		settings->format = (enum settings_format)number;
	return code;
}

static enum scan_code read_exit(struct settings *settings, const char *value, struct why *why)
{
	int number;
	enum scan_code code = read_word(SCAN_OPTION_exit, value, &number, why);
	if (!code)
		settings->exit = (enum settings_exit)number;
	return code;
}

static enum scan_code read_engine(struct settings *settings, const char *value, struct why *why)
{
	struct selection_wish *wish = &settings->wish;
	if (wish->name_count == ENGINES_MAX) {
		(void)why_set(why, 0, "--engine was given more than %u times", ENGINES_MAX);
		return GEN_RESULT_PARAMETER_INVALID;
	}
	wish->names[wish->name_count++] = value;
	return SCAN_CODE_NONE;
}

static enum scan_code read_context(struct settings *settings, const char *value, struct why *why)
{
	struct selection_wish *wish = &settings->wish;
	const char *equals = strchr(value, '=');
	if (!equals || equals == value) {
		(void)why_set(why, 0, "--context=%.64s is not NAME=VALUE", value);
		return GEN_RESULT_PARAMETER_INVALID;
	}
	if (wish->context_count == SELECTION_CONTEXTS_MAX) {
		(void)why_set(why, 0, "--context was given more than %u times", SELECTION_CONTEXTS_MAX);
		return GEN_RESULT_PARAMETER_INVALID;
	}
	wish->contexts[wish->context_count++] = value;
	return SCAN_CODE_NONE;
}

static enum scan_code read_part(struct settings *settings, const char *value, struct why *why)
{
	if (request_part_valid(value)) {
		(void)strcpy(settings->request.part, value);
		return SCAN_CODE_NONE;
	}
	(void)why_set(why, 0, "--part=%.64s is not the id of a part; take one from a verdict, such as 1.2", value);
	return DEC_RESULT_PARAMETER_INVALID;
}

static enum scan_code read_limit(struct settings *settings, enum limit limit, const char *value, struct why *why)
{
	int error = limits_parse(&settings->client.limits, limit, value, why);
	return !error ? SCAN_CODE_NONE : error == -ERANGE ? DEC_RESULT_POLICY_INVALID : GEN_RESULT_PARAMETER_INVALID;
}

/* "infected,encrypted": words of repair.def. */
static enum scan_code read_disinfect(struct settings *settings, const char *value, struct why *why)
{
	settings->disinfect = true;
	settings->policy.remove[REPAIR_INFECTED] = true;
	for (const char *word = value; word;) {
		enum repair_reason reason;
		size_t length = strcspn(word, ",");
		if (repair_reason_find(word, length, &reason)) {
			(void)why_set(why, 0,
				      "--disinfect=%.64s: write infected, encrypted or malformed, with commas between",
				      value);
			return GEN_RESULT_PARAMETER_INVALID;
		}
		settings->policy.remove[reason] = true;
		word = word[length] ? word + length + 1 : NULL;
	}
	return SCAN_CODE_NONE;
}

/* The options that only choose what to do instead of a scan: the first one counts. */
static void choose(struct settings *settings, enum settings_task task)
{
	if (settings->task == SETTINGS_SCAN)
		settings->task = task;
}

/* Options that only switch something; false: it is not one of them. */
static bool read_switch(struct settings *settings, enum scan_option option)
{
	switch (option) {
	case SCAN_OPTION_recursive:
		settings->recursive = true;
		return true;
	case SCAN_OPTION_wire:
		settings->request.wire = true;
		return true;
	case SCAN_OPTION_first_threat:
		settings->request.first_threat = true;
		return true;
	case SCAN_OPTION_paranoid:
		settings->request.paranoid = true;
		return true;
	case SCAN_OPTION_mime_decompose:
		settings->request.part_by_part = true;
		return true;
	case SCAN_OPTION_null:
		settings->null = true;
		return true;
	case SCAN_OPTION_all_parts:
		settings->all_parts = true;
		return true;
	case SCAN_OPTION_quiet:
		settings->quiet = true;
		return true;
	case SCAN_OPTION_private:
		settings->private_scanner = true;
		return true;
	case SCAN_OPTION_no_progress:
		settings->no_progress = true;
		return true;
	case SCAN_OPTION_hook:
		settings->wish.hook = true;
		return true;
	default:
		return false;
	}
}

static bool read_task(struct settings *settings, enum scan_option option, const char *value)
{
	switch (option) {
	case SCAN_OPTION_explain:
		settings->explain = value;
		choose(settings, SETTINGS_EXPLAIN);
		return true;
	case SCAN_OPTION_engines:
		choose(settings, SETTINGS_ENGINES);
		return true;
	case SCAN_OPTION_check_config:
		choose(settings, SETTINGS_CHECK_CONFIG);
		return true;
	case SCAN_OPTION_self_test:
		choose(settings, SETTINGS_SELF_TEST);
		return true;
	case SCAN_OPTION_version:
		choose(settings, SETTINGS_VERSION);
		return true;
	case SCAN_OPTION_help:
		choose(settings, SETTINGS_HELP);
		return true;
	default:
		return false;
	}
}

static enum scan_code read_passwords(struct settings *settings, const char *value, struct why *why)
{
	int error = password_file_read(value, &settings->request.passwords, why);
	return error ? error == -ENOMEM ? GEN_RESULT_OUT_OF_MEMORY : GEN_RESULT_PARAMETER_INVALID : SCAN_CODE_NONE;
}

static enum scan_code read_value(struct settings *settings, enum scan_option option, const char *value, struct why *why)
{
	switch (option) {
	case SCAN_OPTION_files0_from:
		settings->files0_from = value;
		return SCAN_CODE_NONE;
	case SCAN_OPTION_definitions:
		settings->client.definitions = value;
		return SCAN_CODE_NONE;
	case SCAN_OPTION_file_base:
		settings->client.file_base = value;
		return SCAN_CODE_NONE;
	case SCAN_OPTION_scanner_path:
		settings->client.scanner_path = value;
		return SCAN_CODE_NONE;
	case SCAN_OPTION_socket:
		settings->client.socket = value;
		return SCAN_CODE_NONE;
	case SCAN_OPTION_config:
		settings->config_path = value;
		return SCAN_CODE_NONE;
	case SCAN_OPTION_engine:
		return read_engine(settings, value, why);
	case SCAN_OPTION_context:
		return read_context(settings, value, why);
	case SCAN_OPTION_part:
		return read_part(settings, value, why);
	case SCAN_OPTION_read_timeout:
		return read_seconds(SCAN_OPTION_read_timeout, value, &settings->read_timeout, why);
	case SCAN_OPTION_max_age:
		return read_max_age(settings, value, why);
	case SCAN_OPTION_format:
		return read_format(settings, value, why);
	case SCAN_OPTION_exit:
		return read_exit(settings, value, why);
	case SCAN_OPTION_deadline:
		return read_seconds(SCAN_OPTION_deadline, value, &settings->deadline, why);
	case SCAN_OPTION_expect:
		settings->expect = value;
		return SCAN_CODE_NONE;
	case SCAN_OPTION_passwords:
		return read_passwords(settings, value, why);
	case SCAN_OPTION_disinfect:
		return read_disinfect(settings, value, why);
	case SCAN_OPTION_output:
		settings->output = value;
		return SCAN_CODE_NONE;
	case SCAN_OPTION_jobs:
		return read_jobs(settings, value, why);
#define LIMIT(key, unit, min, max, def, code, text)                                                                    \
	case SCAN_OPTION_##key:                                                                                        \
		return read_limit(settings, LIMIT_##key, value, why);
#include "verdict/limits.def"
#undef LIMIT
	default:
		abort(); /* a row of the table that nobody reads */
	}
}

/* Options that a scanner that runs cannot follow. */
static bool needs_private(const struct settings *settings)
{
	const struct client_options *client = &settings->client;
	return settings->private_scanner || client->definitions || client->file_base || client->scanner_path;
}

/* Formats that can tell of one input only. */
static bool for_one(enum settings_format format)
{
	return format == SETTINGS_SH || format == SETTINGS_SIEVE || format == SETTINGS_FILTER;
}

/* What is wrong with the wish to repair; NULL: nothing. */
static const char *repair_contradiction(const struct settings *settings, bool several)
{
	bool filter = settings->format == SETTINGS_FILTER;
	if (settings->output && !settings->disinfect)
		return "--output is for the message that --disinfect repairs; add that, or leave it out";
	if (!settings->disinfect)
		return NULL;
	if (several)
		return "--disinfect is for one input; leave out the others, --recursive and --files0-from";
	if (filter && settings->output)
		return "--format=filter passes the repaired message on to standard output; leave out --output";
	if (!filter && !settings->output)
		return "--disinfect needs --output=FILE for the repaired message, or --format=filter";
	if (settings->output && !settings->output[0])
		return "--output needs the name of a file, or -";
	if (settings->output && strcmp(settings->output, "-") == 0 && !settings->quiet)
		return "--output=- needs --quiet: the verdict would stand in the message";
	if (settings->request.part[0])
		return "--part is not for --disinfect, which repairs a whole message; leave one out";
	if (settings->request.first_threat)
		return "--first-threat is not for --disinfect, which needs to know all that is in a message; leave one "
		       "out";
	return NULL;
}

/* What is wrong with the way verdicts are to be written; NULL: nothing. */
static const char *output_contradiction(const struct settings *settings, bool several)
{
	enum settings_format format = settings->format;
	if (for_one(format) && several)
		return "--format=sh, --format=sieve and --format=filter are for one input; leave out the others, "
		       "--recursive "
		       "and --files0-from";
	if (settings->all_parts && format != SETTINGS_TEXT)
		return "--all-parts is for --format=text; a JSON document lists all parts";
	if (settings->null && format != SETTINGS_JSON && format != SETTINGS_TEXT && format != SETTINGS_SH)
		return "--null is for verdicts in JSON, text or sh; leave it out, or choose such a --format";
	if (format == SETTINGS_FILTER && settings->quiet)
		return "--quiet would throw the message away that --format=filter passes on; leave one out";
	if (format == SETTINGS_FILTER && settings->request.part[0])
		return "--part is not for --format=filter, which passes a whole message on; leave one out";
	if (settings->expect && for_one(format))
		return "--expect is for --format=tap, junit, json, text or clam; choose one of these";
	return NULL;
}

/* What is wrong with options that are each well-formed; NULL: nothing. */
static const char *contradiction(const struct settings *settings)
{
	bool inputs = settings->input_count || settings->files0_from || settings->recursive;
	bool several = settings->input_count > 1 || settings->files0_from || settings->recursive;
	if (settings->task == SETTINGS_SELF_TEST && (inputs || settings->request.part[0] || settings->request.wire))
		return "--self-test scans samples of its own; leave out FILE, --recursive, --files0-from, --part and "
		       "--wire";
	if (settings->task == SETTINGS_EXPLAIN && inputs)
		return "--explain scans nothing; leave out FILE, --recursive and --files0-from";
	if (settings->files0_from && settings->input_count)
		return "--files0-from and FILE exclude each other; put the names into the list";
	if (settings->request.part[0] && several)
		return "--part needs exactly one input; leave out the others, --recursive and --files0-from";
	if (settings->client.socket && settings->private_scanner)
		return "--socket and --private exclude each other; leave one out";
	if (settings->client.socket && needs_private(settings))
		return "--definitions, --file-base and --scanner-path are for a private scanner; leave out --socket, "
		       "or "
		       "start a csapi-scanner there with them";
	if ((settings->task == SETTINGS_ENGINES || settings->task == SETTINGS_CHECK_CONFIG) && inputs)
		return "--engines and --check-config scan nothing; leave out FILE, --recursive and --files0-from";
	const char *repair = repair_contradiction(settings, several);
	return repair ? repair : output_contradiction(settings, several);
}

/* The whole command line. SCAN_CODE_NONE, or the code of the first mistake with why. */
static enum scan_code read_options(struct settings *settings, int argc, char **argv, struct why *why)
{
	struct option_parser parser;
	option_start(&parser, scan_options, SCAN_OPTION_COUNT, argc, argv);
	enum scan_code first = SCAN_CODE_NONE;
	struct why later;
	const char *value;
	int option;
	/* After a mistake it only looks for what the user wanted; the first mistake is the one to tell. */
	while ((option = option_next(&parser, &value, first ? &later : why)) != OPTION_END) {
		enum scan_code code = SCAN_CODE_NONE;
		if (option == OPTION_BAD)
			code = GEN_RESULT_PARAMETER_INVALID;
		else if (!read_switch(settings, (enum scan_option)option) &&
			 !read_task(settings, (enum scan_option)option, value))
			code = read_value(settings, (enum scan_option)option, value, first ? &later : why);
		first = first ? first : code;
	}
	return first;
}

/* Who repairs: the first engine of ours, whatever becomes of it in the scan. */
static enum scan_code choose_repairer(struct settings *settings, struct why *why)
{
	const struct selection *all = &settings->selection;
	if (!settings->disinfect || settings->task != SETTINGS_SCAN || all->refused != EC_AV_CLEAN)
		return SCAN_CODE_NONE;
	for (unsigned i = 0; i < all->count; i++) {
		if (all->engines[i]->kind != ENGINE_CSAPI)
			continue;
		settings->repairer = (struct selection){.count = 1, .refused = EC_AV_CLEAN};
		settings->repairer.engines[0] = all->engines[i];
		settings->repairer.states[0] = ANSWER_GIVEN;
		return SCAN_CODE_NONE;
	}
	(void)why_set(why, 0, "--disinfect needs an engine of the kind csapi, which repairs; none is chosen");
	return GEN_RESULT_POLICY_INVALID;
}

/* The engines of the configuration, as far as it is needed. A wrong one is no reason to scan by another one's rules. */
static enum scan_code configure(struct settings *settings, struct why *why)
{
	switch (settings->task) {
	case SETTINGS_SCAN:
	case SETTINGS_SELF_TEST:
	case SETTINGS_ENGINES:
	case SETTINGS_CHECK_CONFIG:
		break;
	default:
		return SCAN_CODE_NONE;
	}
	int error = config_read(settings->config_path, &settings->config, NULL, why);
	if (error)
		return error == -ENOMEM ? GEN_RESULT_OUT_OF_MEMORY : GEN_RESULT_POLICY_INVALID;
	settings->configured = true;
	selection_make(&settings->config.engines, &settings->wish, &settings->selection);
	return choose_repairer(settings, why);
}

/* What is expected, as far as it is needed. */
static enum scan_code expect(struct settings *settings, struct why *why)
{
	if (!settings->expect || settings->task != SETTINGS_SCAN)
		return SCAN_CODE_NONE;
	int error = expectations_read(settings->expect, &settings->expectations, why);
	settings->expected = !error;
	return error ? error == -ENOMEM ? GEN_RESULT_OUT_OF_MEMORY : GEN_RESULT_PARAMETER_INVALID : SCAN_CODE_NONE;
}

enum scan_code settings_read(int argc, char **argv, struct settings *ret_settings, struct why *why)
{
	struct settings *settings = ret_settings;
	*settings = (struct settings){.read_timeout = READ_TIMEOUT_DEFAULT, .client.way = CLIENT_AUTO};
	request_init(&settings->request);
	limits_defaults(&settings->client.limits);
	enum scan_code first = read_options(settings, argc, argv, why);
	if (settings->client.socket)
		settings->client.way = CLIENT_RESIDENT;
	else if (needs_private(settings))
		settings->client.way = CLIENT_PRIVATE;
	settings->inputs = argv + optind;
	settings->input_count = (unsigned)(argc - optind);
	const char *clash = first ? NULL : contradiction(settings);
	if (clash) {
		(void)why_set(why, 0, "%s", clash);
		first = GEN_RESULT_POLICY_INVALID;
	}
	if (!settings->deadline && settings->exit == SETTINGS_EXIT_MDA && settings->task == SETTINGS_SCAN)
		settings->deadline = DEADLINE_MDA;
	/* After a mistake too: it may name the variables that the verdict sets. */
	struct why that;
	enum scan_code code = configure(settings, first ? &that : why);
	first = first ? first : code;
	return first ? first : expect(settings, why);
}

void settings_free(struct settings *settings)
{
	if (settings->configured)
		config_free(&settings->config);
	settings->configured = false;
	if (settings->expected)
		expectations_free(&settings->expectations);
	settings->expected = false;
}

bool settings_take_standard_input(const struct settings *settings)
{
	if (settings->files0_from)
		return false;
	for (unsigned i = 0; i < settings->input_count; i++)
		if (strcmp(settings->inputs[i], "-") == 0)
			return true;
	return settings->input_count == 0;
}

int settings_exit_trouble(const struct settings *settings)
{
	return settings->exit == SETTINGS_EXIT_MDA ? EXIT_TRY_LATER : EXIT_TROUBLE;
}

int64_t settings_drain_seconds(const struct settings *settings)
{
	const struct limits *limits = &settings->client.limits;
	if (!limits->set[LIMIT_timeout] && settings->selection.count)
		limits = &settings->selection.engines[0]->limits;
	return (int64_t)limits_effective(limits, LIMIT_timeout);
}
