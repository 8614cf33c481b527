/*
 * space.c - the space that is left; see space.h.
 */
#include "fetch/space.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* The end of a file and its name must still find room. */
#define PROBE 16384

bool space_error(int error)
{
	return error == -ENOSPC || error == -EDQUOT;
}

bool space_none(const struct fetch_job *job)
{
	char data[PROBE];
	memset(data, 'x', sizeof data); /* zeros might be kept as a hole */
	char path[PATH_MAX];
	(void)snprintf(path, sizeof path, "%s/space.XXXXXX", job->temporary);
	int fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return space_error(-errno);
	(void)unlink(path);
	int error = fd_write_all(fd, data, sizeof data);
	error = error ? error : (fsync(fd) < 0 ? -errno : 0);
	fd_close(&fd);
	return space_error(error);
}

uint64_t space_free(const struct fetch_job *job)
{
	struct statvfs status;
	if (statvfs(job->temporary, &status) < 0)
		return UINT64_MAX;
	return (uint64_t)status.f_bavail * status.f_frsize;
}
