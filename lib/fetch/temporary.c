/*
 * temporary.c - the directory of temporary files; see temporary.h. Follows no links.
 */
#include "fetch/temporary.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MOST 8

/* Takes over the descriptor. Bytes of what is below it, removed as well where so wished. */
static uint64_t walk(int take_fd, bool clear, unsigned depth)
{
	DIR *directory = take_fd < 0 ? NULL : fdopendir(take_fd);
	uint64_t sum = 0;
	if (!directory) {
		if (take_fd >= 0)
			(void)close(take_fd);
		return 0;
	}
	for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
		struct stat status;
		int here = dirfd(directory);
		const char *name = entry->d_name;
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
		    fstatat(here, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		bool inner = S_ISDIR(status.st_mode);
		if (inner && depth < DEPTH_MOST)
			sum += walk(openat(here, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), clear,
				    depth + 1);
		else if (S_ISREG(status.st_mode))
			sum += (uint64_t)status.st_size;
		if (clear)
			(void)unlinkat(here, name, inner ? AT_REMOVEDIR : 0);
	}
	(void)closedir(directory);
	return sum;
}

static int open_directory(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

uint64_t temporary_size(const char *directory)
{
	return walk(open_directory(directory), false, 0);
}

void temporary_clear(const char *directory)
{
	(void)walk(open_directory(directory), true, 0);
}
