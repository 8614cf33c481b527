/*
 * volume.h - a file system on a disk: what its readers share.
 *
 * Files are read as a computer shows them that has the disk; what was deleted stays unread here, and is seen by the engine in the bytes as they lie.
 * Everything is bounded: names, folders in each other, looks at tables. Called by the readers of disks.
 */
#ifndef CSAPI_SCAN_ARCHIVE_VOLUME_H
#define CSAPI_SCAN_ARCHIVE_VOLUME_H

#include "scan/archive/disk.h"
#include "scan/archive/path.h"
#include "scan/archive/walk.h"

/* Folders in each other. */
#define VOLUME_LEVELS_MOST 64u

struct volume {
	struct walk *walk;
	struct disk *disk;
	uint64_t offset, bytes; /* on the disk */
	struct path path;       /* begins with the partition's name, where there are several */
	unsigned names;         /* met */
	uint64_t looks;         /* at tables */
	bool damaged;           /* something is not where it should be; told at the end */
};

/* As disk_at and disk_read, within the volume. */
const uint8_t *volume_at(const struct volume *volume, uint64_t offset, uint64_t want, uint64_t *ret_size);
bool volume_read(const struct volume *volume, uint64_t offset, void *bytes, size_t size);
/* Ends the walk because there is too much of something, told once. */
void volume_end(struct volume *volume, const char *what);
/* Counts a name, or a look at a table. False: there were so many that the walk is over. */
bool volume_name(struct volume *volume);
bool volume_look(struct volume *volume);
/* Appends bytes of the volume to a member. False: they are not all there, or no more is wanted (member->full). */
bool volume_append(struct volume *volume, struct member *member, uint64_t offset, uint64_t size);

/* The readers: FAT12, FAT16 and FAT32; exFAT; NTFS. The volume begins with the boot sector of one. */
void fat_walk(struct volume *volume);
void exfat_walk(struct volume *volume);
void ntfs_walk(struct volume *volume);

#endif
