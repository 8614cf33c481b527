/*
 * definitions.h - which directory of definitions is loaded, and that it stays while it is.
 *
 * Links are resolved once: an engine that loads through one while csapi-update swaps it would mix two sets. And the directory is
 * held by a shared lock (flock), which csapi-update respects: a set that is being removed under its reader might load in part.
 * Only looks at names: whether a set is whole is for the engine to say. Called by the supervisor, and by csapi-version.
 */
#ifndef CSAPI_PROCESS_DEFINITIONS_H
#define CSAPI_PROCESS_DEFINITIONS_H

#include "base/why.h"

#include <stdbool.h>

/* Where csapi-update keeps its sets, if nothing else was configured. */
#define DEFINITIONS_STORE "/var/lib/csapi/definitions"

/* A directory to load from; { .lock = -1 } is none. */
struct definitions_source {
	char *path;   /* without a link in it; owned */
	int lock;     /* descriptor of it with the lock; -1: it could not be locked, as on some network file systems */
	bool shipped; /* the small set that comes with csapi */
};

/*
 * What `named` stands for now: its directory without links, and where it is the root of a store (it holds a link `current` into versions/, and
 * no definition file of its own) the set that is current there.
 * NULL: nobody named one. Then it is /var/lib/csapi/definitions/current, if that is a link, or a directory with definitions of any kind; else
 * /var/lib/clamav, where it holds a .cvd or .cld file; else the small set that comes with csapi, with *ret_shipped true.
 * A path that leads nowhere stays as it is, for the engine to tell what is wrong with it.
 * Caller frees; NULL with why: there is none, not even that, or no memory.
 */
char *definitions_find(const char *named, bool *ret_shipped, struct why *why);

/*
 * The same, and held until definitions_close, however often it is replaced meanwhile. Waits at most some tens of milliseconds, for a set that
 * is being removed at this very moment. 0 or -errno with why; -ENODATA: there is none.
 */
int definitions_open(const char *named, struct definitions_source *ret_source, struct why *why);
void definitions_close(struct definitions_source *source);

#endif
