/*
 * definitions.c - finds a set of definitions and holds it; see definitions.h.
 */
#include "process/definitions.h"

#include "base/fd.h"
#include "base/place.h"
#include "verdict/update.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A set that goes away between finding and locking it is looked for again, this often and after so long. */
#define TRIES_MOST 20
#define PAUSE_NS   2000000

/* Does the directory hold a file that this is true of? */
static bool holds(const char *path, bool (*wanted)(const char *name))
{
	DIR *directory = opendir(path);
	bool found = false;
	if (!directory)
		return false;
	for (struct dirent *entry; !found && (entry = readdir(directory));)
		found = entry->d_name[0] != '.' && wanted(entry->d_name);
	(void)closedir(directory);
	return found;
}

/*
 * What a link leads to. Where that is not there (it may have been replaced and removed since the link was read) the link itself: the next try
 * or the engine will tell, and nothing else is taken in its place.
 */
static char *resolve(const char *link)
{
	char *path = realpath(link, NULL);
	return path ? path : strdup(link);
}

/* Is it the root of a store? Then *ret_link is the link to its current set. */
static bool is_store(const char *path, char ret_link[PATH_MAX])
{
	char target[sizeof "versions/"];
	if (snprintf(ret_link, PATH_MAX, "%s/current", path) >= PATH_MAX)
		return false;
	/* The rest of the target does not matter here. */
	ssize_t length = readlink(ret_link, target, sizeof target - 1);
	return length == sizeof target - 1 && memcmp(target, "versions/", sizeof target - 1) == 0 &&
	       !holds(path, definition_name_known);
}

static char *find_named(const char *named)
{
	char link[PATH_MAX];
	char *path = resolve(named);
	if (!path || !is_store(path, link))
		return path;
	free(path);
	return resolve(link);
}

/* Nobody named one: NULL, there is no real set. A link that csapi-update made is taken whatever it leads to. */
static char *find_usual(void)
{
	static const char current[] = DEFINITIONS_STORE "/current", clamav[] = "/var/lib/clamav";
	struct stat status;
	if ((lstat(current, &status) == 0 && S_ISLNK(status.st_mode)) || holds(current, definition_name_brings))
		return resolve(current);
	return holds(clamav, definition_name_signed) ? resolve(clamav) : NULL;
}

char *definitions_find(const char *named, bool *ret_shipped, struct why *why)
{
	char *path = named ? find_named(named) : find_usual();
	*ret_shipped = !named && !path;
	if (named && !path)
		(void)why_errno(why, -ENOMEM, "definitions in %.300s", named);
	return *ret_shipped ? place_find(PLACE_DEFINITIONS, why) : path;
}

/* Does the path lead to the directory that is open? */
static bool leads_to(const char *path, int directory)
{
	struct stat there, here;
	return stat(path, &there) == 0 && fstat(directory, &here) == 0 && there.st_dev == here.st_dev &&
	       there.st_ino == here.st_ino;
}

/*
 * 0, with a lock or without where there is none to be had; -EAGAIN: the set is going away, or it is gone. Who removes a set locks it
 * for himself alone, renames it and then unlinks: once we have the lock and the path still leads there, it stays.
 */
static int hold(struct definitions_source *source)
{
	int error = 0;
	source->lock = open(source->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (source->lock < 0)
		return errno == ENOENT ? -EAGAIN : 0;
	if (flock(source->lock, LOCK_SH | LOCK_NB) < 0)
		error = errno == EWOULDBLOCK || errno == EINTR ? -EAGAIN : -ENOLCK;
	if (!error && !leads_to(source->path, source->lock))
		error = -EAGAIN;
	if (error)
		fd_close(&source->lock);
	return error == -ENOLCK ? 0 : error;
}

int definitions_open(const char *named, struct definitions_source *ret_source, struct why *why)
{
	for (unsigned tries = 1;; tries++) {
		*ret_source = (struct definitions_source){.lock = -1};
		ret_source->path = definitions_find(named, &ret_source->shipped, why);
		if (!ret_source->path)
			return named ? -ENOMEM : -ENODATA;
		/* The last one stands as it is: the engine tells what is wrong with a directory that is not there. */
		if (hold(ret_source) == 0 || tries == TRIES_MOST)
			return 0;
		definitions_close(ret_source);
		(void)nanosleep(&(const struct timespec){.tv_nsec = PAUSE_NS}, NULL);
	}
}

void definitions_close(struct definitions_source *source)
{
	fd_close(&source->lock);
	free(source->path);
	*source = (struct definitions_source){.lock = -1};
}
