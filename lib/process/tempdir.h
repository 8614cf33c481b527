/*
 * tempdir.h - private directories for temporary files, and their removal whatever is in them.
 *
 * What is removed was filled by code that parsed hostile bytes: links are never followed, and depth and number of
 * entries have a bound. Called by supervisor.
 */
#ifndef CSAPI_PROCESS_TEMPDIR_H
#define CSAPI_PROCESS_TEMPDIR_H

#include "base/why.h"

#include <stdbool.h>
#include <stdint.h>

struct tempdir {
	char *path; /* absolute; NULL: there is none */
	int lock;   /* the directory itself, locked (flock) for as long as its scanner lives; -1: none */
};

/*
 * Where temporary files go when nobody said: TMPDIR if it is set; else /dev/shm if it is a tmpfs with `room` bytes free that we can write to; else /tmp.
 * Static text or the environment's: borrowed.
 */
const char *tempdir_base(uint64_t room);
/*
 * Removes the directories that scanners of ours (this user) left in `base` when they were killed: those named as tempdir_create names them, that belong to us and that nobody
 * holds the lock of. Number of those removed, or -errno.
 */
int tempdir_sweep(const char *base);
/* Is there nothing in it? */
bool tempdir_empty(const char *path);

/* Makes a directory with a random name in `base`, for us alone. 0 or -errno with why. */
int tempdir_create(const char *base, struct tempdir *ret_tempdir, struct why *why);
/* Makes a directory in it. The caller frees the absolute path. 0 or -errno with why. */
int tempdir_child(const struct tempdir *tempdir, const char *name, char **ret_path, struct why *why);
/* Removes a path with all that is in it. 0 or -errno: something is left. */
int tempdir_remove_path(const char *path);
/* Removes the directory itself; nothing to do where there is none. */
void tempdir_remove(struct tempdir *tempdir);

#endif
