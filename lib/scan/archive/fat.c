/*
 * fat.c - FAT12, FAT16 and FAT32 (Microsoft Extensible Firmware Initiative FAT32 File System Specification, 1.03).
 *
 * How wide the entries of the table are follows from the number of clusters, as Windows and Linux have it. Refuses nothing: what is damaged is
 * told, and the rest is read. Called by volume.
 */
#include "scan/archive/clusters.h"

#include "scan/mark.h"

#include <ctype.h>
#include <string.h>

#define ENTRY 32u
/* Attributes of an entry; all of the first four are those of a piece of a long name. */
#define ATTRIBUTE_LABEL  0x08u
#define ATTRIBUTE_FOLDER 0x10u
#define ATTRIBUTE_LONG   0x0fu
/* A long name: pieces of 13 letters each, the last one first. */
#define PIECE       13u
#define PIECES_MOST 20u
/* Names in small letters that are stored in large ones: the name, and its ending. */
#define SMALL_NAME   0x08u
#define SMALL_ENDING 0x10u

struct fat {
	struct clusters clusters;
	uint64_t root; /* where the first folder is; FAT32: its first cluster */
	uint64_t root_size;
};

struct long_name {
	uint8_t letters[PIECES_MOST * PIECE * 2];
	unsigned pieces, next; /* the piece that is to come; 0: the name is whole */
	uint8_t sum;
};

static bool boot_read(struct volume *volume, struct fat *fat)
{
	uint8_t boot[512];
	if (!volume_read(volume, 0, boot, sizeof boot))
		return false;
	uint64_t sector = mark_le16(boot + 11), reserved = mark_le16(boot + 14), tables = boot[16];
	uint64_t entries = mark_le16(boot + 17), total = mark_le16(boot + 19), size = mark_le16(boot + 22);
	bool wide = !size;
	if (!total)
		total = mark_le32(boot + 32);
	if (wide)
		size = mark_le32(boot + 36);
	uint64_t folder = (entries * ENTRY + sector - 1) / sector, first = reserved + tables * size + folder;
	if (!reserved || !size || first >= total)
		return false;
	uint64_t count = (total - first) / boot[13];
	/* Without mirrors, one of the tables is in force. */
	unsigned active = wide && boot[40] & 0x80 ? boot[40] & 0x0f : 0;
	*fat = (struct fat){.clusters = {.volume = volume,
					 .bits = wide           ? 32
						 : count < 4085 ? 12
								: 16,
					 .table = (reserved + active * size) * sector,
					 .data = first * sector,
					 .bytes = sector * boot[13],
					 .count = count < 0x0ffffff5 ? (uint32_t)count : 0x0ffffff5},
			    .root = wide ? mark_le32(boot + 44) : (reserved + tables * size) * sector,
			    .root_size = wide ? 0 : entries * ENTRY};
	return true;
}

/* --- names ------------------------------------------------------------------------------------------------------- */

static void piece_take(struct long_name *name, const uint8_t *entry)
{
	unsigned number = entry[0] & 0x1f;
	if (entry[0] & 0x40 && number && number <= PIECES_MOST) {
		*name = (struct long_name){.pieces = number, .next = number, .sum = entry[13]};
	} else if (!number || number != name->next || entry[13] != name->sum) {
		name->pieces = 0;
		return;
	}
	uint8_t *to = name->letters + (number - 1) * PIECE * 2;
	memcpy(to, entry + 1, 10);
	memcpy(to + 10, entry + 14, 12);
	memcpy(to + 22, entry + 28, 4);
	name->next = number - 1;
}

static uint8_t sum_of(const uint8_t *entry)
{
	uint8_t sum = 0;
	for (unsigned i = 0; i < 11; i++)
		sum = (uint8_t)((sum << 7 | sum >> 1) + entry[i]);
	return sum;
}

