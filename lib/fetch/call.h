/*
 * call.h - one call into libfreshclam from outside: a child that is watched, and ended when it goes wrong.
 *
 * Ended are: a transfer that is too slow or too large, one that goes on after a mirror asked to wait. Called by database.
 */
#ifndef CSAPI_FETCH_CALL_H
#define CSAPI_FETCH_CALL_H

#include "fetch/mirror.h"
#include "fetch/teller.h"
#include "fetch/trace.h"

#include <stdbool.h>
#include <stdint.h>

enum call_trouble {
	CALL_NONE,      /* see returned */
	CALL_DIED,      /* a signal ended it, or it left without a result */
	CALL_STALLED,   /* ended: hardly anything came */
	CALL_LARGE,     /* ended, or refused: more than max_size */
	CALL_LIMITED,   /* ended: the mirror asked to wait, or refuses us (trace.refused) */
	CALL_OLDER,     /* refused: `offered` is not newer, or not to be had again */
	CALL_NO_HEADER, /* refused: no database */
	CALL_NO_SPACE,
};

struct call_result {
	enum call_trouble trouble;
	enum mirror_return returned;
	uint32_t offered;
	struct trace trace;
	char text[256]; /* the last warning or error of the library, "" */
};

/* Runs it to its end, tells messages and progress, and leaves job.temporary empty. 0, or -errno: no child could be made. */
int call_update(const struct mirror_call *call, struct teller *teller, struct call_result *ret_result);
/* The answer to job.dns, for the caller to free; NULL: none within CALL_DNS_SECONDS. */
#define CALL_DNS_SECONDS 30
char *call_dns(const struct fetch_job *job, struct teller *teller);

#endif
