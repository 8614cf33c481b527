/*
 * handle.h - what a handle and a result of libcsapi hold. Inside lib/csapi.
 */
#ifndef CSAPI_CSAPI_HANDLE_H
#define CSAPI_CSAPI_HANDLE_H

#include "base/why.h"
#include "csapi.h"
#include "engine/engines.h"
#include "format/config.h"
#include "verdict/context.h"
#include "verdict/selection.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What is exported; csapi.map has the same list. */
#define CSAPI_PUBLIC __attribute__((visibility("default")))

/* A configuration that was read, and what is borrowed from it all over: results keep it as well. */
struct setup {
	atomic_uint holders;
	struct config config;
	enum scan_code failed; /* it could not be read */
	struct why why;
	const char *names[ENGINES_MAX + 1], *skips[ENGINES_MAX + 1]; /* ended by NULL */
	struct selection all;                                        /* every engine; what the backends are made of */
};

struct csapi {
	char *config_path, *socket; /* owned; NULL: where one is looked for */
	struct setup *setup;        /* NULL: not read yet */
	struct engines *engines;    /* NULL: not open */
	pid_t owner;                /* process that opened them: a child of it has no right to them */
	struct selection_wish wish; /* its texts are owned */
	int64_t deadline_seconds;   /* 0: none */
	uint32_t next;              /* number of the next message */
	struct why error;
};

struct csapi_result {
	struct setup *setup;
	struct verdict verdict;
	char *json;             /* NULL: not asked for yet */
	size_t variable_count;  /* names and values are in pairs: NAME, NAME_info */
	char **names, **values; /* owned; a value may be NULL */
};

/* Ends what is open; in a child of the process that opened it, only forgets it. */
void handle_close(struct csapi *csapi);
/* The configuration of the handle, read if it was not. NULL: no memory. Borrowed; setup_hold it to keep it. */
struct setup *handle_setup(struct csapi *csapi);
struct setup *setup_hold(struct setup *setup);
void setup_drop(struct setup *setup);

/* Makes the result of a settled verdict, which it takes over. NULL: no memory. */
struct csapi_result *result_new(struct setup *setup, struct verdict *take_verdict);

/*
 * Wraps a part of a message into a message of which it is the part number 1: 0 with the message in a descriptor as of spool_bytes; else the
 * code, with why.
 */
enum scan_code part_wrap(const void *data, size_t size, int *ret_fd, struct why *why);
#define PART_WRAPPED_ID "1"

#endif
