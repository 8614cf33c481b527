/*
 * update.h - one run of an update from its sources to a set in use: the seed's LiveUpdate.
 *
 * Stage, fetch or copy, verify and load in a child, activate, prune, tell the scanner. Whatever fails, the set in use stays whole. Prints nothing: an observer hears of
 * progress. Called by cmd/update/.
 */
#ifndef CSAPI_UPDATE_UPDATE_H
#define CSAPI_UPDATE_UPDATE_H

#include "base/why.h"
#include "verdict/update_result.h"
#include "verdict/update_settings.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct update_observer {
	void *context;
	/* Steps for people: "fetch", "verify", "load", "activate", "reload". */
	void (*step)(void *context, const char *step);
	/* total 0: unknown. */
	void (*progress)(void *context, const char *name, uint64_t got, uint64_t total);
	/* What a person should read: level 0 error, 1 warning, 2 notice, 3 debug. */
	void (*message)(void *context, int level, const char *text);
};

struct update_options {
	enum update_task task;
	const struct update_settings *settings;
	const char *from; /* a directory or file to take definitions from, instead of all sources; NULL */
	bool if_older;    /* only if the last check is older than `older_than` seconds */
	uint64_t older_than;
	bool force;                        /* neither cool-downs nor refused versions count */
	const char *fetch_path;            /* NULL: found beside the running program */
	const char *worker_path;           /* likewise */
	const volatile sig_atomic_t *stop; /* a signal came: end soon, cleanly; may be NULL */
};

/* Always fills the result (update_result_free it). 0 or -ENOMEM. */
int update_run(const struct update_options *options, const struct update_observer *observer,
	       struct update_result *ret_result);

#endif
