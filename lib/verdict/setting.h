/*
 * setting.h - one thing that can be set, as a row of a table: its key, what it takes, its default, and where its value lies.
 *
 * The rows of a section of the configuration are made from one table (update_settings.def) and fill one structure. Values out of range
 * are refused, never clamped. Pure. Called by update_settings, lib/format/config, the manuals and the programs.
 */
#ifndef CSAPI_VERDICT_SETTING_H
#define CSAPI_VERDICT_SETTING_H

#include "base/why.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum setting_kind {
	SETTING_NUMBER, /* uint64_t */
	SETTING_TEXT,   /* char *, owned; NULL: not set */
	SETTING_LIST,   /* char **, owned, NULL-terminated */
	SETTING_BOOL,   /* bool */
	SETTING_WORD,   /* unsigned: the place of a word among those there are */
};

struct setting {
	const char *key;
	enum setting_kind kind;
	size_t offset;     /* of the value in the structure */
	const char *unit;  /* of a number */
	uint64_t min, max; /* of a number */
	uint64_t number;   /* default of a number, 0 or 1 of a bool, place of a word */
	const char *
		words; /* default of a text (NULL: not set) or list (words with blanks between); all words of a SETTING_WORD */
	const char *text; /* for people */
};

/* Most elements of a list, and most bytes of one text. */
#define SETTING_LIST_MAX 32u
#define SETTING_TEXT_MAX 2048u

/* Every value its default. 0, or -ENOMEM (setting_free them then, too). */
int setting_defaults(const struct setting *rows, size_t count, void *ret_values);
/* Gives back what texts and lists own; they are unset then. */
void setting_free(const struct setting *rows, size_t count, void *values);
/* NULL: there is none of that key, written with _ or with -. */
const struct setting *setting_find(const struct setting *rows, size_t count, const char *key);
/*
 * Sets one value from a text: digits; true, yes, on, 1 and false, no, off, 0; words with blanks between; one of the words, in any case of letters. A text that is empty unsets one
 * whose default is "not set". 0; -EINVAL or -ERANGE with why, which says what is expected, and the old value stays; -ENOMEM.
 */
int setting_set(const struct setting *row, void *values, const char *text, struct why *why);
/* The same for a list, word by word; words are copied as they are. */
int setting_set_list(const struct setting *row, void *values, const char *const *words, size_t count, struct why *why);

/* Makes the value of `to` that of `from`. 0 or -ENOMEM. */
int setting_copy(const struct setting *row, void *to, const void *from);

/* The value of a row of that kind (asserted). */
uint64_t setting_number(const struct setting *row, const void *values);
const char *setting_text(const struct setting *row, const void *values);
char *const *setting_list(const struct setting *row, const void *values);
bool setting_bool(const struct setting *row, const void *values);
unsigned setting_word(const struct setting *row, const void *values);
/* The word at that place among all of the row, with its length; static. */
const char *setting_word_text(const struct setting *row, unsigned place, int *ret_length);

#endif
