/*
 * verdict_sh.c - verdicts as assignments for a shell; see verdict_sh.h. Refuses to write anything outside of quotes that is not ours.
 */
#include "format/verdict_sh.h"

#include "format/text.h"
#include "verdict/context.h"
#include "verdict/reply.h"

#include <ctype.h>
#include <stdlib.h>

/* In single quotes nothing means anything to a shell but the quote itself; other bytes than printable ASCII may mean something to who prints it. */
static void add_quoted(struct text *text, const char *value)
{
	text_add(text, "'");
	for (; value && *value; value++) {
		if (*value == '\'')
			text_add(text, "'\\''");
		else
			text_add(text, "%c", *value < ' ' || *value > '~' ? '?' : *value);
	}
	text_add(text, "'");
}

static void add_name(struct text *text, const char *name, const char *ending)
{
	for (; *name; name++)
		text_add(text, "%c", isascii((unsigned char)*name) && isalnum((unsigned char)*name) ? *name : '_');
	text_add(text, "%s", ending);
}

static void add(struct text *text, const char *name, const char *value)
{
	text_add(text, "%s=", name);
	add_quoted(text, value);
	text_add(text, "\n");
}

static void add_variable(struct text *text, const struct context_variable *variable)
{
	if (!variable->set) {
		text_add(text, "unset ");
		add_name(text, variable->name, " ");
		add_name(text, variable->name, CONTEXT_INFO "\n");
		return;
	}
	add_name(text, variable->name, "=");
	add_quoted(text, variable->value);
	text_add(text, "\n");
	add_name(text, variable->name, CONTEXT_INFO "=");
	add_quoted(text, variable->info);
	text_add(text, "\n");
}

char *verdict_sh_encode(const struct verdict *verdict)
{
	struct context_variable variables[ENGINES_MAX];
	unsigned count = context_of(verdict, variables);
	struct reply reply;
	struct text text, line;
	text_init(&text);
	text_init(&line);
	text_add(&line, "%s", "");
	if (reply_of(verdict, &reply))
		text_add(&line, "%u %s %s", reply.code, reply.enhanced, reply.text);
	char *proposed = text_take(&line);
	add(&text, "av_status", ec_av_status_name(verdict->status));
	add(&text, "av_info", verdict->info);
	add(&text, "av_engine", verdict->engine);
	add(&text, "av_code", verdict->code);
	add(&text, "av_reply", proposed);
	if (verdict->repair)
		add(&text, "av_repair", repair_end_word(verdict->repair->end));
	for (unsigned i = 0; i < count; i++)
		add_variable(&text, &variables[i]);
	text.failed |= !proposed;
	free(proposed);
	return text_take(&text);
}
