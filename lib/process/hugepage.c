/*
 * hugepage.c - a loaded engine onto huge pages; see hugepage.h.
 *
 * Refuses to touch what is shared, mapped from a file or small, and leaves alone every range of which a good part was
 * never used: that would grow. Linux 6.1 and later collapse pages in place; before, a copy on huge pages is moved over
 * the original, which for a single thread is the same. Called by zygote.
 */
#include "process/hugepage.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Debian 12's headers know it, older ones do not. */
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

/*
 * What x86-64 and arm64 with pages of 4 KiB map by one entry. With other sizes nothing is aligned as the kernel wants
 * it, and nothing is gained.
 */
#define HUGE  ((uintptr_t)2 << 20)
#define SMALL ((uintptr_t)4096)
#define PAGES (HUGE / SMALL)
/* Pages of a huge one that must be there already: the rest is the price, an eighth at most. */
#define PAGES_LEAST (PAGES * 7 / 8)
/* Regions below this hold the little that is written after a fork; an engine's are far larger. */
#define REGION_LEAST (8 * HUGE)
/* Address space that somebody reserved and never means to fill, as sanitizers do. */
#define REGION_MOST  ((uintptr_t)64 << 30)
#define REGIONS_MOST 64
/* Memory needed on top while content is moved, and with it the number of pieces a region falls into. */
#define MOVE_SIZE (32 * HUGE)

struct region {
	uintptr_t start, end; /* whole huge pages */
	bool heap;            /* the kernel must find it where it put it */
};

static uintptr_t round_up(uintptr_t address)
{
	return (address + HUGE - 1) & ~(HUGE - 1);
}

/* A line of /proc/self/maps: is it private, writable, anonymous and no stack? */
static bool read_region(const char *line, struct region *ret_region)
{
	uintptr_t start, end;
	char rights[5];
	unsigned long inode;
	int name = 0;
	if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %*s %*s %lu %n", &start, &end, rights, &inode, &name) < 4 ||
	    !name || inode)
		return false;
	if (strcmp(rights, "rw-p") != 0 || (line[name] && strcmp(line + name, "[heap]\n") != 0))
		return false;
	*ret_region = (struct region){round_up(start), end & ~(HUGE - 1), line[name]};
	return ret_region->end > ret_region->start && ret_region->end - ret_region->start >= REGION_LEAST &&
	       ret_region->end - ret_region->start <= REGION_MOST;
}

static unsigned find_regions(struct region *ret_regions, uint64_t *ret_size)
{
	unsigned count = 0;
	char line[512];
	*ret_size = 0;
	FILE *maps = fopen("/proc/self/maps", "re");
	if (!maps)
		return 0;
	while (count < REGIONS_MOST && fgets(line, sizeof line, maps))
		if (read_region(line, &ret_regions[count])) {
			*ret_size += ret_regions[count].end - ret_regions[count].start;
			count++;
		}
	(void)fclose(maps);
	return count;
}

/* Is most of this huge page in use? Yes where the kernel does not tell. */
static bool is_filled(int pagemap, uintptr_t address)
{
	uint64_t entries[PAGES];
	off_t offset = (off_t)(address / SMALL * sizeof entries[0]);
	if (pread(pagemap, entries, sizeof entries, offset) != (ssize_t)sizeof entries)
		return true;
	unsigned present = 0;
	for (unsigned i = 0; i < PAGES; i++)
		present += (unsigned)(entries[i] >> 63);
	return present >= PAGES_LEAST;
}

/* No bytes at all are enough to learn whether the kernel knows how. */
static bool kernel_collapses(void)
{
	return madvise((void *)HUGE, 0, MADV_COLLAPSE) == 0;
}

/* An empty place on huge pages, aligned as they are. */
static void *fresh_place(size_t size)
{
	void *map = mmap(NULL, size + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		return NULL;
	uintptr_t start = (uintptr_t)map;
	uintptr_t place = round_up(start);
	if (place > start)
		(void)munmap(map, place - start);
	(void)munmap((void *)(place + size), start + HUGE - place);
	if (madvise((void *)place, size, MADV_HUGEPAGE) == 0)
		return (void *)place;
	(void)munmap((void *)place, size);
	return NULL;
}

/*
 * The old way. At no time is the content away from its address, and between the copy and the move nothing is written:
 * there is no other thread, and the stack is none of these regions.
 */
static int move(const struct region *run)
{
	for (uintptr_t at = run->start; at < run->end;) {
		size_t size = run->end - at < MOVE_SIZE ? run->end - at : MOVE_SIZE;
		void *place = fresh_place(size);
		if (!place)
			return -ENOMEM;
		memcpy(place, (const void *)at, size);
		if (mremap(place, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)at) == MAP_FAILED) {
			int error = -errno;
			(void)munmap(place, size);
			return error;
		}
		at += size;
	}
	return 0;
}

static void settle_run(const struct region *run)
{
	if (run->start == run->end)
		return;
	if (kernel_collapses())
		(void)madvise((void *)run->start, run->end - run->start, MADV_COLLAPSE);
	else if (!run->heap)
		(void)move(run);
}

/* Huge page for huge page; those next to one another go together. */
static void settle_region(const struct region *region, int pagemap)
{
	struct region run = {region->start, region->start, region->heap};
	for (uintptr_t at = region->start; at < region->end; at += HUGE) {
		if (is_filled(pagemap, at)) {
			run.end = at + HUGE;
			continue;
		}
		settle_run(&run);
		run.start = run.end = at + HUGE;
	}
	settle_run(&run);
}

/* Does the administrator want none, or has the kernel none? */
static bool is_refused(void)
{
	char word[64] = "";
	FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "re");
	if (!file)
		return true;
	bool told = fgets(word, sizeof word, file);
	(void)fclose(file);
	return !told || strstr(word, "[never]");
}

/* What lies on huge pages now, by the kernel's own account. */
static uint64_t huge_bytes(void)
{
	char line[128];
	uint64_t kib = 0;
	FILE *rollup = fopen("/proc/self/smaps_rollup", "re");
	if (!rollup)
		return 0;
	while (fgets(line, sizeof line, rollup))
		if (sscanf(line, "AnonHugePages: %" SCNu64 " kB", &kib) == 1)
			break;
	(void)fclose(rollup);
	return kib * 1024;
}

uint64_t hugepage_settle(uint64_t least)
{
	struct region regions[REGIONS_MOST];
	uint64_t size;
	unsigned count = find_regions(regions, &size);
	if (size < least || is_refused())
		return 0;
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	for (unsigned i = 0; i < count; i++)
		settle_region(&regions[i], pagemap);
	fd_close(&pagemap);
	return huge_bytes();
}
