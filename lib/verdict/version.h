/*
 * version.h - what csapi is made of and what it finds with: programs, definitions on disk, updates, the scanner that runs.
 *
 * A plain value, and what follows from it. Filled by cmd/version/, written by lib/format.
 */
#ifndef CSAPI_VERDICT_VERSION_H
#define CSAPI_VERDICT_VERSION_H

#include "verdict/age.h"
#include "verdict/currency.h"
#include "verdict/status.h"
#include "verdict/update.h"

#include <stdbool.h>
#include <stdint.h>

/* Where the knowledge of files comes from. */
enum version_basis {
	VERSION_HEADS,    /* what they say of themselves */
	VERSION_MANIFEST, /* what was found out when they went live; names and sizes are still the same */
	VERSION_VERIFIED, /* signatures and hashes, verified just now */
	VERSION_BASIS_COUNT
};

struct version_definitions {
	char *directory; /* as resolved; owned like all texts here; NULL: there is none */
	char *store;     /* the directory that csapi-update keeps it in; NULL: it does not */
	char *id;        /* of the set there; NULL */
	bool shipped;    /* only the test set that comes with csapi */
	enum version_basis basis;
	struct definition_set set;
	char *tested_with; /* "ClamAV 1.4.6": who loaded it before it went live; NULL: nobody did */
	bool finds_eicar;  /* then */
	char fault[512];   /* why it cannot be relied on; "" */
};

/* What csapi-update remembers. */
struct version_updates {
	char *directory; /* NULL: nothing is known */
	int64_t tried, checked, updated;
	enum update_outcome outcome; /* of the last run, where tried is not 0 */
	char *text;                  /* of it; may be NULL */
	int64_t retry_at;            /* 0: no mirror asks to wait */
	bool behind;                 /* some database is lower than the version that a mirror told */
};

enum version_scanner_state {
	VERSION_SCANNER_UNASKED, /* nobody wanted to know */
	VERSION_SCANNER_NONE,    /* none runs */
	VERSION_SCANNER_CLOSED,  /* one that is not for this user */
	VERSION_SCANNER_SILENT,  /* one runs, and gives no answer that says anything */
	VERSION_SCANNER_ANSWERS,
	VERSION_SCANNER_STATE_COUNT
};

struct version_scanner {
	enum version_scanner_state state;
	char text[512];       /* why there is no answer; "" */
	struct status status; /* VERSION_SCANNER_ANSWERS; its facts are owned */
	bool same;            /* it uses what is on disk */
};

struct version {
	struct facts programs; /* engine and decomposer; NULL: unknown */
	char trouble[512];     /* why they are unknown; "" */
	struct version_definitions definitions;
	struct version_updates updates;
	struct version_scanner scanner;
	int64_t now;

	/* What follows, by version_judge. */
	char number[32];     /* YYYYMMDD.NNN of what is on disk, be it the test set; "" none */
	int64_t built;       /* 0: unknown */
	uint64_t signatures; /* 0: not known of all files */
	enum currency currency;
	char text[640];

	/* By version_demand. */
	uint64_t max_age; /* seconds; 0: not asked */
	bool exceeded;
	char excess[AGE_EXCESS_SIZE]; /* why; "" */
};

void version_free(struct version *version);
/* Is there a set other than the one that comes with csapi, with a file in it that brings signatures? */
bool version_has_definitions(const struct version *version);
/* The rest of the value; interval in seconds and max_age in days, as configured. */
void version_judge(struct version *version, uint64_t interval, uint64_t max_age);
/*
 * After version_judge: are the definitions older than `max_age` seconds, on disk or in the scanner that runs, or is there a reason why
 * that cannot be told: there are none, they are broken, their age is unknown, the scanner has none or does not answer? One that is
 * loading is given time.
 */
void version_demand(struct version *version, uint64_t max_age);

/* "heads", "manifest", "verified". */
const char *version_basis_word(enum version_basis basis);

#endif
