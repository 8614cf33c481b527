/*
 * engine_list.c - the engines that are configured, as lines; see engine_list.h.
 */
#include "engine_list.h"

#include "base/utf8.h"
#include "format/engine_json.h"
#include "notice.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_TROUBLE 2

static void print_visible(const char *text)
{
	char *visible = utf8_visible(text);
	(void)fputs(visible ? visible : "?", stdout);
	free(visible);
}

/* "csapi1: csapi, passive, action pass, sets csapi_status, skipped by skip_virus_check" */
static void print_text(const struct engine_settings *engine)
{
	print_visible(engine->name);
	(void)printf(": %s, %s, action %s, sets %s", engine_kind_word(engine->kind),
		     engine->enabled ? "enabled" : "passive", engine->action == ENGINE_REJECT ? "reject" : "pass",
		     engine_context_variable(engine));
	if (engine->skip_context_variable && *engine->skip_context_variable)
		(void)printf(", skipped by %s", engine->skip_context_variable);
	for (char *const *address = engine->daemon; address && *address; address++) {
		(void)fputs(address == engine->daemon ? ", at " : " and ", stdout);
		print_visible(*address);
	}
	(void)putchar('\n');
}

static int print_json(const struct engine_settings *engine)
{
	char *text = engine_json_encode(engine);
	if (!text)
		return -ENOMEM;
	(void)puts(text);
	free(text);
	return 0;
}

int engine_list(const struct settings *settings)
{
	const struct selection *selection = &settings->selection;
	if (selection->refused != EC_AV_CLEAN) {
		notice("%s", selection->why.text);
		return EXIT_TROUBLE;
	}
	int error = 0;
	for (unsigned i = 0; !error && i < selection->count; i++) {
		if (settings->format == SETTINGS_JSON)
			error = print_json(selection->engines[i]);
		else
			print_text(selection->engines[i]);
	}
	if (!error && fflush(stdout) == 0)
		return 0;
	notice("cannot write to standard output: %s", strerror(error ? ENOMEM : errno));
	return EXIT_TROUBLE;
}
