/*
 * walk.c - files below a path; see walk.h. Refuses to wait for anything but a disk.
 */
#include "gateway/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct walk {
	char *path;
	int fd;    /* the file itself, until it is taken; -1 */
	FTS *tree; /* NULL: it is a file */
};

/* A regular file, without waiting for a writer. The descriptor or -errno. */
static int open_file(const char *path, int flags)
{
	struct stat status;
	/* Looked at first: even opening a device can do something. */
	if ((flags & O_NOFOLLOW ? lstat(path, &status) : stat(path, &status)) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EMEDIUMTYPE;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		return fd;
	(void)close(fd);
	return -EMEDIUMTYPE;
}

static int say(int error, struct why *why)
{
	if (error == -EMEDIUMTYPE)
		return why_set(why, error, "Not supported file type");
	return why_set(why, error, "%s", strerror(-error));
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

int walk_open(const char *path, struct walk **ret_walk, struct why *why)
{
	struct stat status;
	struct walk *walk = calloc(1, sizeof *walk);
	if (!walk || !(walk->path = strdup(path))) {
		walk_close(walk);
		return say(-ENOMEM, why);
	}
	walk->fd = -1;
	char *roots[] = {walk->path, NULL};
	int error = stat(path, &status) < 0 ? -errno : 0;
	if (!error && S_ISDIR(status.st_mode)) {
		walk->tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
		error = walk->tree ? 0 : -errno;
	} else if (!error) {
		walk->fd = open_file(path, 0);
		error = walk->fd < 0 ? walk->fd : 0;
	}
	if (error) {
		walk_close(walk);
		return say(error, why);
	}
	*ret_walk = walk;
	return 0;
}

bool walk_is_directory(const struct walk *walk)
{
	return walk->tree != NULL;
}

static int next_below(struct walk *walk, const char **ret_name, int *ret_fd, struct why *why)
{
	const FTSENT *entry;
	while (errno = 0, (entry = fts_read(walk->tree)) != NULL) {
		*ret_name = entry->fts_path;
		*ret_fd = -1;
		switch (entry->fts_info) {
		case FTS_F:
			*ret_fd = open_file(entry->fts_accpath, O_NOFOLLOW);
			if (*ret_fd < 0) {
				(void)say(*ret_fd, why);
				*ret_fd = -1;
			}
			return 1;
		case FTS_DNR:
		case FTS_ERR:
		case FTS_NS:
			(void)say(-entry->fts_errno, why);
			return 1;
		default:
			break;
		}
	}
	return errno == ENOMEM ? -ENOMEM : 0;
}

int walk_next(struct walk *walk, const char **ret_name, int *ret_fd, struct why *why)
{
	if (walk->tree)
		return next_below(walk, ret_name, ret_fd, why);
	if (walk->fd < 0)
		return 0;
	*ret_name = walk->path;
	*ret_fd = walk->fd;
	walk->fd = -1;
	return 1;
}

void walk_close(struct walk *walk)
{
	if (!walk)
		return;
	if (walk->tree)
		(void)fts_close(walk->tree);
	if (walk->path && walk->fd >= 0)
		(void)close(walk->fd);
	free(walk->path);
	free(walk);
}
