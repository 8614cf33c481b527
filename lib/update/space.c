/*
 * space.c - how much room an update needs, and how much there is; see run.h.
 *
 * A patch is applied to the unpacked database: all of it lies in tmp/ then, and the new compressed file beside it. A whole file takes its own size. How large a
 * database is unpacked stands in the last four bytes of its gzip stream.
 */
#include "update/run.h"

#include "base/fd.h"

#include <endian.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SLACK         ((uint64_t)16 << 20) /* patches, state, directories */
#define GROWTH(bytes) ((bytes) / 10 * 13)  /* from one version to the next */

/* Size of the unpacked database, from the trailer of its gzip stream; the file's own size where it is not packed. */
static uint64_t unpacked(int set, const struct definition_file *file)
{
	uint32_t size = 0;
	unsigned char magic[2] = {0, 0};
	int fd = openat(set, file->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && pread(fd, magic, sizeof magic, 512) == sizeof magic && magic[0] == 0x1F && magic[1] == 0x8B)
		(void)!pread(fd, &size, sizeof size, (off_t)file->size - (off_t)sizeof size);
	fd_close(&fd);
	uint64_t bytes = le32toh(size);
	return bytes > file->size ? bytes : file->size;
}

/* One database: the copy at hand decides, else what the mirror told of its size. */
static uint64_t need_of(const struct run *run, int set, const struct update_part *part)
{
	const struct definition_file *file = part->feed ? NULL : definition_set_database(&run->current.set, part->name);
	if (!file || !run->current.id)
		return GROWTH(part->bytes);
	if (part->outcome == UPDATE_CURRENT)
		return 0;
	return GROWTH(file->size) + (run->settings->incremental ? GROWTH(unpacked(set, file)) : 0);
}

uint64_t space_needed(const struct run *run)
{
	char *path = run_path(run, "current");
	int set = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	uint64_t bytes = SLACK, largest = 0;
	free(path);
	/* Databases are fetched one after the other: what was unpacked for one is gone before the next. */
	for (uint32_t i = 0; i < run->result->part_count; i++) {
		const struct update_part *part = &run->result->parts[i];
		const struct definition_file *file =
			part->feed ? NULL : definition_set_database(&run->current.set, part->name);
		uint64_t need = need_of(run, set, part), stays = file ? GROWTH(file->size) : need;
		bytes += need < stays ? need : stays;
		largest = need > stays && need - stays > largest ? need - stays : largest;
	}
	fd_close(&set);
	return bytes + largest;
}

/* Of a directory that is not there yet: what holds for the one above it. */
static int look_above(const char *path, struct statvfs *ret_status)
{
	char *above = strdup(path), *slash;
	int result = -1;
	while (above && (result = statvfs(*above ? above : "/", ret_status)) < 0 && (slash = strrchr(above, '/')))
		*slash = '\0';
	free(above);
	return result;
}

uint64_t space_free(const struct run *run)
{
	struct statvfs status;
	int directory = run->store.directory;
	if (directory >= 0 ? fstatvfs(directory, &status) < 0 : look_above(run->store.path, &status) < 0)
		return UINT64_MAX;
	return (uint64_t)status.f_bavail * status.f_frsize;
}
