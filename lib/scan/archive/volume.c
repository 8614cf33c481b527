/*
 * volume.c - disks, their partitions, and the file systems on them; see volume.h.
 *
 * Partitions: the table of a PC (MBR), with those in the extended one, and GPT (UEFI, 5.3). A partition that is something else which is known
 * becomes a member, so that it is opened or told. Refuses none of a disk's bytes: the engine sees them as they lie.
 */
#include "scan/archive/volume.h"

#include "scan/archive/extent.h"
#include "scan/image.h"
#include "scan/mark.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARTITIONS_MOST 64u
/* Entries of a table that are looked at: mostly there are 128, and few are of partitions. */
#define ENTRIES_MOST 1024u
#define NAMES_MOST   200000u
/* Looks at tables: one for each cluster of the files that a message may hold, and then some. */
#define LOOKS_MOST 2000000u
/* What is looked at of a partition to tell what it is: the marks of all file systems stand in it. */
#define HEAD (132u << 10)

struct partition {
	uint64_t offset, bytes;
	bool cut; /* it goes on behind the end of the disk */
};

const uint8_t *volume_at(const struct volume *volume, uint64_t offset, uint64_t want, uint64_t *ret_size)
{
	*ret_size = 0;
	if (offset >= volume->bytes)
		return NULL;
	if (want > volume->bytes - offset)
		want = volume->bytes - offset;
	return disk_at(volume->disk, volume->offset + offset, want, ret_size);
}

bool volume_read(const struct volume *volume, uint64_t offset, void *bytes, size_t size)
{
	return offset <= volume->bytes && size <= volume->bytes - offset &&
	       disk_read(volume->disk, volume->offset + offset, bytes, size);
}

void volume_end(struct volume *volume, const char *what)
{
	if (!volume->walk->over)
		walk_code(volume->walk, DEC_RESULT_MAXIMUM_FILES_EXTRACTED, "a file system of too many %s", what);
	volume->walk->over = true;
}

bool volume_name(struct volume *volume)
{
	if (++volume->names > NAMES_MOST)
		volume_end(volume, "names");
	return !volume->walk->over;
}

bool volume_look(struct volume *volume)
{
	if (++volume->looks > LOOKS_MOST)
		volume_end(volume, "pieces");
	return !volume->walk->over;
}

static const uint8_t *at_volume(void *context, uint64_t offset, uint64_t want, uint64_t *ret_size)
{
	return volume_at(context, offset, want, ret_size);
}

bool volume_append(struct volume *volume, struct member *member, uint64_t offset, uint64_t size)
{
	return extent_append(at_volume, volume, offset, size, volume->walk, member);
}

/* --- partitions -------------------------------------------------------------------------------------------------- */

struct table {
	struct disk *disk;
	unsigned count;
	struct partition partitions[PARTITIONS_MOST];
	bool damaged; /* one begins behind the end of the disk, or the chain of them is broken */
	bool full;    /* there are more */
};

static void partition_add(struct table *table, uint64_t offset, uint64_t bytes)
{
	uint64_t left = offset < table->disk->bytes ? table->disk->bytes - offset : 0;
	if (!offset || !bytes)
		return;
	if (!left)
		table->damaged = true;
	else if (table->count == PARTITIONS_MOST)
		table->full = true;
	else
		table->partitions[table->count++] =
			(struct partition){offset, bytes < left ? bytes : left, bytes > left};
}

/* False: it is no such table. */
static bool gpt_read(struct table *table, unsigned sector)
{
	uint8_t header[92], entry[48];
	static const uint8_t none[16] = {0};
	if (!disk_read(table->disk, sector, header, sizeof header) || memcmp(header, "EFI PART", 8) != 0)
		return false;
	uint64_t at = mark_le64(header + 72);
	uint32_t count = mark_le32(header + 80), step = mark_le32(header + 84);
	table->full = count > ENTRIES_MOST;
	for (uint32_t i = 0; i < count && i < ENTRIES_MOST && step >= 128 && at < table->disk->bytes; i++) {
		if (!disk_read(table->disk, at * sector + (uint64_t)i * step, entry, sizeof entry))
			break;
		uint64_t first = mark_le64(entry + 32), last = mark_le64(entry + 40);
		if (memcmp(entry, none, sizeof none) != 0 && first <= last && last < UINT64_MAX / sector)
			partition_add(table, first * sector, (last - first + 1) * sector);
	}
	return true;
}

static bool is_extended(uint8_t type)
{
	return type == 0x05 || type == 0x0f || type == 0x85;
}

/* The chain of logical partitions in an extended one: in each link one of them, and the next link. */
static void extended_read(struct table *table, uint64_t base)
{
	uint8_t sector[512];
	uint64_t link = base;
	for (unsigned i = 0; i < PARTITIONS_MOST; i++) {
		uint64_t next = 0;
		if (!disk_read(table->disk, link * 512, sector, sizeof sector) || sector[510] != 0x55 ||
		    sector[511] != 0xaa) {
			table->damaged = true;
			break;
		}
		for (const uint8_t *entry = sector + 446; entry < sector + 510; entry += 16) {
			uint64_t start = mark_le32(entry + 8), count = mark_le32(entry + 12);
			if (is_extended(entry[4]))
				next = base + start;
			else if (entry[4])
				partition_add(table, (link + start) * 512, count * 512);
		}
		if (next <= link)
			return;
		link = next;
	}
	table->full |= !table->damaged;
}

