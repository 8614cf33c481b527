/*
 * option.c - options as rows of a table; see option.h. Refuses to guess: a name that is not exact or a clear
 * beginning of one is bad use, with the nearest name in the text. Called by every program.
 */
#include "option.h"

#include "base/distance.h"
#include "base/utf8.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* getopt_long's value of a row without a letter starts here, above all characters. */
#define ROW_BASE 256

#define HELP_INDENT 30 /* columns before the text of an option */
#define HELP_WIDTH  80

void option_name(const struct option_row *row, char *ret_name, size_t size)
{
	assert(row->key && strlen(row->key) < size);
	size_t i = 0;
	for (; row->key[i]; i++)
		ret_name[i] = row->key[i] == '_' ? '-' : row->key[i];
	ret_name[i] = '\0';
}

bool option_is_optional(const struct option_row *row)
{
	return row->argument && row->argument[0] == '?';
}

const char *option_value_form(const struct option_row *row)
{
	static char form[OPTION_NAME_MAX];
	if (!row->argument)
		return "";
	bool optional = option_is_optional(row);
	(void)snprintf(form, sizeof form, "%s=%s%s", optional ? "[" : "", row->argument + optional,
		       optional ? "]" : "");
	return form;
}

void option_start(struct option_parser *ret_parser, const struct option_row *rows, size_t count, int argc, char **argv)
{
	assert(count <= OPTION_ROWS_MAX);
	struct option_parser *parser = ret_parser;
	*parser = (struct option_parser){.rows = rows, .count = count, .argc = argc, .argv = argv};
	size_t letters = 0, longs = 0;
	parser->letters[letters++] = ':'; /* a missing value is told from an unknown option */
	for (size_t i = 0; i < count; i++) {
		if (!rows[i].key)
			continue;
		option_name(&rows[i], parser->names[i], OPTION_NAME_MAX);
		parser->longs[longs++] = (struct option){.name = parser->names[i],
							 .has_arg = option_is_optional(&rows[i]) ? optional_argument
								    : rows[i].argument           ? required_argument
												 : no_argument,
							 .val = ROW_BASE + (int)i};
		if (rows[i].letter) {
			parser->letters[letters++] = rows[i].letter;
			assert(!option_is_optional(&rows[i]));
			if (rows[i].argument)
				parser->letters[letters++] = ':';
		}
	}
	opterr = 0;
	optind = 0; /* not 1: makes glibc forget an earlier parse */
}

static const char *nearest(const struct option_parser *parser, const char *word)
{
	struct distance_nearest best = {NULL, DISTANCE_MAX};
	for (size_t i = 0; i < parser->count; i++)
		if (parser->rows[i].key)
			distance_try(&best, word, parser->names[i]);
	return best.name;
}

/* Lists the names that begin with `word` as "--a, --b"; how many there are. */
static size_t beginnings(const struct option_parser *parser, const char *word, char *ret_list, size_t size)
{
	size_t found = 0;
	ret_list[0] = '\0';
	for (size_t i = 0; i < parser->count; i++) {
		if (!parser->rows[i].key || strncmp(parser->names[i], word, strlen(word)) != 0)
			continue;
		size_t used = strlen(ret_list);
		(void)snprintf(ret_list + used, size - used, "%s--%s", found++ ? ", " : "", parser->names[i]);
	}
	return found;
}

static int unknown_long(const struct option_parser *parser, struct why *why)
{
	char *argument = utf8_visible(parser->argv[optind - 1]);
	if (!argument)
		return why_set(why, OPTION_BAD, "there is no memory left to read the options");
	char *word = argument + strspn(argument, "-");
	word[strcspn(word, "=")] = '\0';
	char list[256];
	const char *near = nearest(parser, word);
	if (word[0] && beginnings(parser, word, list, sizeof list) > 1)
		(void)why_set(why, 0, "option --%s is ambiguous; it could be %s", word, list);
	else if (near)
		(void)why_set(why, 0, "unknown option --%s; did you mean --%s?", word, near);
	else
		(void)why_set(why, 0, "unknown option --%s; --help lists the options", word);
	free(argument);
	return OPTION_BAD;
}

static int row_of_letter(const struct option_parser *parser, int letter)
{
	for (size_t i = 0; i < parser->count; i++)
		if (parser->rows[i].key && parser->rows[i].letter == letter && letter)
			return (int)i;
	return OPTION_BAD;
}

/* What getopt_long refused: a missing value (':'), or an unknown name or a value too many ('?'). */
static int refusal(const struct option_parser *parser, int answer, struct why *why)
{
	int row = optopt >= ROW_BASE ? optopt - ROW_BASE : row_of_letter(parser, optopt);
	if (answer == ':' && row >= 0)
		return why_set(why, OPTION_BAD, "option --%s needs a value; write --%s=%s", parser->names[row],
			       parser->names[row], parser->rows[row].argument);
	if (row >= 0)
		return why_set(why, OPTION_BAD, "option --%s takes no value", parser->names[row]);
	if (optopt == 0)
		return unknown_long(parser, why);
	if (optopt > 0 && isgraph(optopt))
		return why_set(why, OPTION_BAD, "unknown option -%c; --help lists the options", optopt);
	return why_set(why, OPTION_BAD, "unknown option -\\x%02x; --help lists the options", (unsigned char)optopt);
}

int option_next(struct option_parser *parser, const char **ret_value, struct why *why)
{
	*ret_value = NULL;
	int answer = getopt_long(parser->argc, parser->argv, parser->letters, parser->longs, NULL);
	if (answer == -1)
		return OPTION_END;
	if (answer == ':' || answer == '?')
		return refusal(parser, answer, why);
	*ret_value = optarg;
	return answer >= ROW_BASE ? answer - ROW_BASE : row_of_letter(parser, answer);
}

/* Prints a text from column HELP_INDENT on, broken at blanks. */
static void help_text(FILE *out, const char *text)
{
	size_t width = HELP_WIDTH - HELP_INDENT;
	while (strlen(text) > width) {
		size_t cut = width;
		while (cut && text[cut] != ' ')
			cut--;
		cut = cut ? cut : width;
		(void)fprintf(out, "%.*s\n%*s", (int)cut, text, HELP_INDENT, "");
		text += cut + (text[cut] == ' ');
	}
	(void)fprintf(out, "%s\n", text);
}

void option_help(FILE *out, const struct option_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct option_row *row = &rows[i];
		if (!row->key) {
			(void)fprintf(out, "\n%s:\n", row->text);
			continue;
		}
		char name[OPTION_NAME_MAX], left[3 * OPTION_NAME_MAX], letter[] = "-x, ";
		option_name(row, name, sizeof name);
		letter[1] = row->letter;
		(void)snprintf(left, sizeof left, "  %s--%s%s", row->letter ? letter : "    ", name,
			       option_value_form(row));
		if (strlen(left) + 2 > HELP_INDENT)
			(void)fprintf(out, "%s\n%*s", left, HELP_INDENT, "");
		else
			(void)fprintf(out, "%-*s", HELP_INDENT, left);
		help_text(out, row->text);
	}
}
