/*
 * database.h - one official database: which version is there, and getting it from the first mirror that really has it.
 *
 * Whatever libfreshclam returns, the versions before and after decide. Called by fetch.
 */
#ifndef CSAPI_FETCH_DATABASE_H
#define CSAPI_FETCH_DATABASE_H

#include "fetch/teller.h"

#include <stdint.h>

/* Tells messages, progress and one result. `dns`: the answer to job.dns, or NULL. Mirrors that ask to wait are marked in job.cooling. */
void database_fetch(struct fetch_job *job, uint32_t index, const char *dns, struct teller *teller);

#endif
