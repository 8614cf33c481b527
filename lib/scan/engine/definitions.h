/*
 * definitions.h - loads a directory of definition files into the library's engine, file by file.
 *
 * Each file's outcome is known: one that cannot be read, or brings no signature where it should, is named and fails the
 * whole load. Order and choice are those of clamscan. Called by engine.c only.
 */
#ifndef CSAPI_SCAN_ENGINE_DEFINITIONS_H
#define CSAPI_SCAN_ENGINE_DEFINITIONS_H

#include "base/why.h"
#include "verdict/scan_code.h"

#include <stdint.h>

struct cl_engine;

struct definitions {
	uint64_t signatures;
	int64_t built; /* newest build time of a signed set or time of a file, seconds since 1970 */
};

/* The errors and codes of engine_load. `library` is not compiled yet, and useless after a failure. */
int definitions_load(const char *directory, struct cl_engine *library, struct definitions *ret_definitions,
		     enum scan_code *ret_code, struct why *why);

#endif
