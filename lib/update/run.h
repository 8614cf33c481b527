/*
 * run.h - one run of an update, as the files of this folder share it. Included inside lib/update only.
 */
#ifndef CSAPI_UPDATE_RUN_H
#define CSAPI_UPDATE_RUN_H

#include "format/check_json.h"
#include "format/fetch_json.h"
#include "update/store.h"
#include "update/update.h"

struct run {
	const struct update_options *options;
	const struct update_settings *settings;
	const struct update_observer *observer;
	struct update_result *result;
	struct store store;
	struct state state;
	struct manifest
		current; /* of the set in use; id NULL: there is none, or it has none. verify_copies leaves what is as it was */
	bool doubtful;    /* the set in use is not as it was, or has no manifest: it is verified whatever is new */
	char damage[256]; /* what is wrong with it first of all, for people */
	bool repaired;
	bool forgetful; /* state.json was damaged */
	char *fetch_path, *worker_path;
	/* Beside settings->feeds: what the server said of the file that it sent. */
	struct {
		char etag[256];
		int64_t changed;
	} news[UPDATE_FEEDS_MAX];
};

/* ---- run.c: what every step does ---- */
void run_step(struct run *run, const char *step);
void run_message(struct run *run, int level, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The set in use is not as it was: it becomes doubtful, and people hear why. */
void run_damage(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The part of a database or feed: found or added, outcome NOT_DUE until something is known. NULL: no memory, or too many. */
struct update_part *run_part(struct run *run, const char *name, bool feed);
void run_part_text(struct update_part *part, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Ends a part with trouble of our own. */
void run_part_fail(struct update_part *part, enum update_outcome outcome, const char *text);
/* "DIRECTORY/NAME"; caller frees; NULL: no memory. */
char *run_path(const struct run *run, const char *name);
/* -ENOSPC and -EDQUOT are NO_SPACE, -ECANCELED and all else FAILED. */
enum update_outcome run_outcome_of(int error);

/* The version of a database in incoming/ (the higher one of its two forms); 0: none, or no header. */
uint32_t run_version(const struct run *run, const char *database);
/* A file in incoming/ is that of the set in use again, where that is as it was; else it goes. 0 or -errno. */
int run_restore_file(const struct run *run, const char *name);
/* The same of a database, in all its forms. */
void run_restore(const struct run *run, const char *database);

/* ---- remote.c: from mirrors and feeds, by csapi-fetch ---- */
/*
 * What they have, and (unless only that is asked for) the newest of it in incoming/; each database and feed gets its part. `directory` is where the local
 * copies are. 0, or -errno with why: nothing could be asked.
 */
#define REMOTE_DATABASES 1u
#define REMOTE_FEEDS     2u
#define REMOTE_CHECK     4u /* ask only */
int remote_fetch(struct run *run, const char *directory, const char *temporary, unsigned what, struct why *why);
/* Remembers what mirrors and feeds told. */
void remote_remember(struct run *run);
/* Is that what the feed's file is kept as? */
bool remote_keeps(const struct update_feed *feed, const char *file);
/* Is that the file of the feed of this name? */
bool remote_brings(const struct run *run, const char *feed, const char *file);
/* Takes files out of incoming/ that came from sources which are not configured any more. 0 or -errno. */
int remote_drop_others(struct run *run);

/* ---- purge.c ---- */
/* Takes out of incoming/ what csapi-fetch may have left there beside, or in place of, what it was asked for, and empties tmp/. 0 or -errno: something could not be taken out. */
int purge_incoming(struct run *run);

/* ---- local.c: from a directory or a file on this machine ---- */
/* Copies what is newer into incoming/. 0, or -errno with why. */
int local_copy(struct run *run, const char *path, struct why *why);

/* ---- verify.c: by csapi-worker ---- */
/*
 * Takes files out of incoming/ and of run->current that are not as they were when they were verified, so that they are fetched whole and never come
 * back; run->doubtful tells that there were some, or that nobody knows. 0 or -errno with why.
 */
int verify_copies(struct run *run, struct why *why);
/*
 * Verifies and loads incoming/, and takes out what is not good: its parts become REJECTED, and the files in use come back. 0 with what is left, checked
 * as a whole (check_free it); *ret_changed false: nothing new is left. -errno with why: not even the rest is usable.
 */
int verify_incoming(struct run *run, bool *ret_changed, struct check *ret_check, struct why *why);

/* ---- set.c ---- */
/* Puts incoming/, which was verified, in use, and removes what is not kept. -EPERM with why: it was rolled back before. -errno with why. */
int set_activate(struct run *run, struct check *check, struct why *why);
/* Removes what is not kept; the result counts it. */
void set_prune(struct run *run);
/* The set `id`, and its versions that are higher than those in use `now`, must not come again by themselves. */
void set_refuse(struct run *run, const char *id, const struct definition_set *now);

/* ---- space.c ---- */
/* Bytes that fetching and building may take at most, from the sizes of the copies that are there and of those to come. */
uint64_t space_needed(const struct run *run);
/* Bytes free for us; UINT64_MAX: unknown. */
uint64_t space_free(const struct run *run);

/* ---- reload.c ---- */
/* Tells a running scanner; fills result->scanner. `id`: of the set in use; only_if_behind: leave one alone that uses it already. */
void reload_scanner(struct run *run, const char *id, bool only_if_behind);

#endif
