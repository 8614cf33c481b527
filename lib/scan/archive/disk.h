/*
 * disk.h - a disk as a computer sees it: the bytes of an image as they lie, or blocks that a table of the image puts in their place.
 *
 * Images of virtual disks: VHD (Virtual Hard Disk Image Format Specification, 1.0), fixed and dynamic, and VHDX ([MS-VHDX]). Refuses those that need
 * another file (differencing disks) or whose log is to be written into them first. Called by the readers of disks.
 */
#ifndef CSAPI_SCAN_ARCHIVE_DISK_H
#define CSAPI_SCAN_ARCHIVE_DISK_H

#include "scan/detect.h"
#include "verdict/scan_code.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct disk {
	const uint8_t *data; /* the image; borrowed */
	size_t size;
	uint64_t bytes; /* of the disk */
	enum disk_kind {
		DISK_RAW,
		DISK_VHD, /* a dynamic one */
		DISK_VHDX,
	} kind;
	uint64_t block; /* bytes of a block; the rest is of tables only */
	const uint8_t *table;
	uint64_t entries;
	size_t bitmap;  /* VHD: bytes in front of each block, which say what of it is there */
	uint64_t ratio; /* VHDX: blocks between two entries that are of bitmaps */
	/* VHD: bytes were asked for that the bitmap says are zeros, and they are not: some programs see these, others zeros. */
	bool doubtful;
};

/* Sets *ret_disk up. SCAN_CODE_NONE, or what is wrong, and *ret_text (static) says it. */
enum scan_code disk_open(struct disk *ret_disk, enum detect_format format, const uint8_t *data, size_t size,
			 const char **ret_text);
/*
 * Up to `want` bytes from this offset on, as many as lie together: *ret_size, and where they are; NULL: that many zeros. *ret_size 0: nothing is
 * there, although it should be, or the disk ends.
 */
const uint8_t *disk_at(struct disk *disk, uint64_t offset, uint64_t want, uint64_t *ret_size);
/* Copies just so many bytes. False: they are not all there. */
bool disk_read(struct disk *disk, uint64_t offset, void *bytes, size_t size);

#endif
