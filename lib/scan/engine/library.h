/*
 * library.h - the inside of struct engine, shared by engine.c (scanning), engine/load.c (loading) and engine/check.c (checking).
 *
 * Nobody else includes it but the test that hands over an engine of the library which was never compiled.
 */
#ifndef CSAPI_SCAN_ENGINE_LIBRARY_H
#define CSAPI_SCAN_ENGINE_LIBRARY_H

#include "scan/engine.h"
#include "scan/engine/layer.h"

#include <clamav.h>

/* Digests of the layers of the scan that runs; they count once it is known to be complete. */
struct layers {
	uint8_t (*digests)[DIGEST_SIZE];
	size_t count, room;
};

struct engine {
	struct cl_engine *library; /* owned */
	struct digest_set *seen, *seen_text, *seen_sizes;
	struct layers layers, text_layers, size_layers;
	struct layer_list kept;
	uint64_t file_most, scan_most; /* the library's limits in force; 0: none set yet */
	uint64_t scanned;              /* bytes of all layers of the scan that runs */
	char zip_member[128];          /* first member said to be encrypted in what looks like ZIP; "" for none */
	struct engine_result *result;  /* borrowed; of the scan that runs, else NULL */
};

/* Makes an engine around one of the library's. Takes `library` over, also when it fails. NULL: no memory. */
struct engine *engine_wrap(struct cl_engine *take_library);

/* The library's own start, before anything else is asked of it. Idempotent. 0, or -errno with why. */
int library_start(struct why *why);
/* An engine without definitions. 0; -errno with why. */
int engine_new(struct engine **ret_engine, struct why *why);
/* Once everything was loaded. 0; -errno with why, fit behind "the definitions": what was loaded does not go together. -ENOMEM tells nothing of it. */
int engine_compile(struct engine *engine, struct why *why);

struct engine_test {
	char virus[256]; /* what a harmless text was taken for; "" if it was clean */
	bool finds_eicar;
};

/* Scans a harmless text and the EICAR file. 0; -EIO with why: a scan failed, and only what is set is known. */
int engine_test(struct engine *engine, struct engine_test *ret_test, struct why *why);

#endif
