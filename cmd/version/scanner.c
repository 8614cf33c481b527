/*
 * scanner.c - asks the scanner that runs; see scanner.h. It never waits for a scan, so one that is busy answers at once.
 */
#include "scanner.h"

#include "format/command_json.h"
#include "format/status_json.h"
#include "process/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MS 3000

/* Is what it loaded what is on disk? A set of csapi-update never changes; what others keep does so in place. */
static bool uses(const struct facts *facts, const struct version_definitions *definitions)
{
	char number[32], *path = facts->definitions_source ? realpath(facts->definitions_source, NULL) : NULL;
	bool same = path && definitions->directory && strcmp(path, definitions->directory) == 0;
	free(path);
	if (!same || definitions->id)
		return same;
	definition_set_version(&definitions->set, number, sizeof number);
	return facts->definitions_built == definition_set_built(&definitions->set) && facts->definitions_version &&
	       strcmp(facts->definitions_version, number) == 0;
}

static enum version_scanner_state state_of(int error)
{
	switch (error) {
	case 0:
		return VERSION_SCANNER_ANSWERS;
	case -ENOENT:
	case -ECONNREFUSED:
		return VERSION_SCANNER_NONE;
	case -EPERM:
	case -EACCES:
		return VERSION_SCANNER_CLOSED;
	default:
		return VERSION_SCANNER_SILENT;
	}
}

void scanner_ask(const char *socket, struct version *version)
{
	struct version_scanner *scanner = &version->scanner;
	struct why why = {""};
	char *document = NULL;
	int error = client_command(socket, command_word(COMMAND_STATUS), ANSWER_MS, &document, &why);
	if (!error) {
		error = status_json_decode(document, strlen(document), &scanner->status);
		if (error)
			(void)why_set(&why, error, "its answer is not understood: it is of another version");
	}
	free(document);
	scanner->state = state_of(error);
	if (error)
		(void)snprintf(scanner->text, sizeof scanner->text, "%s", why.text);
	else
		scanner->same = uses(&scanner->status.facts, &version->definitions);
}
