/*
 * runs.h - where the content of a file lies on NTFS: runs of clusters, some of which are holes.
 *
 * Refuses lists that are longer than a message could have any use for. Called by ntfs.
 */
#ifndef CSAPI_SCAN_ARCHIVE_RUNS_H
#define CSAPI_SCAN_ARCHIVE_RUNS_H

#include "scan/archive/volume.h"

struct run {
	uint64_t first; /* cluster of the file */
	uint64_t count;
	uint64_t place; /* cluster of the volume */
	bool hole;
};

struct runs {
	struct volume *volume;
	uint64_t cluster; /* bytes of one */
	struct buffer list;
	uint64_t clusters; /* of the file, so far */
	size_t near;       /* the run that was asked for last */
};

void runs_begin(struct runs *runs, struct volume *volume, uint64_t cluster);
void runs_end(struct runs *runs);
/* Adds a list as an attribute has it. False: it is damaged, or there are too many. */
bool runs_add(struct runs *runs, const uint8_t *list, size_t size);
/* Copies just so many bytes from this offset of the file on. False: they are not all there. */
bool runs_read(struct runs *runs, uint64_t offset, void *bytes, size_t size);
/* Appends the first `size` bytes to a member. False: they are not all there; unless member->full. */
bool runs_append(struct runs *runs, uint64_t size, struct member *member);
/* The same for a file that is packed in units of so many clusters. */
bool runs_append_packed(struct runs *runs, uint64_t unit, uint64_t size, struct member *member);

#endif
