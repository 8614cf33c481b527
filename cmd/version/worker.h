/*
 * worker.h - what only csapi-worker knows: versions of engine and decomposer, and whether files are what they were signed as.
 *
 * Called by cmd/csapi-version.c.
 */
#ifndef CSAPI_CMD_VERSION_WORKER_H
#define CSAPI_CMD_VERSION_WORKER_H

#include "base/why.h"
#include "verdict/version.h"

/* Fills programs and trouble. `path` NULL: it is found beside this program. */
void worker_versions(const char *path, struct version *version);
/*
 * Has the files of the definitions verified: what was known of them is replaced by what is found out, but for their sources, and their fault by the
 * first one found. `seconds`: how long it may take. 0, or -errno with why: that could not be done.
 */
int worker_verify(const char *path, uint64_t seconds, struct version *version, struct why *why);

#endif