static void short_add(struct path *path, const uint8_t *letters, unsigned most, bool small)
{
	while (most && letters[most - 1] == ' ')
		most--;
	for (unsigned i = 0; i < most; i++) {
		/* The first letter of what was deleted has a meaning; where a name begins with it, another stands for it. */
		char letter = (char)(letters[i] == 0x05 && !i ? 0xe5 : letters[i]);
		if (small)
			letter = (char)tolower((unsigned char)letter);
		path_add_bytes(path, &letter, 1);
	}
}

static void name_add(struct path *path, const struct long_name *name, const uint8_t *entry)
{
	path_separate(path);
	if (name->pieces && !name->next && name->sum == sum_of(entry)) {
		path_add_wide(path, name->letters, name->pieces * PIECE, false);
		return;
	}
	short_add(path, entry, 8, entry[12] & SMALL_NAME);
	if (memcmp(entry + 8, "   ", 3) != 0) {
		path_add(path, '.');
		short_add(path, entry + 8, 3, entry[12] & SMALL_ENDING);
	}
}

/* --- files and folders ------------------------------------------------------------------------------------------- */

static void folder_walk(struct fat *fat, uint32_t cluster, const struct level *up);

static void entry_give(struct fat *fat, const uint8_t *entry, const struct long_name *name, const struct level *level)
{
	struct path *path = &fat->clusters.volume->path;
	size_t before = path->size;
	uint32_t cluster = mark_le16(entry + 26), size = mark_le32(entry + 28);
	if (fat->clusters.bits == 32)
		cluster |= (uint32_t)mark_le16(entry + 20) << 16;
	name_add(path, name, entry);
	if (entry[11] & ATTRIBUTE_FOLDER)
		folder_walk(fat, cluster, level);
	else
		clusters_file(&fat->clusters, (struct chain){cluster, false}, size, size);
	path->size = before;
}

static void entries_walk(struct fat *fat, const struct buffer *entries, const struct level *level)
{
	struct long_name name = {.pieces = 0};
	for (size_t at = 0; at + ENTRY <= entries->size && volume_name(fat->clusters.volume); at += ENTRY) {
		const uint8_t *entry = entries->data + at;
		if (!entry[0])
			break;
		if (entry[0] != 0xe5 && (entry[11] & 0x3f) == ATTRIBUTE_LONG) {
			piece_take(&name, entry);
			continue;
		}
		/* Neither deleted, nor the label of the volume, nor the folder itself or the one around it. */
		bool dots = memcmp(entry, ".          ", 11) == 0 || memcmp(entry, "..         ", 11) == 0;
		if (entry[0] != 0xe5 && !dots && !(entry[11] & ATTRIBUTE_LABEL))
			entry_give(fat, entry, &name, level);
		name.pieces = 0;
	}
}

static void folder_walk(struct fat *fat, uint32_t cluster, const struct level *up)
{
	struct level level = {up, cluster};
	struct buffer entries;
	if (clusters_folder(&fat->clusters, (struct chain){cluster, false}, UINT64_MAX, up, &entries))
		entries_walk(fat, &entries, &level);
	buffer_free(&entries);
}

void fat_walk(struct volume *volume)
{
	struct fat fat;
	if (!boot_read(volume, &fat)) {
		walk_code(volume->walk, DEC_RESULT_OPEN_CONTAINER_FAILED, "FAT, whose first sector is damaged");
		return;
	}
	if (fat.clusters.bits == 32) {
		folder_walk(&fat, (uint32_t)fat.root, NULL);
		return;
	}
	struct buffer entries;
	struct level level = {NULL, 0};
	buffer_init(&entries, (size_t)fat.root_size);
	if (buffer_reserve(&entries, (size_t)fat.root_size) ||
	    !volume_read(volume, fat.root, entries.data, (size_t)fat.root_size)) {
		volume->damaged = true;
	} else {
		entries.size = (size_t)fat.root_size;
		entries_walk(&fat, &entries, &level);
	}
	buffer_free(&entries);
}
