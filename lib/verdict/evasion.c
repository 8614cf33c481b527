/*
 * evasion.c - the rows of evasion.def as values, and lists of them; see evasion.h.
 */
#include "verdict/evasion.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct evasion_row rows[] = {
#define EVASION(word, text, note) {#word, text, note},
#include "verdict/evasion.def"
#undef EVASION
};

const struct evasion_row *evasion_row(enum evasion evasion)
{
	assert(evasion > EVASION_NONE && evasion < EVASION_END);
	return &rows[evasion - 1];
}

const char *evasion_word(enum evasion evasion)
{
	return evasion_row(evasion)->word;
}

enum evasion evasion_find(const char *word)
{
	for (int i = 0; i < EVASION_COUNT; i++)
		if (strcmp(rows[i].word, word) == 0)
			return (enum evasion)(i + 1);
	return EVASION_NONE;
}

void evasion_add(struct evasion_list *list, enum evasion evasion, const char *format, ...)
{
	for (unsigned i = 0; i < list->count; i++)
		if (list->noticed[i].evasion == evasion)
			return;
	struct evasion_noticed *noticed = &list->noticed[list->count++];
	noticed->evasion = evasion;
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(noticed->text, sizeof noticed->text, format, arguments);
	va_end(arguments);
}