static void partitions_read(struct table *table)
{
	uint8_t sector[512];
	if (gpt_read(table, 512) || gpt_read(table, 4096) || !disk_read(table->disk, 0, sector, sizeof sector) ||
	    !image_has_partitions(sector, sizeof sector, table->disk->bytes))
		return;
	for (const uint8_t *entry = sector + 446; entry < sector + 510; entry += 16) {
		uint64_t start = mark_le32(entry + 8), count = mark_le32(entry + 12);
		if (is_extended(entry[4]))
			extended_read(table, start);
		else if (entry[4])
			partition_add(table, start * 512, count * 512);
	}
}

/* --- what is on them --------------------------------------------------------------------------------------------- */

/* All of the volume, for those who open it. */
static void give_whole(struct volume *volume)
{
	struct member member;
	if (!member_begin(volume->walk, &member, volume->path.text, volume->path.size, true))
		return;
	if (!volume_append(volume, &member, 0, volume->bytes))
		member_short(&member, volume->bytes);
	member_end(volume->walk, &member);
}

/* A volume of no file system that is read here. False: nobody knows what it is. */
static bool other_walk(struct volume *volume)
{
	size_t size = volume->bytes < HEAD ? (size_t)volume->bytes : HEAD;
	uint8_t *head = malloc(size + 1);
	struct detection detection;
	if (!head) {
		walk_code(volume->walk, DEC_RESULT_OUT_OF_MEMORY, "a partition");
		return true;
	}
	if (!volume_read(volume, 0, head, size))
		volume->damaged = true;
	else
		detect(head, size, &detection);
	bool opens = !volume->damaged && detection.count;
	free(head);
	if (opens)
		give_whole(volume);
	return opens;
}

typedef void system_walk(struct volume *volume);

/* Who reads the file system that begins there; NULL: nobody here. */
static system_walk *reader_of(struct disk *disk, uint64_t offset)
{
	static const struct {
		enum detect_format format;
		system_walk *walk;
	} readers[] = {{DETECT_NTFS, ntfs_walk}, {DETECT_EXFAT, exfat_walk}, {DETECT_FAT, fat_walk}};
	uint8_t boot[512];
	if (!disk_read(disk, offset, boot, sizeof boot))
		return NULL;
	for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
		if (image_is(readers[i].format, boot, sizeof boot))
			return readers[i].walk;
	return NULL;
}

/* With `cut`, there is less of it than there should be: those who know what it is see for themselves what is missing. */
static void volume_walk(struct volume *volume, bool cut)
{
	system_walk *walk = volume->bytes >= 512 ? reader_of(volume->disk, volume->offset) : NULL;
	if (walk)
		walk(volume);
	else if (!other_walk(volume))
		volume->damaged |= cut;
	if (volume->damaged)
		walk_code(volume->walk, DEC_RESULT_MALFORMED_CONTAINER_DETECTED,
			  "a file system of which something is not where it should be");
}

void disk_walk(struct walk *walk)
{
	struct disk disk;
	struct table table = {.disk = &disk};
	const char *text;
	enum scan_code code = disk_open(&disk, walk->format, walk->data, walk->size, &text);
	if (code != SCAN_CODE_NONE) {
		walk_code(walk, code, "%s", text);
		return;
	}
	/* The bytes of a fixed one begin as the disk itself, and are found to be that without this. */
	enum detect_format systems[IMAGE_SYSTEMS];
	if (walk->format == DETECT_VHD && disk.kind == DISK_RAW && image_find(walk->data, (size_t)disk.bytes, systems))
		return;
	struct volume whole = {.walk = walk, .disk = &disk, .bytes = disk.bytes};
	if (walk->format == DETECT_DISK || walk->format == DETECT_VHD || walk->format == DETECT_VHDX)
		partitions_read(&table);
	/* Some see a disk without partitions where its first sector is that of a file system, whatever else is in it. */
	bool alone = walk->format != DETECT_DISK && reader_of(&disk, 0);
	if (!table.count || alone)
		volume_walk(&whole, false);
	for (unsigned i = 0; i < table.count && !walk->over; i++) {
		struct volume volume = {.walk = walk,
					.disk = &disk,
					.offset = table.partitions[i].offset,
					.bytes = table.partitions[i].bytes};
		volume.path.size = (size_t)snprintf(volume.path.text, PATH_MOST, "partition%u", i + 1);
		volume_walk(&volume, table.partitions[i].cut);
	}
	if (table.full)
		walk_code(walk, DEC_RESULT_MAXIMUM_FILES_EXTRACTED, "a disk of more than %u partitions",
			  PARTITIONS_MOST);
	if (table.damaged)
		walk_code(walk, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "a disk of which partitions are missing");
	if (disk.doubtful)
		walk_code(walk, DEC_RESULT_MALFORMED_CONTAINER_DETECTED,
			  "a virtual disk (VHD) that has bytes where it says that there are none");
}
