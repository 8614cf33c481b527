/*
 * verdict.c - verdicts on standard output; see verdict.h.
 */
#include "verdict.h"

#include "../progress_line.h"
#include "base/fd.h"
#include "filter.h"
#include "format/verdict_json.h"
#include "format/verdict_line.h"
#include "format/verdict_sh.h"
#include "format/verdict_text.h"
#include "notice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Colours for people at a terminal who did not refuse them (no-color.org). */
static bool colored(void)
{
	const char *refused = getenv("NO_COLOR"), *terminal = getenv("TERM");
	return isatty(STDOUT_FILENO) && !(refused && refused[0]) && terminal && strcmp(terminal, "dumb") != 0;
}

static char *encode(const struct settings *settings, const char *name, const struct verdict *verdict)
{
	if (settings->format == SETTINGS_SH)
		return verdict_sh_encode(verdict);
	if (settings->format == SETTINGS_SIEVE)
		return verdict_line_sieve(verdict);
	if (settings->format == SETTINGS_CLAM)
		return verdict_line_clam(name ? name : "csapi-scan", verdict);
	if (settings->format == SETTINGS_JSON) {
		struct verdict_json_options options = {.name = name, .verdict = verdict};
		return verdict_json_encode(verdict->report, &options);
	}
	struct verdict_text_options options = {.name = name ? name : "csapi-scan",
					       .color = colored(),
					       .all_parts = settings->all_parts,
					       .verdict = verdict};
	return verdict_text_encode(verdict->report, &options);
}

/* The record's end goes over the NUL or over the last newline, so that one write carries all. A Sieve script takes the line as it is, so that has none. */
static size_t end_record(const struct settings *settings, char *text)
{
	size_t size = strlen(text);
	if (settings->format == SETTINGS_SIEVE)
		return size;
	if (size && text[size - 1] == '\n')
		size--;
	text[size] = settings->null ? '\0' : '\n';
	return size + 1;
}

static int write_record(const struct settings *settings, const char *name, const struct verdict *verdict)
{
	char *text = encode(settings, name, verdict);
	if (!text) {
		notice("there is no memory left to write the verdict; free some, or lower --jobs");
		return -ENOMEM;
	}
	size_t size = end_record(settings, text);
	progress_line_clear();
	int error = fd_write_all(STDOUT_FILENO, text, size);
	free(text);
	if (error)
		notice("cannot write the verdict to standard output: %s; check where it goes to", strerror(-error));
	return error;
}

/* Without a verdict no message: half a mail pipeline would take it for one that was scanned. */
static int write_message(const struct settings *settings, const struct verdict *verdict, int message)
{
	if (verdict_exit(verdict) == 2 && settings->exit != SETTINGS_EXIT_ZERO)
		return 0;
	if (message < 0) {
		notice("the message could not be taken in whole, so it cannot be passed on");
		return -EIO;
	}
	progress_line_clear();
	int error = filter_write(message, verdict);
	if (error)
		notice("cannot pass the message on: %s; check where standard output goes to", strerror(-error));
	return error;
}

int verdict_write(const struct settings *settings, const char *name, const struct verdict *verdict, int message)
{
	if (settings->quiet)
		return 0;
	return settings->format == SETTINGS_FILTER ? write_message(settings, verdict, message)
						   : write_record(settings, name, verdict);
}

int verdict_write_refusal(const struct settings *settings, const struct verdict *verdict)
{
	static const char bail[] = "Bail out! csapi-scan was called wrongly\n";
	if (settings->quiet || settings->format == SETTINGS_FILTER || settings->format == SETTINGS_JUNIT)
		return 0;
	return settings->format == SETTINGS_TAP ? fd_write_all(STDOUT_FILENO, bail, sizeof bail - 1)
						: write_record(settings, NULL, verdict);
}
