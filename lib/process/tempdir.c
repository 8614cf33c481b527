/*
 * tempdir.c - private directories; see tempdir.h. Refuses to follow links.
 */
#include "process/tempdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MOST 64 /* directories in directories: libclamav nests one for each layer it unpacks */

int tempdir_create(const char *base, struct tempdir *ret_tempdir, struct why *why)
{
	ret_tempdir->path = NULL;
	char *real = realpath(base, NULL);
	if (!real)
		return why_errno(why, -errno, "directory for temporary files %s", base);
	char *path = NULL;
	if (asprintf(&path, "%s/csapi-XXXXXX", real) < 0)
		path = NULL;
	free(real);
	if (!path)
		return why_errno(why, -ENOMEM, "directory for temporary files %s", base);
	if (!mkdtemp(path)) {
		int error = -errno;
		free(path);
		return why_errno(why, error, "directory for temporary files %s", base);
	}
	ret_tempdir->path = path;
	return 0;
}

int tempdir_child(const struct tempdir *tempdir, const char *name, char **ret_path, struct why *why)
{
	char *path = NULL;
	if (asprintf(&path, "%s/%s", tempdir->path, name) < 0)
		return why_errno(why, -ENOMEM, "directory %s", name);
	if (mkdir(path, 0700) < 0) {
		int error = why_errno(why, -errno, "directory %s", path);
		free(path);
		return error;
	}
	*ret_path = path;
	return 0;
}

static int empty(int directory, unsigned depth);

/* Removes one entry, a directory with what is in it. */
static int remove_entry(int parent, const char *name, unsigned depth)
{
	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	if (depth == DEPTH_MOST)
		return -ELOOP;
	/* libclamav may leave a directory without the right to read it or to write into it. */
	if (fchmodat(parent, name, 0700, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return 0;
	int directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0)
		return -errno;
	int error = empty(directory, depth + 1);
	return unlinkat(parent, name, AT_REMOVEDIR) < 0 && !error ? -errno : error;
}

/* Takes over the descriptor. */
static int empty(int directory, unsigned depth)
{
	DIR *stream = fdopendir(directory);
	if (!stream) {
		int error = -errno;
		(void)close(directory);
		return error;
	}
	int error = 0;
	for (struct dirent *entry; (entry = readdir(stream));) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		int failed = remove_entry(dirfd(stream), entry->d_name, depth);
		error = error ? error : failed;
	}
	(void)closedir(stream);
	return error;
}

int tempdir_remove_path(const char *path)
{
	return remove_entry(AT_FDCWD, path, 0);
}

void tempdir_remove(struct tempdir *tempdir)
{
	if (!tempdir->path)
		return;
	(void)tempdir_remove_path(tempdir->path);
	free(tempdir->path);
	tempdir->path = NULL;
}
