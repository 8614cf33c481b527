/*
 * evasion.h - ways in which a message slips past scanners: what two readers understand in two ways, on purpose.
 *
 * A finding beside viruses and codes; by itself it changes no verdict. Everything that is known of a reason stands in its row of
 * evasion.def. Pure. Called by lib/scan, and by lib/format for the words.
 */
#ifndef CSAPI_VERDICT_EVASION_H
#define CSAPI_VERDICT_EVASION_H

/* EVASION_HiddenZipMember, ... */
enum evasion {
#define EVASION(reason, text, note) EVASION_##reason,
#include "verdict/evasion.def"
#undef EVASION
	EVASION_COUNT
};

/* What the name of the virus begins with that each is for a paranoid request. */
#define EVASION_VIRUS "Heuristics.Evasion."

/* Static texts. */
const char *evasion_word(enum evasion reason); /* "HiddenZipMember" */
const char *evasion_text(enum evasion reason); /* one sentence */
const char *evasion_note(enum evasion reason);
/* 0, or -ENOENT. */
int evasion_find(const char *word, enum evasion *ret);

#endif
