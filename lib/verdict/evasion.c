/*
 * evasion.c - the rows of evasion.def as values; see evasion.h.
 */
#include "verdict/evasion.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static const struct {
	const char *word, *text, *note;
} rows[] = {
#define EVASION(reason, text, note) {#reason, text, note},
#include "verdict/evasion.def"
#undef EVASION
};

const char *evasion_word(enum evasion reason)
{
	assert(reason < EVASION_COUNT);
	return rows[reason].word;
}

const char *evasion_text(enum evasion reason)
{
	assert(reason < EVASION_COUNT);
	return rows[reason].text;
}

const char *evasion_note(enum evasion reason)
{
	assert(reason < EVASION_COUNT);
	return rows[reason].note;
}

int evasion_find(const char *word, enum evasion *ret)
{
	for (int i = 0; i < EVASION_COUNT; i++)
		if (strcmp(rows[i].word, word) == 0)
			return *ret = (enum evasion)i, 0;
	return -ENOENT;
}
