/*
 * engine.h - the antivirus engine: libclamav behind one door (engine.c, engine/ and digest.c are all that include
 * clamav.h).
 *
 * It loads definitions once per process and then scans bytes in memory. Its "clean" is believed only when nothing else
 * went wrong: every error, every error-level message, every failed write or allocation during a scan becomes a code.
 * It remembers by SHA-256 every layer its parsers reached, so that the decomposer feeds it only what it never saw.
 * Called by decompose.c and by cmd/csapi-worker.c. Single-threaded.
 */
#ifndef CSAPI_SCAN_ENGINE_H
#define CSAPI_SCAN_ENGINE_H

#include "base/why.h"
#include "scan/detect.h"
#include "scan/digest.h"
#include "verdict/limits.h"
#include "verdict/report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;

/*
 * Loads every definition file in `directory` (files only: no dot files, no subdirectories), one by one in clamscan's
 * order, compiles, and tests itself: a harmless text must be clean, and it and the EICAR file be scanned without any
 * trouble. A file that cannot be read, is broken, cut short or brings no signature where it should fails the whole, as does a set
 * without a single one. On failure returns a negative errno, with the scan code for it (AVS_RESULT_DEFINITIONS_MISSING,
 * AVS_RESULT_ENGINE_LOAD_FAILED, DEC_RESULT_DEF_DIR_ACCESS_FAILED, GEN_RESULT_DEFINITION_DIR_UNSET) and why, which names
 * the file. `ret_facts` texts are the caller's (facts_free). The test writes below TMPDIR, or /tmp. Sets TZ to UTC where
 * it is not set, or the library would read the time zone's file at each scan.
 */
int engine_load(const char *directory, struct engine **ret_engine, struct facts *ret_facts, enum scan_code *ret_code,
		struct why *why);
void engine_free(struct engine *engine);

/*
 * Prepares for one message: the private directory for the library's temporary files, and its own limits, which are set
 * above ours so that ours are the ones that count. Probes the directory by writing to it. Forgets what was seen.
 * Calls fault_watch(temporary), so faults before it do not count. Each message needs a directory of its own: forked
 * processes give their temporary files the same names.
 * 0, or a negative errno with *ret_code = DEC_RESULT_TEMP_DIR_ACCESS_FAILED or DEC_RESULT_OUT_OF_MEMORY.
 */
int engine_begin(struct engine *engine, const char *temporary, const struct limits *limits, uint64_t message_size,
		 enum scan_code *ret_code, struct why *why);

#define ENGINE_VIRUSES_MAX 64
#define ENGINE_CODES_MAX   16

struct engine_virus {
	char name[256];
	bool official;
};

struct engine_code {
	enum scan_code code;
	char text[256]; /* "" if the row's text says it all */
};

/* Encrypted members of ZIP archives, to tell them from others. */
#define ENGINE_MEMBERS_MAX 256
struct engine_members {
	bool more; /* there are more of them, or something else is encrypted */
	unsigned count;
	uint64_t keys[ENGINE_MEMBERS_MAX];
};
/* A member by its name, as far as that is ASCII, and its sizes, packed and unpacked. */
void engine_members_add(struct engine_members *members, const char *name, uint64_t packed, uint64_t size);

struct engine_result {
	unsigned virus_count; /* all that matched, sorted by name, each once */
	struct engine_virus viruses[ENGINE_VIRUSES_MAX];
	unsigned code_count; /* limits, encryption, failures: each code once */
	struct engine_code codes[ENGINE_CODES_MAX];
	struct engine_members members; /* the encrypted ones that were met */
	char type[64];                 /* what the engine took the bytes for ("CL_TYPE_MAIL"); "" if it did not say */
	unsigned layers; /* layers its parsers reached, the bytes themselves included: 1 = nothing was found inside */
	bool incomplete; /* something failed or a limit was reached: none of the layers counts as seen */
};

/*
 * Scans bytes with every parser on. `name` is a file name for name-based signatures, or NULL. Never fails: a failure is
 * a code in the result.
 */
void engine_scan(struct engine *engine, const void *data, size_t size, const char *name,
		 struct engine_result *ret_result);

/* Did a complete scan since engine_begin reach these bytes, as a layer of any depth? */
bool engine_saw(const struct engine *engine, const uint8_t digest[DIGEST_SIZE]);
/* Did one reach this text, white space aside? (digest_text) */
bool engine_saw_text(const struct engine *engine, const uint8_t digest[DIGEST_SIZE]);

/* Did one reach a layer of just this size? For what only the engine can extract, whose bytes are not known here. */
bool engine_saw_size(const struct engine *engine, uint64_t size);

/* What its parsers took out of a container that only they open, and that is to be looked into here (engine/layer.h). */
struct engine_layer {
	uint8_t owner[DIGEST_SIZE]; /* content of the nearest container around it that is known here */
	char *name;                 /* NULL: none */
	uint8_t *data;
	size_t size;
	struct detection detection; /* what it could be */
	struct engine_layer *next;  /* of any owner */
};

/*
 * The one behind `last` (NULL: the first) that a scan since engine_begin, complete or not, met in these bytes, each once. Borrowed until the next
 * engine_begin; scans in between do not move it. NULL: there is no more.
 */
const struct engine_layer *engine_layer_next(const struct engine *engine, const uint8_t owner[DIGEST_SIZE],
					     const struct engine_layer *last);

/* "ClamAV 1.4.6"; static. */
const char *engine_version(void);

#endif
