/*
 * teller.h - what csapi-fetch says to the program that started it: one event a line.
 *
 * When nobody listens any more there is nothing left to do, and the process ends. Called by everything in fetch.
 */
#ifndef CSAPI_FETCH_TELLER_H
#define CSAPI_FETCH_TELLER_H

#include "format/fetch_json.h"

/* Messages beyond these are counted and left out: a mirror could make libraries talk without end. */
#define TELLER_MESSAGES_MAX 300u
#define TELLER_DEBUG_MAX    300u

struct teller {
	int fd; /* borrowed */
	unsigned messages, debug, dropped;
};

void teller_init(struct teller *ret_teller, int fd);
/* Leaves out what URLs in the text hold before an @. */
void teller_say(struct teller *teller, const struct fetch_event *event);
/* One line about `name` (may be ""), a database or a feed. */
void teller_message(struct teller *teller, enum fetch_level level, bool feed, const char *name, const char *text);
void teller_progress(struct teller *teller, bool feed, const char *name, uint64_t got, uint64_t total);
/* The last event. */
void teller_done(struct teller *teller);

#endif
