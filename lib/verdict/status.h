/*
 * status.h - the state of a resident scanner: a pure value, filled by the supervisor, shown by status.
 */
#ifndef CSAPI_VERDICT_STATUS_H
#define CSAPI_VERDICT_STATUS_H

#include "verdict/isolation.h"
#include "verdict/report.h"

#include <stdbool.h>
#include <stdint.h>

/* Words in JSON: "loading", "ready", "failed", "stopping". */
enum status_state { STATUS_LOADING, STATUS_READY, STATUS_FAILED, STATUS_STOPPING };

#define STATUS_TEXT_MAX    512
#define STATUS_VERSION_MAX 24

struct status {
	char version[STATUS_VERSION_MAX]; /* of the scanner; "" when encoded: that of the program that encodes */
	enum status_state state;
	bool reloading;                /* a new generation is being loaded beside the one in use */
	bool degraded;                 /* serves although isolation is not whole; told loudly */
	bool low_memory;               /* reloads one after the other */
	char trouble[STATUS_TEXT_MAX]; /* why it failed or is degraded; "" */
	char socket[STATUS_TEXT_MAX];  /* path; "" when it was handed over without one */
	int32_t pid;
	int64_t started; /* wall clock, seconds */
	uint32_t generation;
	int64_t loaded; /* wall clock, seconds, when the generation in use took over; 0: none has */
	struct {
		int64_t when; /* 0: never tried */
		bool done;    /* the new one took over; else `text` says why not */
		char text[STATUS_TEXT_MAX];
	} reload;
	uint64_t engine_memory; /* bytes resident in the process that holds the engine; 0: unknown */
	uint32_t workers_most, busy, idle, queue, queue_most, clients;
	uint32_t messages_per_worker;
	struct isolation isolation;
	struct facts facts; /* of the generation in use; borrowed when encoded, owned (facts_free) when decoded */
};

#endif
