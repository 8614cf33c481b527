/*
 * force.h - the limits that a scan from here would work under, and where each comes from.
 *
 * Called by cmd/csapi-limits.c.
 */
#ifndef CSAPI_CMD_LIMITS_FORCE_H
#define CSAPI_CMD_LIMITS_FORCE_H

#include "settings.h"
#include "verdict/limit_use.h"

struct force {
	struct limits_in_force in_force; /* borrows from the rest */
	char *socket;                    /* of the scanner that answered; owned, NULL: none */
	struct why note;
};

/*
 * Those that csapi-scan would have with the same options: a scanner that runs sets them, and options tighten; where they ask for more
 * than it allows, a private scanner would be started with them. A scanner that was named is not passed over: then the options
 * count as if it allowed that, and the note says that it does not. 0 (force_free it), or -errno with why: that scanner cannot be asked.
 */
int force_find(const struct limits_settings *settings, struct force *ret_force, struct why *why);
void force_free(struct force *force);

#endif
