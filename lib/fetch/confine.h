/*
 * confine.h - what csapi-fetch may not do, since it reads what strangers send. Called by cmd/csapi-fetch.c.
 */
#ifndef CSAPI_FETCH_CONFINE_H
#define CSAPI_FETCH_CONFINE_H

#include "base/why.h"
#include "format/fetch_json.h"

/* Address space, in bytes: a server may answer a request for 512 bytes with a body that libfreshclam keeps in memory. */
#define CONFINE_MEMORY ((uint64_t)1 << 30)
/* What libfreshclam writes beside a file that it fetched may be larger: what was compressed in it. */
#define CONFINE_FILE_SLACK ((uint64_t)64 << 20)

/*
 * Is the user that it acts for, and no other any more; ends with its parent, dumps no core; files come out 0644. -ECHILD: the parent, who holds the other end of
 * `socket`, is gone already. 0 or -errno with why.
 */
int confine_start(int socket, struct why *why);
/* Limits on memory and files, and writing below job.directory and job.temporary only, where the kernel can see to that. 0 or -errno with why. */
int confine_job(const struct fetch_job *job, struct why *why);

#endif
