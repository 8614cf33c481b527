/*
 * context.h - the context variables that a verdict sets, by the rules of the CSAPI module.
 *
 * Of each engine: its context_variable is not set where the message is clean; it holds "error" where there was trouble scanning it, which what could
 * not be seen to the last byte is as well; else, with a virus, it is empty. Where it is set, NAME_info is set as well: to the name of the virus,
 * or to what was in the way. Pure. Called by lib/format.
 */
#ifndef CSAPI_VERDICT_CONTEXT_H
#define CSAPI_VERDICT_CONTEXT_H

#include "verdict/verdict.h"

#include <stdbool.h>

struct context_variable {
	const char *name;  /* borrowed from the engine's settings */
	bool set;          /* else the others are NULL */
	const char *value; /* "" or "error"; static */
	const char *info;  /* of NAME_info; borrowed from the verdict */
};

#define CONTEXT_INFO "_info" /* behind the name */

/* One for each name that the engines of the verdict have, in their order; where several share one, the heaviest answer counts. How many. */
unsigned context_of(const struct verdict *verdict, struct context_variable ret_variables[ENGINES_MAX]);

#endif
