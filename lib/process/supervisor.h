/*
 * supervisor.h - the external scanner: takes messages from clients, gives each to a worker, and answers whatever happens.
 *
 * It never reads a byte of a message and links no parser of one. Deadlines hold inside library calls, because they are
 * kept here, by killing. It serves either the one client that started it, or all that connect to its sockets. Called by
 * cmd/csapi-scanner.c.
 */
#ifndef CSAPI_PROCESS_SUPERVISOR_H
#define CSAPI_PROCESS_SUPERVISOR_H

#include "base/why.h"
#include "process/listener.h"
#include "process/sandbox.h"
#include "verdict/limits.h"

#include <stdbool.h>

#define SUPERVISOR_CONCURRENCY_MAX 256u
#define SUPERVISOR_QUEUE_MAX       100000u
#define SUPERVISOR_MESSAGES_MAX    10000u

/* Who speaks clamd's protocol for the scanner (csapi-clamd). */
#define GATEWAY_SOCKETS_MOST 8
struct gateway_options {
	const char *path;                  /* of the program */
	const char *scanner;               /* of the scanner's own socket, where it asks as a client */
	int sockets[GATEWAY_SOCKETS_MOST]; /* listening; borrowed */
	bool local[GATEWAY_SOCKETS_MOST];  /* a unix socket */
	unsigned count;
	uint64_t max_age;            /* seconds: what older definitions scanned is never clean; 0: any will do */
	bool paranoid, part_by_part; /* as in a request */
	uint64_t stream_most;        /* bytes of a stream */
};

struct supervisor_options {
	const char *worker_path; /* csapi-worker */
	/*
	 * Directory, or what leads to one; NULL: nobody named it. Resolved anew for every generation, which holds what that gives
	 * (definitions.h), so a link may be swapped.
	 */
	const char *definitions;
	const char *
		passwords; /* file of passwords to try on encrypted archives, read at the start and at each reload; NULL: none */
	bool no_engine;        /* load none: messages are only taken apart, for the one client that started us */
	const char *file_base; /* directory for temporary files */
	unsigned max_concurrency;
	struct limits limits; /* requests may only tighten them */
	int take_private;     /* the socket of the one client that started us; -1: serve the listener */

	/* For a resident scanner: */
	struct listener *listener;    /* borrowed; closed by the caller, after the run */
	unsigned max_queue;           /* messages that may wait for a worker; one more is answered with "busy" */
	unsigned messages_per_worker; /* 1: every message gets a process of its own */
	unsigned cache_size;          /* verdicts that are kept by content (cache.h); 0: none */
	const struct gateway_options *gateway; /* NULL: clamd's protocol is not spoken */
	unsigned idle_exit;                    /* seconds without a client until it ends by itself; 0: never */
	bool low_memory; /* reload: let go of the old definitions before the new ones are loaded */

	/* Isolation: */
	bool degrade;          /* serve although a promised layer is missing; a private scanner always does */
	bool isolation_off;    /* for comparing verdicts only; needs degrade */
	bool no_namespaces;    /* leave that layer away */
	unsigned landlock_abi; /* 0: the newest */
	bool drop;             /* run workers as: */
	uid_t user;
	gid_t group;
	const char *user_name;
};

/*
 * Serves until the private client is gone, or until it is told to stop (SIGTERM, SIGINT, the stop command) or was idle long enough: then it takes
 * no more, answers what is outstanding, ends every process and removes every file. SIGHUP and the reload command load the definitions anew; SIGUSR1
 * opens the log again. 0 or -errno with why.
 */
int supervisor_run(const struct supervisor_options *options, struct why *why);

#endif
