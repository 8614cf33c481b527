/*
 * memory.c - reads meminfo, the limits of cgroups and the size of a process; see memory.h. Takes what cannot be read for no limit.
 */
#include "process/memory.h"

#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEVELS_MOST 64 /* cgroups in cgroups; systemd's trees have below ten */
#define UNLIMITED   UINT64_MAX

/* The files of one version of cgroups. */
struct hierarchy {
	const char *limits[2]; /* NULL: none */
	const char *usage;
	const char *reclaimable; /* the row of memory.stat */
};

static const struct hierarchy version_1 = {
	{"memory.limit_in_bytes", NULL}, "memory.usage_in_bytes", "total_inactive_file "};
static const struct hierarchy version_2 = {{"memory.max", "memory.high"}, "memory.current", "inactive_file "};

/* The number behind `row` at the start of a line, in the unit it is written in. False: no such row, or no number ("max"). */
static bool read_number(const char *path, const char *row, uint64_t *ret_number)
{
	char line[256];
	bool found = false;
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	while (!found && fgets(line, sizeof line, file))
		found = strncmp(line, row, strlen(row)) == 0 && sscanf(line + strlen(row), "%" SCNu64, ret_number) == 1;
	(void)fclose(file);
	return found;
}

static bool read_file(const char *directory, const char *name, const char *row, uint64_t *ret_number)
{
	char path[PATH_MAX];
	if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path)
		return false;
	return read_number(path, row, ret_number);
}

/* What one cgroup leaves. */
static uint64_t left_in(const char *directory, const struct hierarchy *hierarchy)
{
	uint64_t limit = UNLIMITED, usage = 0, reclaimable = 0;
	for (size_t i = 0; i < 2 && hierarchy->limits[i]; i++) {
		uint64_t one;
		if (read_file(directory, hierarchy->limits[i], "", &one) && one < limit)
			limit = one;
	}
	if (limit == UNLIMITED || !read_file(directory, hierarchy->usage, "", &usage))
		return limit;
	(void)read_file(directory, "memory.stat", hierarchy->reclaimable, &reclaimable);
	usage -= reclaimable < usage ? reclaimable : usage;
	/* Nothing is not "unknown". */
	return limit > usage ? limit - usage : 1;
}

/* The least that the cgroup at `path` below `root` and those above it leave; cgroups seen from outside their namespace are skipped. */
static uint64_t left_upward(const char *root, const char *path, const struct hierarchy *hierarchy)
{
	char directory[PATH_MAX];
	size_t floor = strlen(root);
	uint64_t least = UNLIMITED;
	if (strstr(path, "/..") || snprintf(directory, sizeof directory, "%s%s", root, path) >= (int)sizeof directory)
		(void)snprintf(directory, sizeof directory, "%s", root);
	for (unsigned level = 0; level < LEVELS_MOST; level++) {
		uint64_t left = left_in(directory, hierarchy);
		least = left < least ? left : least;
		char *slash = strrchr(directory + floor, '/');
		if (!slash)
			break;
		*slash = '\0';
	}
	return least;
}

/* Is "memory" among the controllers, which are separated by commas? */
static bool lists_memory(const char *controllers)
{
	static const char name[] = "memory";
	for (const char *at = controllers; (at = strstr(at, name)); at += sizeof name - 1) {
		char after = at[sizeof name - 1];
		if ((at == controllers || at[-1] == ',') && (after == '\0' || after == ','))
			return true;
	}
	return false;
}

/* One line of /proc/self/cgroup: NUMBER:CONTROLLERS:PATH. Version 2 lies at the top, or in "unified" beside version 1. */
static uint64_t left_by_line(char *line, const char *cgroup)
{
	char root[PATH_MAX];
	line[strcspn(line, "\n")] = '\0';
	char *controllers = strchr(line, ':');
	char *path = controllers ? strchr(controllers + 1, ':') : NULL;
	if (!path)
		return UNLIMITED;
	*controllers++ = '\0';
	*path++ = '\0';
	if (lists_memory(controllers)) {
		(void)snprintf(root, sizeof root, "%s/memory", cgroup);
		return left_upward(root, path, &version_1);
	}
	if (strcmp(line, "0") != 0 || *controllers)
		return UNLIMITED;
	(void)snprintf(root, sizeof root, "%s/unified", cgroup);
	uint64_t beside = left_upward(root, path, &version_2);
	uint64_t alone = left_upward(cgroup, path, &version_2);
	return beside < alone ? beside : alone;
}

uint64_t memory_available_in(const char *proc, const char *cgroup)
{
	char path[PATH_MAX], *line = NULL;
	size_t room = 0;
	uint64_t available = 0;
	if (!read_file(proc, "meminfo", "MemAvailable:", &available))
		return 0;
	available = available ? available * 1024 : 1;
	(void)snprintf(path, sizeof path, "%s/self/cgroup", proc);
	FILE *file = fopen(path, "re");
	while (file && getline(&line, &room, file) > 0) {
		uint64_t left = left_by_line(line, cgroup);
		available = left < available ? left : available;
	}
	free(line);
	if (file)
		(void)fclose(file);
	return available;
}

uint64_t memory_available(void)
{
	return memory_available_in("/proc", "/sys/fs/cgroup");
}

uint64_t memory_resident(pid_t pid)
{
	char path[64];
	uint64_t pages = 0, huge = 0;
	(void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	(void)read_number(path, "VmRSS:", &pages);
	(void)read_number(path, "HugetlbPages:", &huge);
	return (pages + huge) * 1024;
}
