/*
 * record.c - log and standard error; see record.h.
 */
#include "record.h"

#include "../complain.h"
#include "../progress_line.h"
#include "base/clock.h"
#include "format/update_json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool on_stderr; /* the log is there */

int update_record_open(const struct update_settings *settings, bool daemon, bool verbose, struct why *why)
{
	const char *usual = log_stderr_is_journal() ? "journal" : daemon ? "stderr" : "none";
	const char *destination = settings->log ? settings->log : usual;
	int error = log_open(destination, verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, why);
	if (!error)
		on_stderr = strcmp(destination, "stderr") == 0 || strcmp(destination, "journal") == 0;
	return error;
}

void update_record_say(enum log_level level, const char *format, ...)
{
	char text[1024];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	progress_line_clear();
	log_write(level, "%s", text);
	if (!on_stderr)
		complain("%s", text);
}

void update_record_start(enum update_task task, const struct update_settings *settings)
{
	log_write(LOG_LEVEL_INFO, "%s of %s begins", update_task_word(task), settings->directory);
}

bool update_record_well(enum update_outcome outcome)
{
	switch (outcome) {
	case UPDATE_UPDATED:
	case UPDATE_AVAILABLE:
	case UPDATE_ROLLED_BACK:
	case UPDATE_CURRENT:
	case UPDATE_NOT_DUE:
		return true;
	default:
		return false;
	}
}

void update_record_result(const struct update_result *result)
{
	for (uint32_t i = 0; i < result->part_count; i++) {
		const struct update_part *part = &result->parts[i];
		char *line = update_text_source(part);
		log_write(update_record_well(part->outcome) ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "%s",
			  line ? line : part->name);
		free(line);
	}
	if (result->scanner.running)
		log_write(result->scanner.done ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "the scanner that runs %s%s%s",
			  result->scanner.done ? "uses these definitions" : "uses others",
			  *result->scanner.text ? ": " : "", result->scanner.text);
	/* Trouble is said by whoever tells a person, with what to do about it. */
	if (update_record_well(result->outcome))
		log_write(LOG_LEVEL_NOTICE, "%s: %s", update_outcome_word(result->outcome), result->text);
}

/* What became of the definitions, where nothing new came. */
static const char *remaining(const struct update_result *result)
{
	if (result->damaged)
		return "";
	switch (result->outcome) {
	case UPDATE_UNREACHABLE:
	case UPDATE_REJECTED:
	case UPDATE_NO_SPACE:
	case UPDATE_RATE_LIMITED:
		return *result->after_id ? "; the old definitions stay in use" : "; there are no definitions yet";
	default:
		return "";
	}
}

/* What to do about trouble. */
static const char *advice(const struct update_result *result)
{
	if (result->code != SCAN_CODE_NONE)
		return "; set key or key_file of the feed, or leave the feed out";
	switch (result->outcome) {
	case UPDATE_CONFIGURATION:
		return "; --check-config tells what is in force";
	case UPDATE_PARTIAL:
		return "; the next update tries again what is missing";
	case UPDATE_RATE_LIMITED:
		return "; wait as long, or serve several machines from a mirror of your own (private_mirrors)";
	case UPDATE_UNREACHABLE:
		return "; look at the network, proxy, dns and mirrors";
	case UPDATE_NO_SPACE:
		return "; make room, or put directory somewhere else";
	case UPDATE_LOCKED:
		return "; nothing was done";
	default:
		return "";
	}
}

void update_record_trouble(const struct update_result *result)
{
	char when[CLOCK_TEXT_SIZE] = "";
	if (update_record_well(result->outcome) && !result->damaged)
		return;
	if (result->outcome == UPDATE_RATE_LIMITED && result->next > 0)
		clock_text(result->next, when, sizeof when);
	bool until = *when && !strstr(result->text, when);
	bool mild = result->outcome == UPDATE_RATE_LIMITED || result->outcome == UPDATE_LOCKED ||
		    update_record_well(result->outcome);
	update_record_say(mild ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR, "%s: %s%s%s%s%s",
			  update_outcome_word(result->outcome), result->text, until ? ", until " : "",
			  until ? when : "", remaining(result), advice(result));
}
