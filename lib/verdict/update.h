/*
 * update.h - the words of updating: outcomes, and what is known of the files of a set of definitions.
 *
 * Pure values. Called by scan (who checks files), fetch (who gets them), update and the programs.
 */
#ifndef CSAPI_VERDICT_UPDATE_H
#define CSAPI_VERDICT_UPDATE_H

#include "verdict/scan_code.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum update_outcome {
#define UPDATE_OUTCOME(name, word, exit, rank, text) UPDATE_##name,
#include "verdict/update_outcome.def"
#undef UPDATE_OUTCOME
	UPDATE_OUTCOME_COUNT
};

const char *update_outcome_word(enum update_outcome outcome);
const char *update_outcome_text(enum update_outcome outcome);
int update_outcome_exit(enum update_outcome outcome);
/* 0 or -EINVAL. */
int update_outcome_find(const char *word, enum update_outcome *ret);
/*
 * What two sources' outcomes make together: one that UPDATED or is AVAILABLE beside one that failed (a rank above 0) is PARTIAL; else the
 * higher rank; of two without rank UPDATED, AVAILABLE, CURRENT in this order. Associative; start with NOT_DUE, which yields to all.
 */
enum update_outcome update_outcome_of(enum update_outcome one, enum update_outcome other);

/* What vouches for a file. */
enum definition_trust {
	DEFINITION_UNCHECKED, /* nobody looked */
	DEFINITION_SIGNED,    /* ClamAV's signature was verified, and the file is whole */
	DEFINITION_UNSIGNED,  /* a format without signature; it was loaded and brought something */
	DEFINITION_BROKEN,
	DEFINITION_TRUST_COUNT
};
/* "unchecked", "signed", "unsigned", "broken". */
const char *definition_trust_word(enum definition_trust trust);
int definition_trust_find(const char *word, enum definition_trust *ret);

/* Longest name of a definition file with its NUL, and most files of a set. */
#define DEFINITION_NAME_MAX  128
#define DEFINITION_FILES_MAX 512u

struct definition_file {
	char name[DEFINITION_NAME_MAX]; /* "daily.cld", without a directory */
	enum definition_trust trust;
	uint64_t size;
	uint64_t signatures; /* 0: unknown, or none */
	int64_t built;       /* seconds since 1970: of the header, else the file's time; 0: unknown */
	uint32_t version;    /* of the header; 0: it has none */
	uint32_t level;      /* functionality level that it asks for; 0: none */
	bool has_sha256;
	uint8_t sha256[32];
	char *source; /* owned: where it came from (URL or path), without a key; NULL: unknown */
	char *fault;  /* owned: why it is broken; NULL: it is not */
};

struct definition_set {
	struct definition_file *files; /* owned; sorted by name */
	uint32_t count;
};

/*
 * When a set was built: the newest build of its signed files; only where there is none the newest time of a file. A feed that is fetched each day must not
 * make an official set look young. Begin with zeros.
 */
struct definition_built {
	int64_t when; /* seconds since 1970; 0: unknown */
	bool of_signed;
};
void definition_built_add(struct definition_built *built, const char *name, int64_t when);

void definition_set_free(struct definition_set *set);
/* A copy of `file` with its texts, at its place in the order; replaces one of the same name. 0, -ENOMEM, -E2BIG. */
int definition_set_put(struct definition_set *set, const struct definition_file *file);
/* NULL: none of that name. Valid until the next put. */
struct definition_file *definition_set_find(const struct definition_set *set, const char *name);
/* The signed file of a database: "daily" finds daily.cld or daily.cvd, the one with the higher version. */
struct definition_file *definition_set_database(const struct definition_set *set, const char *database);
/* YYYYMMDD.NNN: the day of the newest build, and the version of the official daily set, else 0; at least 32 bytes. */
void definition_set_version(const struct definition_set *set, char *ret_text, size_t size);
/* As definition_built_add of all files. */
int64_t definition_set_built(const struct definition_set *set);
uint64_t definition_set_signatures(const struct definition_set *set);

/* Is it a name by which a definition file can be kept: letters, digits, - _ . only, no leading dot, an extension of definition_kind.def? */
bool definition_name_good(const char *name);
/* Its extension (of any case) is one that the engine loads; the others are false where it is none. */
bool definition_name_known(const char *name);
/* A good file of this format brings signatures. */
bool definition_name_brings(const char *name);
/* .cvd, .cld or .cud */
bool definition_name_signed(const char *name);
/* Is it a form of that database: "daily.cld" of "daily"? */
bool definition_name_of(const char *name, const char *database);
/* One that takes detection away or widens trust. */
bool definition_name_exception(const char *name);

#endif
