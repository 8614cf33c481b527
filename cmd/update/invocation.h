/*
 * invocation.h - what the command line of csapi-update asks for, and the configuration with it applied.
 *
 * Called by cmd/csapi-update.c, and by daemon.c when the configuration is to be read again.
 */
#ifndef CSAPI_CMD_UPDATE_INVOCATION_H
#define CSAPI_CMD_UPDATE_INVOCATION_H

#include "base/why.h"
#include "format/config.h"
#include "verdict/update_result.h"

#include <stdbool.h>
#include <stdint.h>

enum invocation_mode {
	INVOCATION_ONCE,
	INVOCATION_DAEMON,
	INVOCATION_CHECK_CONFIG,
	INVOCATION_HELP,
	INVOCATION_VERSION
};

/* A setting that an option gives; it comes before that of the file. */
struct invocation_override {
	const char *key; /* borrowed, as is what does not say otherwise */
	char *value;     /* owned */
	const char *option;
};

struct update_invocation {
	enum invocation_mode mode;
	enum update_task task;
	const char *config; /* NULL: where it is expected */
	char *from;         /* owned; absolute; NULL: the sources of the configuration */
	const char *fetch_path, *worker_path;
	bool json, quiet, verbose, force;
	bool if_older, if_older_auto; /* auto: as old as update_interval */
	uint64_t older_than;          /* seconds */
	uint64_t random_delay;        /* seconds; 0: none */
	struct invocation_override *overrides;
	size_t override_count;
};

/*
 * Reads the command line to its end, so that `json` tells in which form a mistake is to be answered. 0, or -EINVAL with why, which says what to
 * write instead; in both cases update_invocation_free it.
 */
int update_invocation_read(int argc, char **argv, struct update_invocation *ret_invocation, struct why *why);
void update_invocation_free(struct update_invocation *invocation);
/* The configuration with the overrides, checked. 0 (config_free it), or -errno with why. */
int update_invocation_configure(const struct update_invocation *invocation, struct config *ret_config,
				struct why *ret_warning, struct why *why);

#endif
