/*
 * place.h - where our own programs and files are.
 *
 * They are found beside the running program, or beside libcsapi.so where that is who looks, so that a build tree, an installed tree and a moved tree all work
 * without a setting; the directories compiled in are the last resort. Called by cmd/ and process/.
 */
#ifndef CSAPI_BASE_PLACE_H
#define CSAPI_BASE_PLACE_H

#include "base/why.h"

enum place {
	PLACE_SCANNER,     /* csapi-scanner: beside us, ../sbin, the compiled-in sbindir */
	PLACE_WORKER,      /* csapi-worker: beside us, ../libexec/csapi, the compiled-in libexecdir */
	PLACE_FETCH,       /* csapi-fetch: likewise */
	PLACE_CLAMD,       /* csapi-clamd: likewise */
	PLACE_DEFINITIONS, /* the definitions shipped: ../share/definitions, ../share/csapi/definitions, compiled in */
};

/* An absolute path that exists, for the caller to free; NULL if there is none, with every place tried in why. */
char *place_find(enum place place, struct why *why);

#endif
