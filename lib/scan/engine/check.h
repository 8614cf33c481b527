/*
 * check.h - verifies a directory of definitions file by file, and loads it for a trial.
 *
 * Everything in it is hostile until it is verified, so the caller puts walls around the process between the start and the run. Called by
 * cmd/worker/check.c.
 */
#ifndef CSAPI_SCAN_ENGINE_CHECK_H
#define CSAPI_SCAN_ENGINE_CHECK_H

#include "base/why.h"
#include "verdict/check.h"

#include <stdbool.h>
#include <stdint.h>

struct check_task {
	const char *directory; /* as it can be opened now */
	const char *name;      /* of the directory, for people */
	bool load;             /* else only what can be told without loading */
	/* Called before each step with the file that it is about, or NULL: should the process die, its cause. */
	void (*at)(void *context, const char *file);
	void *context;
};

/* What must be done while the system's files can still be read: 0, or -errno with why. */
int check_start(struct why *why);
/*
 * Before the walls, and without opening a file: bytes of memory that loading this directory may take: several times what any format needs. -errno: it cannot be listed or holds none, and *check says
 * so.
 */
int check_measure(const struct check_task *task, uint64_t *ret_memory, struct check *check);
/*
 * Fills *check, empty so far, but for the decomposer's version. Every file that is broken has its fault; with none broken, and `load`, all are
 * loaded and compiled, and the engine is tested. Trouble is a code and a text.
 */
void check_run(const struct check_task *task, struct check *check);

#endif
