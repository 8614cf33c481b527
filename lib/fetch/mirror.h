/*
 * mirror.h - libfreshclam, in a process of its own: it keeps global state, changes the directory, sleeps, prints, and may abort.
 *
 * The only door to libfreshclam. What it says comes as lines over a socket; libcurl's trace of its requests goes to standard output. Called by call.
 */
#ifndef CSAPI_FETCH_MIRROR_H
#define CSAPI_FETCH_MIRROR_H

#include "format/fetch_json.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Lines of a child, each beginning with one letter:
 *   e w i d  a message of the library (error, warning, information, debug); after e and w it waits for one byte before it goes on, so
 *            that the parent can stop it
 *   o N      what was brought is version N: not newer than what is here, or not to be had again; it was refused
 *   h        what was brought is no database; refused
 *   l        it is too large; refused
 *   s        there is no space left; refused
 *   r N      the library returned N
 *   a TEXT   the answer to a question by DNS
 */
#define MIRROR_LINE_MAX 2048u

/* What the library returns, as far as it can be relied upon. */
enum mirror_return { MIRROR_BROKEN, MIRROR_EMPTY, MIRROR_LOCAL, MIRROR_OTHER };

struct mirror_call {
	const struct fetch_job *job;
	const char *url; /* of the mirror */
	const char *database;
	uint32_t local;   /* version here; 0: none */
	uint32_t remote;  /* version there */
	uint64_t refused; /* version that must not come again; 0 */
	bool cld;         /* it has a .cld, not a .cvd */
	bool incremental;
};

/* In the parent, before any child: the version of the library, "1.4.6". Static storage. */
const char *mirror_version(void);

/* In the child: does it and ends the process. `socket` is the child's. */
_Noreturn void mirror_update(const struct mirror_call *call, int socket);
_Noreturn void mirror_ask_dns(const char *name, int socket);

/* In the parent: the meaning of the N after r. */
enum mirror_return mirror_returned(int number);
/* The version of an official database in the answer by DNS; 0: it has none. */
uint32_t mirror_dns_version(const char *answer, const char *database);

#endif
