/*
 * verdict.c - verdicts on standard output; see verdict.h.
 */
#include "verdict.h"

#include "../progress_line.h"
#include "base/fd.h"
#include "format/verdict_json.h"
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

int verdict_write(const struct settings *settings, const char *name, const struct verdict *verdict)
{
	if (settings->quiet)
		return 0;
	char *text = encode(settings, name, verdict);
	if (!text) {
		notice("there is no memory left to write the verdict; free some, or lower --jobs");
		return -ENOMEM;
	}
	size_t size = strlen(text);
	/* The record's end goes over the NUL or over the last newline, so that one write carries all. */
	if (size && text[size - 1] == '\n')
		size--;
	text[size] = settings->null ? '\0' : '\n';
	progress_line_clear();
	int error = fd_write_all(STDOUT_FILENO, text, size + 1);
	free(text);
	if (error)
		notice("cannot write the verdict to standard output: %s; check where it goes to", strerror(-error));
	return error;
}
