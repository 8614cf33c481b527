/*
 * engines.h - the engines of one call: each message goes to one after the other, until one finds a virus.
 *
 * Several messages are under way at once, each at the engine whose turn it is. Links no parser of messages. Every submitted message gets exactly
 * one verdict. Called by csapi-scan and libcsapi.
 */
#ifndef CSAPI_ENGINE_ENGINES_H
#define CSAPI_ENGINE_ENGINES_H

#include "process/client.h"
#include "verdict/request.h"
#include "verdict/verdict.h"

#include <stdbool.h>
#include <stdint.h>

struct engines;

struct engines_options {
	const struct selection *selection; /* not refused; borrowed until engines_close */
	/*
	 * For csapi engines. What is set here goes before what the settings of each say; max_concurrency are the messages under way at
	 * once, max_age counts for all kinds.
	 */
	struct client_options client;
	/* Of csapi engines that have no definitions of their own; NULL: the scanner looks where they usually are. */
	const char *definitions;
};

/* An engine is greeted when the first message comes for it. 0 or -ENOMEM. */
int engines_open(const struct engines_options *options, struct engines **ret_engines);
/*
 * Hands one message over, while there is room (assert). `fd` as for client_submit; it stays the caller's and may be closed at once. `id` comes back
 * with the verdict. 0 or -ENOMEM.
 */
int engines_submit(struct engines *engines, uint32_t id, const struct request *request, int fd);
/*
 * The same for engines of its own choice, and in states of its own: `selection` is made of the same settings, and not refused; borrowed for
 * the call.
 */
int engines_submit_selected(struct engines *engines, uint32_t id, const struct selection *selection,
			    const struct request *request, int fd);
/* The deadline in the client's options, which a caller that stays changes for each message. */
void engines_deadline(struct engines *engines, int64_t deadline);
/* Waits for the next verdict, in the order of completion: 0 (settled; verdict_free it), -EAGAIN after `timeout_ms` (-1: wait; 0: what has come), -ENOENT: nothing is
 * under way, -ENOMEM. */
int engines_next(struct engines *engines, int timeout_ms, uint32_t *ret_id, struct verdict *ret_verdict);
unsigned engines_outstanding(const struct engines *engines);
unsigned engines_room(const struct engines *engines);
/* Has our own scanner finished loading, where one is asked? For a progress display. */
bool engines_ready(const struct engines *engines);
/* Gives up what is under way. NULL is allowed. */
void engines_close(struct engines *engines);

#endif
