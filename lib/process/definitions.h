/*
 * definitions.h - finds a set of definitions when nobody named one.
 *
 * Only looks at names: whether a set is whole is for the engine to say. Called by cmd/csapi-scanner.c.
 */
#ifndef CSAPI_PROCESS_DEFINITIONS_H
#define CSAPI_PROCESS_DEFINITIONS_H

#include "base/why.h"

#include <stdbool.h>

/*
 * A directory with a real set: /var/lib/csapi/definitions/current, then /var/lib/clamav, where it holds a .cvd or .cld
 * file. Else the small set that comes with csapi, with *ret_shipped true. Caller frees; NULL with why: not even that.
 */
char *definitions_find(bool *ret_shipped, struct why *why);

#endif
