/*
 * extent.h - bytes that lie in pieces: of a disk, or of a file on it. Called by disk, runs and volume.
 */
#ifndef CSAPI_SCAN_ARCHIVE_EXTENT_H
#define CSAPI_SCAN_ARCHIVE_EXTENT_H

#include "scan/archive/walk.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Up to `want` bytes from this offset on that lie together: *ret_size, and where; NULL: that many zeros. *ret_size 0: nothing is there. */
typedef const uint8_t *extent_at(void *context, uint64_t offset, uint64_t want, uint64_t *ret_size);

/* Copies just so many bytes. False: they are not all there. */
bool extent_read(extent_at *at, void *context, uint64_t offset, void *bytes, size_t size);
/* Appends them to a member. False: they are not all there, or no more is wanted (member->full). */
bool extent_append(extent_at *at, void *context, uint64_t offset, uint64_t size, struct walk *walk,
		   struct member *member);

#endif
