/*
 * clusters.c - chains of clusters; see clusters.h.
 */
#include "scan/archive/clusters.h"

#include "scan/mark.h"

/* Bytes of all folders of a volume: more than a folder may have (2 MiB), less than a message costs. */
#define FOLDERS_MOST (64u << 20)

/* The next cluster of a chain; 0: it ends, or is damaged (*ret_damaged). */
static uint32_t next_of(struct clusters *clusters, uint32_t cluster, bool *ret_damaged)
{
	uint8_t entry[4] = {0};
	uint64_t at = clusters->bits == 12 ? cluster + cluster / 2 : (uint64_t)cluster * (clusters->bits / 8);
	*ret_damaged = !volume_look(clusters->volume) ||
		       !volume_read(clusters->volume, clusters->table + at, entry, clusters->bits == 32 ? 4 : 2);
	uint32_t next = mark_le32(entry), last = clusters->bits == 32   ? 0x0ffffff8
						 : clusters->bits == 16 ? 0xfff8
									: 0xff8;
	if (clusters->bits == 12)
		next = (cluster & 1 ? next >> 4 : next) & 0xfff;
	else if (clusters->bits == 32)
		next &= 0x0fffffff;
	if (*ret_damaged || next >= last)
		return 0;
	*ret_damaged = next < 2 || next - 2 >= clusters->count;
	return *ret_damaged ? 0 : next;
}

/* Hands out a chain. False: it ended, or left the volume, before so many bytes. */
typedef bool take_cluster(void *context, struct clusters *clusters, uint64_t offset, uint64_t size);

static bool chain_walk(struct clusters *clusters, struct chain chain, uint64_t size, bool whole, take_cluster *take,
		       void *context)
{
	uint32_t cluster = chain.first, visited = 0;
	if (!size)
		return true;
	bool damaged = cluster < 2 || cluster - 2 >= clusters->count;
	while (size && !damaged && visited++ < clusters->count) {
		uint64_t step = size < clusters->bytes ? size : clusters->bytes;
		uint64_t offset = clusters->data + (uint64_t)(cluster - 2) * clusters->bytes;
		if (!take(context, clusters, offset, step))
			return false;
		size -= step;
		if (!size)
			break;
		if (chain.straight)
			damaged = ++cluster - 2 >= clusters->count;
		else
			cluster = next_of(clusters, cluster, &damaged);
		if (!cluster)
			break;
	}
	/* A folder ends where its chain does; a circle does not end. */
	return !damaged && (whole ? !size : visited <= clusters->count);
}

static bool take_content(void *context, struct clusters *clusters, uint64_t offset, uint64_t size)
{
	return volume_append(clusters->volume, context, offset, size);
}

void clusters_file(struct clusters *clusters, struct chain chain, uint64_t size, uint64_t valid)
{
	struct volume *volume = clusters->volume;
	uint64_t written = valid < size ? valid : size;
	struct member member;
	if (!size || !member_begin(volume->walk, &member, volume->path.text, volume->path.size, false))
		return;
	if (chain_walk(clusters, chain, written, true, take_content, &member))
		(void)member_append(volume->walk, &member, NULL, size - written);
	else
		member_short(&member, size);
	member_end(volume->walk, &member);
}

static bool take_folder(void *context, struct clusters *clusters, uint64_t offset, uint64_t size)
{
	struct buffer *bytes = context;
	if (buffer_reserve(bytes, (size_t)size))
		return false;
	if (!volume_read(clusters->volume, offset, bytes->data + bytes->size, (size_t)size))
		return false;
	bytes->size += (size_t)size;
	return true;
}

bool clusters_folder(struct clusters *clusters, struct chain chain, uint64_t most, const struct level *up,
		     struct buffer *ret_bytes)
{
	size_t left = FOLDERS_MOST - clusters->folder_bytes;
	unsigned depth = 0;
	buffer_init(ret_bytes, left);
	for (const struct level *at = up; at; at = at->up, depth++)
		if (at->cluster == chain.first)
			depth = VOLUME_LEVELS_MOST;
	if (depth >= VOLUME_LEVELS_MOST) {
		clusters->volume->damaged = true;
		return false;
	}
	if (most > left)
		most = left;
	if (!chain_walk(clusters, chain, most, false, take_folder, ret_bytes))
		clusters->volume->damaged = true;
	clusters->folder_bytes += ret_bytes->size;
	if (clusters->folder_bytes == FOLDERS_MOST)
		volume_end(clusters->volume, "names");
	return true;
}
