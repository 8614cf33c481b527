/*
 * options.h - how our own programs start csapi-worker. Of no use to people, so there is no table of them and no help.
 */
#ifndef CSAPI_CMD_WORKER_OPTIONS_H
#define CSAPI_CMD_WORKER_OPTIONS_H

#include "process/sandbox.h"

#include <stdbool.h>

enum worker_task {
	WORKER_SERVE,    /* a zygote, with its supervisor on SPAWN_FD */
	WORKER_CHECK,    /* --check: verifies definitions, and says so on SPAWN_FD */
	WORKER_DIGEST,   /* --digest: tells the digests of messages, as a worker that does nothing else */
	WORKER_VERSIONS, /* --versions: of what it is made, on standard output */
	WORKER_VERSION,  /* --version: its own, for people */
};

struct worker_options {
	enum worker_task task;
	struct sandbox_options sandbox; /* with the directory of definitions */
	bool shipped;                   /* these definitions came with csapi */
	bool probe, resident;           /* see zygote.h */
	const char *digest;             /* with WORKER_DIGEST: name of its directory below base */
	bool verify_only;               /* with WORKER_CHECK: load nothing */
	bool no_engine;                 /* in place of definitions: messages are only taken apart */
};

/* Borrows from argv for good, and changes it. False: nobody of ours has written that. */
bool worker_options_read(int argc, char **argv, struct worker_options *ret_options);

#endif
