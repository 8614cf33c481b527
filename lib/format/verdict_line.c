/*
 * verdict_line.c - verdicts as one line; see verdict_line.h. Refuses to let anything from a message stand where a reader looks for our own words.
 */
#include "format/verdict_line.h"

#include "format/text.h"
#include "verdict/heuristic.h"

#include <stdlib.h>

/* Printable ASCII; `blank` stands for blanks. */
static void add_plain(struct text *text, const char *foreign, char blank)
{
	for (size_t i = 0; foreign && foreign[i] && i < VERDICT_LINE_INFO_MOST; i++) {
		char c = foreign[i];
		text_add(text, "%c", c == ' ' ? blank : c < ' ' || c > '~' ? '?' : c);
	}
}

char *verdict_line_sieve(const struct verdict *verdict)
{
	struct text text;
	text_init(&text);
	text_add(&text, "%s", verdict_word(verdict));
	if (verdict->info && *verdict->info)
		text_add(&text, " ");
	add_plain(&text, verdict->info, ' ');
	return text_take(&text);
}

char *verdict_line_clam(const char *name, const struct verdict *verdict)
{
	struct text text;
	text_init(&text);
	text_add_visible(&text, name);
	text_add(&text, ": ");
	switch (verdict_exit(verdict)) {
	case 0:
		text_add(&text, "OK\n");
		break;
	case 1:
		/* A name is one word for all who read such lines. */
		add_plain(&text, verdict->info, '_');
		text_add(&text, " FOUND\n");
		break;
	case 3:
		text_add(&text, "%s FOUND\n", heuristic_name(verdict->report->code));
		break;
	default:
		add_plain(&text, verdict->info && *verdict->info ? verdict->info : ec_av_status_text(verdict->status),
			  ' ');
		text_add(&text, " ERROR\n");
	}
	return text_take(&text);
}
