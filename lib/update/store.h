/*
 * store.h - the directory of definitions: sets side by side, one in use, changed by one rename.
 *
 *	DIRECTORY/lock          held (flock) while an update runs
 *	DIRECTORY/state.json    what updates remember
 *	DIRECTORY/freshclam.dat libfreshclam's identity and its own cool-down
 *	DIRECTORY/tmp/          temporary files of one run
 *	DIRECTORY/incoming/     the set that is being made
 *	DIRECTORY/versions/ID/  whole sets, each with manifest.json; never changed once they are there
 *	DIRECTORY/current       link to the set in use
 *	DIRECTORY/previous      link to the one before it
 *
 * Readers resolve `current` once and hold a shared lock (flock) on the directory of the set while they load; a set that is locked is not
 * removed. Called by update.c; csapi-version uses the reading half.
 */
#ifndef CSAPI_UPDATE_STORE_H
#define CSAPI_UPDATE_STORE_H

#include "base/why.h"
#include "format/state_json.h"

#include <stdbool.h>
#include <stdint.h>

#define STORE_ID_MAX 64

struct store {
	char *path;    /* absolute */
	int directory; /* descriptor of it */
	int lock;      /* -1: only read */
};

/* To read: 0; -ENOENT and the like with why. */
int store_open(const char *path, struct store *ret_store, struct why *why);
/*
 * To write: makes what is missing, takes the lock, and removes what an earlier run left in tmp/ and incoming/. -EAGAIN with why: another update runs (it names
 * the process, where that is known). -errno with why: what cannot be used, and what to do about it.
 */
int store_open_locked(const char *path, struct store *ret_store, struct why *why);
void store_close(struct store *store);

/* state.json; a missing or damaged one gives an empty state (*ret_damaged tells; may be NULL). 0 or -ENOMEM. */
int store_read_state(const struct store *store, struct state *ret_state, bool *ret_damaged);
/* Replaces it by rename. 0 or -errno with why. */
int store_write_state(const struct store *store, const struct state *state, struct why *why);

/* The name of the set that `link` ("current" or "previous") leads to: 0, -ENOENT: there is none, -EBADMSG: it leads elsewhere. */
int store_link(const struct store *store, const char *link, char ret_id[STORE_ID_MAX]);
/* The manifest of a set. 0 (manifest_free it), -ENOENT, -EBADMSG, -ENOMEM. */
int store_manifest(const struct store *store, const char *id, struct manifest *ret_manifest);
/* Are the files that the manifest lists there, with their sizes, and no other? 0, or -EBADMSG with why. */
int store_compare(const struct store *store, const struct manifest *manifest, struct why *why);

/*
 * incoming/ made anew with the files of the set in use: hard links to signed ones (copies where links are not to be had), copies of the others. 0 or -errno with why.
 */
int store_stage(const struct store *store, struct why *why);
/* Puts a hard link of the file in the set in use into incoming/, in place of what is there; removes that where the set in use has none. 0 or -errno. */
int store_restore_file(const struct store *store, const char *name);
/* libfreshclam's freshclam.dat goes back from incoming/ to its place. 0 or -errno. */
int store_keep_identity(const struct store *store);
/* Does incoming/ hold other definition files than the set in use? Links and copies of the same file are the same. */
bool store_changed(const struct store *store);
bool store_file_changed(const struct store *store, const char *name);
/* Names and sizes of the definition files in incoming/. 0 (definition_set_free it) or -errno. */
int store_incoming(const struct store *store, struct definition_set *ret_set);
/* A descriptor of incoming/, the caller's; or -errno. */
int store_open_incoming(const struct store *store);
/*
 * incoming/ becomes the set in use: modes and times settled, manifest written, all of it on disk, one rename of the directory, one of the link. The set that was in use becomes previous.
 * A set of this name that is there already is replaced: names come from contents. 0 or -errno with why: what was in use still is. 0 with why: it is in
 * use, and may not outlast a crash of the machine.
 */
int store_activate(const struct store *store, const struct manifest *manifest, struct why *why);
/* current and previous change places, by one rename each. 0, also with why as above; -ENOENT with why: there is nothing to go back to. */
int store_rollback(const struct store *store, char ret_id[STORE_ID_MAX], struct why *why);
/* Removes sets beyond the newest `keep`, but for current, previous, and those that somebody reads. Number of those removed, or -errno. */
int store_prune(const struct store *store, uint64_t keep);
/* Removes incoming/ and what is in tmp/. */
void store_clear(const struct store *store);

#endif
