/*
 * local.c - versions of the files that are here; see local.h. Follows no links.
 */
#include "fetch/local.h"

#include "base/fd.h"
#include "format/cvd_header.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const kinds[] = {"cvd", "cld"};

static int open_file(const char *directory, const char *name)
{
	char path[PATH_MAX];
	int length = snprintf(path, sizeof path, "%s/%s", directory, name);
	return length < (int)sizeof path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
}

uint32_t local_version(const char *directory, const char *name)
{
	struct cvd_header header;
	int fd = open_file(directory, name);
	bool good = fd >= 0 && cvd_header_read(fd, &header) == 0;
	fd_close(&fd);
	return good ? header.version : 0;
}

static void file_name(const char *name, const char *kind, char ret_file[NAME_MAX])
{
	(void)snprintf(ret_file, NAME_MAX, "%s.%s", name, kind);
}

uint32_t local_database(const char *directory, const char *name)
{
	uint32_t highest = 0;
	for (unsigned i = 0; i < 2; i++) {
		char file[NAME_MAX];
		file_name(name, kinds[i], file);
		uint32_t version = local_version(directory, file);
		highest = version > highest ? version : highest;
	}
	return highest;
}

static uint64_t size_of(const char *directory, const char *name)
{
	struct stat status;
	int fd = open_file(directory, name);
	uint64_t size = fd >= 0 && fstat(fd, &status) == 0 ? (uint64_t)status.st_size : 0;
	fd_close(&fd);
	return size;
}

uint32_t local_settle(const char *directory, const char *name, uint32_t least, uint64_t *ret_size)
{
	uint32_t highest = local_database(directory, name), kept = 0;
	*ret_size = 0;
	for (unsigned i = 0; i < 2; i++) {
		char file[NAME_MAX], path[PATH_MAX];
		file_name(name, kinds[i], file);
		uint32_t version = local_version(directory, file);
		/* Of two that are equal the first: a .cvd is as it was signed. */
		if (version && version >= least && version == highest && !kept) {
			kept = version;
			*ret_size = size_of(directory, file);
			continue;
		}
		(void)snprintf(path, sizeof path, "%s/%s", directory, file);
		(void)unlink(path);
	}
	return kept;
}
