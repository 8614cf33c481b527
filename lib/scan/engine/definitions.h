/*
 * definitions.h - loads a directory of definition files into the library's engine, file by file.
 *
 * Each file's outcome is known: one that cannot be read, or brings no signature where it should, is named and fails the
 * whole load. Order and choice are those of clamscan. Called by load.c and check.c.
 */
#ifndef CSAPI_SCAN_ENGINE_DEFINITIONS_H
#define CSAPI_SCAN_ENGINE_DEFINITIONS_H

#include "base/why.h"
#include "verdict/scan_code.h"
#include "verdict/update.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cl_engine;

/* A file of a directory that the library would load. */
struct definition_item {
	char *name;
	bool superseded; /* the other form of the same signed set (.cld, .cvd) is used in its place */
};

/* In the order in which they are loaded. */
struct definition_list {
	struct definition_item *items;
	size_t count;
};

/*
 * Lists the files of a directory with an extension of definition_kind.def: regular ones, or links to such, and none that begins with a
 * dot. Opens none of them. 0 (definition_list_free it), or the errors and codes of engine_load: the directory cannot be listed, or holds none.
 */
int definition_list_read(const char *directory, struct definition_list *ret_list, enum scan_code *ret_code,
			 struct why *why);
/* Reads the heads of signed sets that are there in both forms, and marks those that are superseded. */
void definition_list_settle(const char *directory, struct definition_list *list);
void definition_list_free(struct definition_list *list);

struct definition_loaded {
	uint64_t signatures; /* exceptions count as well */
	int64_t built;       /* of the header of a signed set, else the file's time */
};

/*
 * Loads one file. 0; -errno with a code and why, which is fit behind the file's name: it cannot be read, is broken or cut short, or brings no
 * signature where it should. -ENOMEM tells nothing about the file.
 */
int definition_load(const char *path, struct cl_engine *library, struct definition_loaded *ret_loaded,
		    enum scan_code *ret_code, struct why *why);

struct definitions {
	uint64_t signatures;
	struct definition_built built;
};

/* The errors and codes of engine_load. `library` is not compiled yet, and useless after a failure. */
int definitions_load(const char *directory, struct cl_engine *library, struct definitions *ret_definitions,
		     enum scan_code *ret_code, struct why *why);

#endif
