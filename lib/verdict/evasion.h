/*
 * evasion.h - the ways in which mail is built to slip past scanners, as pure values.
 *
 * Everything that is known of one stands in its row of evasion.def. Called from everywhere above.
 */
#ifndef CSAPI_VERDICT_EVASION_H
#define CSAPI_VERDICT_EVASION_H

#include <stddef.h>

enum evasion {
	EVASION_NONE = 0,
#define EVASION(word, text, note) EVASION_##word,
#include "verdict/evasion.def"
#undef EVASION
	EVASION_END
};

#define EVASION_COUNT (EVASION_END - 1)

/* What a paranoid scan calls the virus: this, and the word. */
#define EVASION_VIRUS "Heuristics.Evasion."

struct evasion_row {
	const char *word;
	const char *text; /* one sentence for people */
	const char *note; /* when it is told */
};

/* The row of an evasion from 1 to EVASION_COUNT; static storage. Any other number is a programmer's mistake. */
const struct evasion_row *evasion_row(enum evasion evasion);
const char *evasion_word(enum evasion evasion);
/* The evasion with just that word; EVASION_NONE if there is none. */
enum evasion evasion_find(const char *word);

/* What was noticed about one thing, each at most once; all zeros are none. */
struct evasion_list {
	unsigned count;
	struct evasion_noticed {
		enum evasion evasion;
		char text[160];
	} noticed[EVASION_COUNT];
};

/* Adds one unless it is there already; `format` gives the details. */
void evasion_add(struct evasion_list *list, enum evasion evasion, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
