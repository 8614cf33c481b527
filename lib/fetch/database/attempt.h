/*
 * attempt.h - a database while it is fetched: what is known of it, which mirror failed and why, which has what.
 *
 * Inside database alone: database.c gets it, ask.c asks for versions, blame.c keeps what went wrong.
 */
#ifndef CSAPI_FETCH_DATABASE_ATTEMPT_H
#define CSAPI_FETCH_DATABASE_ATTEMPT_H

#include "fetch/call.h"
#include "fetch/teller.h"

#include <stdbool.h>
#include <stdint.h>

struct offer {
	uint32_t version;
	uint64_t total; /* bytes of the whole file; 0: unknown */
	bool cld;
	bool asked; /* the mirror itself said so, and not DNS */
};

struct database {
	struct fetch_job *job;
	struct teller *teller;
	const char *name;
	uint64_t refused;
	uint32_t here;             /* version now */
	uint32_t newest;           /* that any mirror announced */
	struct fetch_event result; /* before, after, remote, got and method as they come about */
	struct fetch_event worst;  /* the failure that will be told if nothing better comes */
	bool failed;               /* there is one */
};

/* The place of a mirror in job.mirrors goes by `mirror`, from 0. */
void database_name_mirror(const struct database *database, uint32_t mirror, struct fetch_event *event);

/*
 * A mirror failed: it is told, and remembered if nothing worse was. `retry_at`: the mirror asked to wait; with RATE_LIMITED it is left alone from then on.
 */
void database_blame(struct database *database, uint32_t mirror, enum update_outcome outcome, uint32_t http,
		    int64_t retry_at, const char *format, ...) __attribute__((format(printf, 6, 7)));
/* A status that is a refusal, to a request for `what`. */
void database_blame_status(struct database *database, uint32_t mirror, uint32_t status, int64_t retry_at,
			   const char *what);
/* The call ended, and what is here is still lower than what was offered: why? True: it may be a passing trouble. */
bool database_blame_call(struct database *database, uint32_t mirror, const struct offer *offer,
			 const struct call_result *result);

/* Asks for the head of the file. False: there is none to be had, and the mirror is blamed. */
bool database_ask(struct database *database, uint32_t mirror, struct offer *ret_offer);

#endif
