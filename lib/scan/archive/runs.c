/*
 * runs.c - runs of clusters; see runs.h.
 */
#include "scan/archive/runs.h"

#include "scan/archive/extent.h"
#include "scan/archive/lznt1.h"

#include <stdlib.h>
#include <string.h>

/* Runs of one file, and clusters of a file or a volume: an offset in bytes has 63 bits. */
#define RUNS_MOST     200000u
#define CLUSTERS_MOST (1ull << 40)
/* Bytes of a unit that is packed by itself: Windows makes it of 16 clusters of at most 4 KiB. */
#define UNIT_MOST (1u << 20)

void runs_begin(struct runs *runs, struct volume *volume, uint64_t cluster)
{
	*runs = (struct runs){.volume = volume, .cluster = cluster};
	buffer_init(&runs->list, RUNS_MOST * sizeof(struct run));
}

void runs_end(struct runs *runs)
{
	buffer_free(&runs->list);
}

/* A number of so many bytes, with a sign. */
static int64_t number(const uint8_t *data, unsigned size, bool sign)
{
	uint64_t value = 0;
	for (unsigned i = size; i--;)
		value = value << 8 | data[i];
	if (sign && size && size < 8 && data[size - 1] & 0x80)
		value |= UINT64_MAX << (8 * size);
	return (int64_t)value;
}

bool runs_add(struct runs *runs, const uint8_t *list, size_t size)
{
	int64_t place = 0;
	for (size_t at = 0; at < size && list[at];) {
		unsigned lengths = list[at] & 15, places = list[at] >> 4;
		at++;
		if (!lengths || lengths > 8 || places > 8 || size - at < lengths + places)
			return false;
		uint64_t count = (uint64_t)number(list + at, lengths, false);
		int64_t step = number(list + at + lengths, places, true);
		if (!count || count > CLUSTERS_MOST || runs->clusters + count > CLUSTERS_MOST ||
		    step > (int64_t)CLUSTERS_MOST || step < -(int64_t)CLUSTERS_MOST)
			return false;
		place += step;
		if (place < 0 || place > (int64_t)CLUSTERS_MOST || !volume_look(runs->volume))
			return false;
		struct run run = {runs->clusters, count, (uint64_t)place, !places};
		if (buffer_append(&runs->list, &run, sizeof run))
			return false;
		runs->clusters += count;
		at += lengths + places;
	}
	return true;
}

/* The run that a cluster of the file is in. False: it is behind the last one. */
static bool run_of(struct runs *runs, uint64_t cluster, struct run *ret)
{
	size_t count = runs->list.size / sizeof *ret, low = 0, high = count;
	for (size_t near = runs->near; near < count && near < runs->near + 2; near++) {
		memcpy(ret, runs->list.data + near * sizeof *ret, sizeof *ret);
		if (cluster >= ret->first && cluster - ret->first < ret->count)
			return runs->near = near, true;
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		memcpy(ret, runs->list.data + middle * sizeof *ret, sizeof *ret);
		if (cluster < ret->first)
			high = middle;
		else if (cluster - ret->first >= ret->count)
			low = middle + 1;
		else
			return runs->near = middle, true;
	}
	return false;
}

/* Up to `want` bytes that lie together; a hole is that many zeros. *ret_size 0: they are not there. */
static const uint8_t *runs_at(void *context, uint64_t offset, uint64_t want, uint64_t *ret_size)
{
	struct runs *runs = context;
	struct run run;
	*ret_size = 0;
	if (!run_of(runs, offset / runs->cluster, &run))
		return NULL;
	uint64_t in = offset - run.first * runs->cluster, left = run.count * runs->cluster - in;
	if (want > left)
		want = left;
	if (!run.hole)
		return volume_at(runs->volume, run.place * runs->cluster + in, want, ret_size);
	*ret_size = want;
	return NULL;
}

bool runs_read(struct runs *runs, uint64_t offset, void *bytes, size_t size)
{
	return extent_read(runs_at, runs, offset, bytes, size);
}

bool runs_append(struct runs *runs, uint64_t size, struct member *member)
{
	return extent_append(runs_at, runs, 0, size, runs->volume->walk, member);
}

/* How many clusters of the unit are there, and does a hole follow, which packing has saved? */
static uint64_t unit_clusters(struct runs *runs, uint64_t first, uint64_t unit, bool *ret_hole)
{
	struct run run;
	uint64_t count = 0;
	*ret_hole = false;
	while (count < unit && run_of(runs, first + count, &run)) {
		if (run.hole) {
			*ret_hole = true;
			break;
		}
		count += run.count - (first + count - run.first);
	}
	return count < unit ? count : unit;
}

/* One unit, of which `step` bytes belong to the file. */
static bool unit_append(struct runs *runs, uint64_t at, uint64_t unit, size_t step, uint8_t *packed, uint8_t *plain,
			struct member *member)
{
	bool hole;
	uint64_t there = unit_clusters(runs, at / runs->cluster, unit, &hole);
	size_t size = (size_t)(there * runs->cluster);
	if (hole && !there)
		return member_append(runs->volume->walk, member, NULL, step);
	if (!hole)
		return runs_read(runs, at, packed, step) && member_append(runs->volume->walk, member, packed, step);
	return runs_read(runs, at, packed, size) && lznt1_undo(packed, size, plain, (size_t)(unit * runs->cluster)) &&
	       member_append(runs->volume->walk, member, plain, step);
}

bool runs_append_packed(struct runs *runs, uint64_t unit, uint64_t size, struct member *member)
{
	uint64_t bytes = unit * runs->cluster;
	if (!unit || bytes > UNIT_MOST)
		return false;
	uint8_t *packed = malloc((size_t)bytes), *plain = malloc((size_t)bytes);
	bool good = packed && plain;
	for (uint64_t at = 0; good && at < size; at += bytes) {
		size_t step = (size_t)(size - at < bytes ? size - at : bytes);
		good = volume_look(runs->volume) && unit_append(runs, at, unit, step, packed, plain, member);
	}
	free(packed);
	free(plain);
	return good;
}
