/*
 * exfat.c - exFAT (exFAT file system specification, Microsoft).
 *
 * A file is a set of entries: what it is, where its content lies, and its name in pieces. Refuses nothing: what is damaged is told, and the rest is
 * read. Called by volume.
 */
#include "scan/archive/clusters.h"

#include "scan/mark.h"

#include <string.h>

#define ENTRY 32u
/* Kinds of entries; what was deleted has the highest bit no more. */
#define KIND_FILE    0x85u
#define KIND_CONTENT 0xc0u
#define KIND_NAME    0xc1u
#define FOLDER       0x10u
/* The table says nothing of these clusters: they stand one behind the other. */
#define STRAIGHT 0x02u
/* Letters of a name in one entry. */
#define PIECE 15u

static bool boot_read(struct volume *volume, struct clusters *clusters, uint32_t *ret_root)
{
	uint8_t boot[512];
	if (!volume_read(volume, 0, boot, sizeof boot))
		return false;
	unsigned sector = boot[108], cluster = boot[109];
	if (sector < 9 || sector > 12 || cluster > 25 - sector)
		return false;
	/* Of two tables, one is in force. */
	uint64_t active = boot[110] == 2 && boot[106] & 1 ? mark_le32(boot + 84) : 0;
	*clusters = (struct clusters){.volume = volume,
				      .bits = 32,
				      .table = (mark_le32(boot + 80) + active) << sector,
				      .data = (uint64_t)mark_le32(boot + 88) << sector,
				      .bytes = 1ull << sector << cluster,
				      .count = mark_le32(boot + 92)};
	*ret_root = mark_le32(boot + 96);
	return true;
}

static void folder_walk(struct clusters *clusters, struct chain chain, uint64_t size, const struct level *up);

/* A file of so many entries, the first of which says that it is one. */
static void set_give(struct clusters *clusters, const uint8_t *set, unsigned count, const struct level *level)
{
	struct path *path = &clusters->volume->path;
	size_t before = path->size;
	const uint8_t *content = count > 1 && set[ENTRY] == KIND_CONTENT ? set + ENTRY : NULL;
	if (!content) {
		clusters->volume->damaged = true;
		return;
	}
	unsigned letters = content[3];
	path_separate(path);
	for (unsigned i = 2; i < count && letters && set[i * ENTRY] == KIND_NAME; i++) {
		unsigned piece = letters < PIECE ? letters : PIECE;
		path_add_wide(path, set + i * ENTRY + 2, piece, false);
		letters -= piece;
	}
	struct chain chain = {mark_le32(content + 20), content[1] & STRAIGHT};
	uint64_t size = mark_le64(content + 24), valid = mark_le64(content + 8);
	if (mark_le16(set + 4) & FOLDER)
		folder_walk(clusters, chain, size, level);
	else
		clusters_file(clusters, chain, size, valid);
	path->size = before;
}

static void folder_walk(struct clusters *clusters, struct chain chain, uint64_t size, const struct level *up)
{
	struct level level = {up, chain.first};
	struct buffer entries;
	bool good = clusters_folder(clusters, chain, size, up, &entries);
	for (size_t at = 0; good && at + ENTRY <= entries.size && volume_name(clusters->volume);) {
		const uint8_t *entry = entries.data + at;
		unsigned more = entry[0] == KIND_FILE ? entry[1] : 0;
		if (!entry[0])
			break;
		if (more > (entries.size - at) / ENTRY - 1)
			more = (unsigned)((entries.size - at) / ENTRY - 1);
		if (entry[0] == KIND_FILE)
			set_give(clusters, entry, more + 1, &level);
		at += ENTRY * (size_t)(more + 1);
	}
	buffer_free(&entries);
}

void exfat_walk(struct volume *volume)
{
	struct clusters clusters;
	uint32_t root;
	if (!boot_read(volume, &clusters, &root)) {
		walk_code(volume->walk, DEC_RESULT_OPEN_CONTAINER_FAILED, "exFAT, whose first sector is damaged");
		return;
	}
	folder_walk(&clusters, (struct chain){root, false}, UINT64_MAX, NULL);
}
