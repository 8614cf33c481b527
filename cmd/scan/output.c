/*
 * output.c - the repaired message into a file; see output.h.
 *
 * Written to a file without a name, or where a file system has none of these, with a name of its own beside it; named when all of it is on the disk. Refuses to
 * take the place of anything: it could be the message itself.
 */
#include "output.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP (256u << 10) /* bytes */

struct output {
	const char *path;
	char directory[PATH_MAX];
	char temporary[PATH_MAX]; /* "": it has no name */
	int fd;
};

static int copy(int message, int to)
{
	static char step[STEP];
	off_t offset = 0;
	for (;;) {
		ssize_t got = pread(message, step, STEP, offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : 0;
		int error = fd_write_all(to, step, (size_t)got);
		if (error)
			return error;
		offset += got;
	}
}

static int open_named(struct output *output)
{
	mode_t mask = umask(0);
	(void)umask(mask);
	int length = snprintf(output->temporary, sizeof output->temporary, "%s/.csapi-scan.XXXXXX", output->directory);
	if (length >= (int)sizeof output->temporary)
		return -ENAMETOOLONG;
	output->fd = mkostemp(output->temporary, O_CLOEXEC);
	if (output->fd < 0) {
		output->temporary[0] = '\0';
		return -errno;
	}
	return fchmod(output->fd, 0666 & ~mask) < 0 ? -errno : 0;
}

static int open_output(struct output *output)
{
	char path[PATH_MAX];
	if (strlen(output->path) >= sizeof path)
		return -ENAMETOOLONG;
	(void)strcpy(path, output->path);
	(void)strcpy(output->directory, dirname(path));
	output->fd = open(output->directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
	if (output->fd >= 0)
		return 0;
	return errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL ? open_named(output) : -errno;
}

/* Gives it its name; -EEXIST: that is taken. */
static int give_name(const struct output *output)
{
	char self[64];
	(void)snprintf(self, sizeof self, "/proc/self/fd/%d", output->fd);
	if (!*output->temporary)
		return linkat(AT_FDCWD, self, AT_FDCWD, output->path, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
	if (renameat2(AT_FDCWD, output->temporary, AT_FDCWD, output->path, RENAME_NOREPLACE) == 0)
		return 0;
	/* Not every file system knows that. */
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (link(output->temporary, output->path) < 0)
		return -errno;
	(void)unlink(output->temporary);
	return 0;
}

/* The name itself is on the disk only when the directory is. */
static int keep_name(const struct output *output)
{
	int fd = open(output->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = fd < 0 || fsync(fd) < 0 ? -errno : 0;
	fd_close(&fd);
	/* Some file systems have nothing to do for it, and a directory may be for writing only. */
	return error == -EINVAL || error == -EACCES || error == -EROFS ? 0 : error;
}

/* A file system that has files without a name may still have no way to name them: then once more with a name. */
static int write_file(struct output *output, int message)
{
	int error = copy(message, output->fd);
	if (!error && fsync(output->fd) < 0 && errno != EINVAL)
		error = -errno;
	error = error ? error : give_name(output);
	if (error != -ENOENT || *output->temporary)
		return error;
	fd_close(&output->fd);
	error = open_named(output);
	return error ? error : write_file(output, message);
}

enum scan_code output_write(const char *path, int message, struct why *why)
{
	struct output output = {.path = path, .fd = -1};
	int error;
	if (strcmp(path, "-") == 0) {
		error = copy(message, STDOUT_FILENO);
	} else {
		error = open_output(&output);
		error = error ? error : write_file(&output, message);
		error = error ? error : keep_name(&output);
		if (error && *output.temporary)
			(void)unlink(output.temporary);
		fd_close(&output.fd);
	}
	if (!error)
		return SCAN_CODE_NONE;
	(void)why_errno(why, error, "cannot write the repaired message to %.256s", path);
	return DEC_RESULT_CREATE_OUTPUT_FILE_FAILED;
}
