/*
 * prune.c - removes sets that nobody needs any more; see store.h.
 */
#include "update/store/folder.h"

#include "base/fd.h"
#include "process/tempdir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSIONS_MOST 1000 /* sets looked at */

struct set {
	char id[STORE_ID_MAX];
	struct timespec changed;
};

struct sets {
	struct set *items;
	size_t count;
};

static int collect(int directory, const char *name, void *context)
{
	struct sets *sets = context;
	struct stat status;
	if (name[0] == '.' || strlen(name) >= STORE_ID_MAX ||
	    fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(status.st_mode) ||
	    sets->count == VERSIONS_MOST)
		return 0;
	struct set *set = &sets->items[sets->count++];
	(void)snprintf(set->id, sizeof set->id, "%s", name);
	set->changed = status.st_mtim;
	return 0;
}

static int newest_first(const void *a, const void *b)
{
	const struct timespec *one = &((const struct set *)a)->changed, *other = &((const struct set *)b)->changed;
	if (one->tv_sec != other->tv_sec)
		return one->tv_sec > other->tv_sec ? -1 : 1;
	return (one->tv_nsec < other->tv_nsec) - (one->tv_nsec > other->tv_nsec);
}

/* Only what nobody reads: readers hold a shared lock. True: it is gone. */
static bool remove_set(const struct store *store, const char *id)
{
	char name[sizeof STORE_VERSIONS + STORE_ID_MAX], away[STORE_ID_MAX + 8];
	int fd = store_open_set(store, id);
	if (fd < 0)
		return false;
	(void)snprintf(name, sizeof name, STORE_VERSIONS "%s", id);
	(void)snprintf(away, sizeof away, "tmp/%s", id);
	bool gone = flock(fd, LOCK_EX | LOCK_NB) == 0 && renameat(store->directory, name, store->directory, away) == 0;
	char *path = NULL;
	if (gone && asprintf(&path, "%s/%s", store->path, away) >= 0) {
		(void)tempdir_remove_path(path);
		free(path);
	}
	/* The lock is held until then: a reader that comes now finds the name gone. */
	fd_close(&fd);
	return gone;
}

static bool was_replaced(const char *id)
{
	size_t length = strlen(id), end = sizeof STORE_GONE - 1;
	return length > end && strcmp(id + length - end, STORE_GONE) == 0;
}

int store_prune(const struct store *store, uint64_t keep)
{
	char current[STORE_ID_MAX] = "", previous[STORE_ID_MAX] = "";
	struct sets sets = {.items = calloc(VERSIONS_MOST, sizeof *sets.items)};
	int versions = openat(store->directory, "versions", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int removed = 0, error = !sets.items ? -ENOMEM : versions < 0 ? -errno : 0;
	if (store_link(store, "current", current))
		current[0] = '\0';
	if (store_link(store, "previous", previous))
		previous[0] = '\0';
	error = error ? error : store_each(versions, collect, &sets);
	fd_close(&versions);
	if (!error)
		qsort(sets.items, sets.count, sizeof *sets.items, newest_first);
	/* The two in use count among those to keep, wherever they stand. */
	uint64_t kept = (current[0] ? 1u : 0u) + (previous[0] && strcmp(previous, current) != 0 ? 1u : 0u);
	for (size_t i = 0; !error && i < sets.count; i++) {
		const char *id = sets.items[i].id;
		if (strcmp(id, current) == 0 || strcmp(id, previous) == 0)
			continue;
		if (kept < keep && !was_replaced(id))
			kept++;
		else
			removed += remove_set(store, id);
	}
	free(sets.items);
	return error ? error : removed;
}
