/*
 * state_json.h - what updates remember from one run to the next (state.json), and what lies beside the files of a set (manifest.json).
 *
 * Both are of our own making, yet read as if they were hostile: others may write there. Called by update and csapi-version.
 */
#ifndef CSAPI_FORMAT_STATE_JSON_H
#define CSAPI_FORMAT_STATE_JSON_H

#include "verdict/update.h"

#include <stddef.h>
#include <stdint.h>

#define STATE_MIRRORS_MAX   64u
#define STATE_DATABASES_MAX 64u
#define STATE_REFUSED_MAX   16u
#define STATE_TEXT_MAX      2048u

struct state_mirror {
	char *url;        /* as people may see it */
	int64_t retry_at; /* it asked to be left alone until then; 0: it did not */
};

/* A database at a mirror, or a feed. */
struct state_source {
	char *name;
	uint32_t remote;  /* the version that a mirror told last; 0: none, and for feeds */
	int64_t changed;  /* feeds: Last-Modified of the copy in use, or 0 */
	char *etag;       /* feeds, or NULL */
	char *url;        /* feeds: as people may see it; what is known of another URL does not count */
	uint32_t refused; /* a version that was rolled back and must not come again; 0: none */
};

struct state {
	int64_t tried;               /* when the last run began; 0: never */
	int64_t checked;             /* when all sources last told what they have, or gave it */
	int64_t updated;             /* when definitions last went live */
	enum update_outcome outcome; /* of the last run */
	char *text;                  /* of it; may be NULL */
	struct state_mirror mirrors[STATE_MIRRORS_MAX];
	uint32_t mirror_count;
	struct state_source sources[STATE_DATABASES_MAX];
	uint32_t source_count;
	char *refused[STATE_REFUSED_MAX]; /* names of sets that were rolled back; the newest last */
	uint32_t refused_count;
};

void state_free(struct state *state);
char *state_json_encode(const struct state *state);
/* 0 (state_free it), -EBADMSG, -ENOMEM. */
int state_json_decode(const char *text, size_t size, struct state *ret_state);
/* NULL: not known. */
struct state_mirror *state_find_mirror(const struct state *state, const char *url);
struct state_source *state_find_source(const struct state *state, const char *name);
/* Finds or adds. NULL: no memory, or too many. */
struct state_mirror *state_put_mirror(struct state *state, const char *url);
struct state_source *state_put_source(struct state *state, const char *name);

struct manifest {
	char *id;          /* the name of the set */
	int64_t created;   /* seconds since 1970 */
	char *tested_with; /* "ClamAV 1.4.6": who verified and loaded it */
	bool finds_eicar;
	struct definition_set set; /* with size and SHA-256 of each file */
};

void manifest_free(struct manifest *manifest);
char *manifest_json_encode(const struct manifest *manifest);
int manifest_json_decode(const char *text, size_t size, struct manifest *ret_manifest);

#endif
