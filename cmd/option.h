/*
 * option.h - the options of a program as rows of a table: parsing them, and telling a person about them.
 *
 * One table (cmd/PROGRAM.options.def) gives the getopt_long table, the text of --help, the completions and the manual's
 * list of options; scripts/generate.c writes the last two. Linked into every program. Prints only where it is told to.
 */
#ifndef CSAPI_CMD_OPTION_H
#define CSAPI_CMD_OPTION_H

#include "base/why.h"

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What completes the value of an option. */
enum option_values {
	OPTION_VALUES_NONE,        /* nothing: a number, an id */
	OPTION_VALUES_FILES,       /* names of files */
	OPTION_VALUES_DIRECTORIES, /* names of directories */
	OPTION_VALUES_WORDS,       /* the words of the row */
	OPTION_VALUES_CODES,       /* the names of the scan codes */
};

struct option_row {
	const char *key;      /* the long name with _ for -; NULL: the row is the heading `text` of the rows below it */
	char letter;          /* the short name; 0: none */
	const char *argument; /* what its value is called; NULL: it takes none; "?WHAT": it may be left out */
	enum option_values values;
	const char *words;  /* the values there are, with blanks between; NULL: any */
	const char *text;   /* one line for --help and completions */
	const char *manual; /* further sentences for the manual, in mdoc(7); "" for none */
};

/* Most rows of a table, and the longest name with its NUL; a table that exceeds them is a programmer's mistake. */
#define OPTION_ROWS_MAX 64
#define OPTION_NAME_MAX 40

struct option_parser {
	const struct option_row *rows;
	size_t count;
	int argc;
	char **argv;
	char names[OPTION_ROWS_MAX][OPTION_NAME_MAX];
	struct option longs[OPTION_ROWS_MAX + 1];
	char letters[2 * OPTION_ROWS_MAX + 2];
};

#define OPTION_END (-1)
#define OPTION_BAD (-2)

/* May the value be left out? Then it is only one with "=" in front. */
bool option_is_optional(const struct option_row *row);
/* "=", what the value is called, brackets around that where it may be left out: the end of how an option is written; "" without a value. Static. */
const char *option_value_form(const struct option_row *row);
/* Starts over at the first argument; one parser at a time, for getopt(3) keeps its place in globals. */
void option_start(struct option_parser *ret_parser, const struct option_row *rows, size_t count, int argc, char **argv);
/*
 * The number of the row of the next option, with its value (NULL: it takes none). OPTION_END: what is left of argv
 * from getopt's `optind` on are arguments. OPTION_BAD: why says what is wrong and what to write; parsing can go on.
 */
int option_next(struct option_parser *parser, const char **ret_value, struct why *why);
/* The long name of a row that is not a heading: its key with - for _. `size` at least OPTION_NAME_MAX. */
void option_name(const struct option_row *row, char *ret_name, size_t size);
/* Prints the rows as --help shows them, in at most 80 columns. */
void option_help(FILE *out, const struct option_row *rows, size_t count);

#endif
