/*
 * udf.c - UDF images (ECMA-167, OSTA UDF 1.02 to 2.60), by themselves and beside an ISO 9660 tree, as discs and Windows' image files have them.
 *
 * The engine finds nothing in them and libarchive reads only the other tree, so that a file which this one alone shows would be seen by nobody but
 * the reader of the mail. Refuses volumes whose blocks are mapped (a packet-written disc's, the metadata partition of UDF 2.50): that is said.
 * Check sums of contents are none in UDF; those of descriptors' heads are what tells one. Called by walk.
 */
#include "scan/archive/walk.h"

#include "scan/archive/path.h"
#include "scan/mark.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Descriptors (ECMA-167, 3/7.2.1 and 4/7.2.1). */
enum {
	TAG_ANCHOR = 2,
	TAG_PARTITION = 5,
	TAG_VOLUME = 6,
	TAG_END = 8,
	TAG_FILE_SET = 256,
	TAG_NAME = 257,
	TAG_EXTENT = 258,
	TAG_FILE = 261,
	TAG_EXTENDED_FILE = 266,
};

#define TAG_SIZE 16u
/* Sector in which a volume is announced. */
#define ANCHOR 256u
/* Partitions of a volume, of which there is one, and blocks of the sequence that describes it. */
#define PARTITIONS_MOST  4u
#define DESCRIPTORS_MOST 64u
/* Folders in each other, and names and extents of all of them: a volume may be built to have no end. */
#define LEVELS_MOST  64u
#define NAMES_MOST   200000u
#define EXTENTS_MOST 2000000u
/* Bytes of names in all folders, each time that one is met. */
#define NAMES_BYTES_MOST (64u << 20)
/* No number of a partition. */
#define MAPPED UINT32_MAX

struct volume {
	struct walk *walk;
	size_t block;                   /* bytes of one */
	unsigned map_count;             /* partitions as descriptors refer to them: */
	uint32_t maps[PARTITIONS_MOST]; /* numbers of partitions; MAPPED: its blocks are not where they say */
	unsigned partition_count;
	struct {
		uint16_t number;
		uint32_t start;
	} partitions[PARTITIONS_MOST];
	const uint8_t *file_set; /* where the volume has it: a long allocation descriptor */
	unsigned names, extents;
	size_t names_bytes;
	uint64_t asked; /* bytes of files of which it was asked whether they are known */
	bool mapped, damaged;
};

/* A file or a folder. */
struct entry {
	bool folder;
	uint64_t size;
	unsigned kind;       /* of its allocation descriptors: 0 short, 1 long, 3 it holds the content itself */
	const uint8_t *list; /* of them, or the content */
	size_t list_size;
	uint16_t map;           /* partition that short ones mean */
	const uint8_t *streams; /* a long allocation descriptor; NULL: it has none */
};

/* Folders around the one at hand. */
struct level {
	const struct level *up;
	const uint8_t *place; /* of its entry */
};

static bool is_tag(const uint8_t *data, size_t left, unsigned id)
{
	uint8_t sum = 0;
	if (left < TAG_SIZE || mark_le16(data) != id)
		return false;
	for (unsigned i = 0; i < TAG_SIZE; i++)
		sum = (uint8_t)(sum + (i == 4 ? 0 : data[i]));
	return sum == data[4];
}

/* Sector or block of the whole image; NULL: there is no whole one. */
static const uint8_t *sector(const struct volume *volume, uint64_t number)
{
	uint64_t count = volume->walk->size / volume->block;
	return number < count ? volume->walk->data + number * volume->block : NULL;
}

/* From a block of a partition on; *ret_left bytes are there. NULL: nothing is, or no such partition. */
static const uint8_t *place(const struct volume *volume, uint16_t map, uint32_t block, size_t *ret_left)
{
	if (map >= volume->map_count)
		return NULL;
	for (unsigned i = 0; i < volume->partition_count; i++) {
		if (volume->partitions[i].number != volume->maps[map])
			continue;
		uint64_t offset = ((uint64_t)volume->partitions[i].start + block) * volume->block;
		if (offset >= volume->walk->size)
			return NULL;
		*ret_left = volume->walk->size - (size_t)offset;
		return volume->walk->data + offset;
	}
	return NULL;
}

/* A whole descriptor that a long allocation descriptor points at. */
static const uint8_t *descriptor(const struct volume *volume, const uint8_t *pointer, unsigned id, unsigned or_id)
{
	size_t left = 0;
	const uint8_t *data = place(volume, mark_le16(pointer + 8), mark_le32(pointer + 4), &left);
	bool known = data && left >= volume->block && (is_tag(data, left, id) || is_tag(data, left, or_id));
	return known ? data : NULL;
}

/* --- the volume -------------------------------------------------------------------------------------------------- */

static void partition_read(struct volume *volume, const uint8_t *data)
{
	if (volume->partition_count == PARTITIONS_MOST)
		return;
	volume->partitions[volume->partition_count].number = mark_le16(data + 22);
	volume->partitions[volume->partition_count++].start = mark_le32(data + 188);
}

static void volume_read(struct volume *volume, const uint8_t *data)
{
	uint32_t size = mark_le32(data + 264), count = mark_le32(data + 268), at = 440;
	if (mark_le32(data + 212) != volume->block || size > volume->block - 440) {
		volume->damaged = true;
		return;
	}
	volume->file_set = data + 248;
	volume->map_count = 0;
	volume->mapped = false;
	for (uint32_t end = at + size; count && end - at >= 2 && volume->map_count < PARTITIONS_MOST; count--) {
		unsigned type = data[at], length = data[at + 1];
		if (length < 6 || length > end - at)
			break;
		/* A sparable partition is where it says but for sectors that are worn out. */
		bool sparable = type == 2 && length == 64 && memcmp(data + at + 5, "*UDF Sparable Partition", 23) == 0;
		if (type == 1 && length == 6)
			volume->maps[volume->map_count++] = mark_le16(data + at + 4);
		else if (sparable)
			volume->maps[volume->map_count++] = mark_le16(data + at + 38);
		else
			volume->maps[volume->map_count++] = MAPPED;
		volume->mapped |= volume->maps[volume->map_count - 1] == MAPPED;
		at += length;
	}
}

/* Reads the sequence of descriptors that an extent holds. True if it says where the files are. */
static bool sequence_read(struct volume *volume, const uint8_t *extent)
{
	uint32_t first = mark_le32(extent + 4), count = mark_le32(extent) / (uint32_t)volume->block;
	volume->partition_count = 0;
	volume->file_set = NULL;
	volume->damaged = false;
	for (uint32_t i = 0; i < count && i < DESCRIPTORS_MOST; i++) {
		const uint8_t *data = sector(volume, (uint64_t)first + i);
		if (!data || is_tag(data, volume->block, TAG_END))
			break;
		if (is_tag(data, volume->block, TAG_PARTITION))
			partition_read(volume, data);
		else if (is_tag(data, volume->block, TAG_VOLUME))
			volume_read(volume, data);
	}
	return volume->partition_count && volume->file_set;
}

static const uint8_t *anchor_find(struct volume *volume)
{
	static const size_t sizes[] = {2048, 512, 4096, 1024};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		volume->block = sizes[i];
		uint64_t count = volume->walk->size / sizes[i];
		const uint64_t places[] = {ANCHOR, count - 1, count - 1 - ANCHOR};
		for (size_t j = 0; j < sizeof places / sizeof *places; j++) {
			const uint8_t *data = sector(volume, places[j]);
			if (data && is_tag(data, sizes[i], TAG_ANCHOR))
				return data;
		}
	}
	return NULL;
}

/* --- contents ---------------------------------------------------------------------------------------------------- */

static bool entry_read(struct volume *volume, const uint8_t *data, uint16_t map, struct entry *ret)
{
	bool extended = mark_le16(data) == TAG_EXTENDED_FILE;
	size_t head = extended ? 216 : 176, most = volume->block - head;
	uint32_t attributes = mark_le32(data + head - 8), list = mark_le32(data + head - 4);
	if (attributes > most || list > most - attributes)
		return false;
	*ret = (struct entry){.folder = data[27] == 4 || data[27] == 13,
			      .size = mark_le64(data + 56),
			      .kind = mark_le16(data + 34) & 7,
			      .list = data + head + attributes,
			      .list_size = list,
			      .map = map,
			      .streams = extended && mark_le32(data + 152) & 0x3fffffff ? data + 152 : NULL};
	return true;
}

/* An extent: bytes, or NULL for so many zeros. False: no more is wanted. */
typedef bool take_extent(void *context, const uint8_t *data, uint64_t size);

/* The rest of a list of allocation descriptors stands elsewhere. */
static bool list_continue(struct volume *volume, struct entry *rest, uint16_t map, uint32_t block)
{
	size_t left = 0;
	const uint8_t *data = place(volume, map, block, &left);
	if (!data || left < volume->block || !is_tag(data, left, TAG_EXTENT) ||
	    mark_le32(data + 20) > volume->block - 24)
		return false;
	rest->list = data + 24;
	rest->list_size = mark_le32(data + 20);
	return true;
}

/* Hands out the content of an entry. False: it is not all there. */
static bool extents_walk(struct volume *volume, const struct entry *entry, take_extent *take, void *context)
{
	struct entry rest = *entry;
	if (rest.kind == 3) {
		size_t size = rest.size < rest.list_size ? (size_t)rest.size : rest.list_size;
		(void)(size && take(context, rest.list, size));
		return size == rest.size;
	}
	size_t step = rest.kind == 1 ? 16 : 8;
	while (rest.size && rest.kind <= 1 && rest.list_size >= step && volume->extents++ < EXTENTS_MOST) {
		uint32_t length = mark_le32(rest.list) & 0x3fffffff, kind = mark_le32(rest.list) >> 30;
		uint32_t block = mark_le32(rest.list + 4);
		uint16_t map = rest.kind == 1 ? mark_le16(rest.list + 8) : rest.map;
		rest.list += step;
		rest.list_size -= step;
		if (kind == 3) {
			if (!list_continue(volume, &rest, map, block))
				return false;
			continue;
		}
		if (!length)
			break;
		uint64_t size = length < rest.size ? length : rest.size;
		size_t left = 0;
		const uint8_t *data = kind ? NULL : place(volume, map, block, &left);
		if (!kind && (!data || left < size)) {
			(void)(data && take(context, data, left));
			return false;
		}
		rest.size -= size;
		if (!take(context, data, size))
			return true;
	}
	return rest.size == 0;
}

struct writing {
	struct walk *walk;
	struct member member;
};

static bool take_content(void *context, const uint8_t *data, uint64_t size)
{
	struct writing *writing = context;
	return member_append(writing->walk, &writing->member, data, size);
}

struct single {
	const uint8_t *data; /* of all of it, if it is in one piece */
	uint64_t size;
	unsigned pieces;
};

static bool take_single(void *context, const uint8_t *data, uint64_t size)
{
	struct single *single = context;
	*single = (struct single){data, size, single->pieces + 1};
	return single->pieces == 1;
}

/* The other tree of the same disc shows most files too. Asking costs a look at the whole file, so there is an end to it. */
static bool is_known(struct volume *volume, const struct entry *entry)
{
	const struct archive_visitor *visitor = volume->walk->visitor;
	struct single single = {NULL, 0, 0};
	if (!visitor->known || volume->asked > 2 * (uint64_t)volume->walk->size)
		return false;
	if (!extents_walk(volume, entry, take_single, &single) || single.pieces != 1 || !single.data ||
	    single.size != entry->size)
		return false;
	volume->asked += single.size;
	return visitor->known(visitor->context, single.data, (size_t)single.size);
}

static void file_give(struct volume *volume, const struct entry *entry, const struct path *path)
{
	struct writing writing = {.walk = volume->walk};
	if (is_known(volume, entry) || !member_begin(volume->walk, &writing.member, path->text, path->size, false))
		return;
	if (!extents_walk(volume, entry, take_content, &writing))
		member_short(&writing.member, entry->size);
	member_end(volume->walk, &writing.member);
}

/* --- folders ----------------------------------------------------------------------------------------------------- */

/* A name (OSTA UDF, 2.1.1): how wide its letters are, and they. */
static void path_push(struct path *path, const uint8_t *name, size_t size)
{
	path_separate(path);
	if (size && (name[0] == 16 || name[0] == 255))
		path_add_wide(path, name + 1, (size - 1) / 2, true);
	else
		for (size_t i = 1; i < size; i++)
			path_add(path, name[i]);
}

static void entry_give(struct volume *volume, const uint8_t *pointer, const struct level *up, struct path *path);

/* A name in a folder (ECMA-167, 4/14.4) and what it is of; the size of the name's descriptor, 0: it is none. */
static size_t name_walk(struct volume *volume, const uint8_t *data, size_t left, const struct level *level,
			struct path *path)
{
	if (left < 38 || !is_tag(data, left, TAG_NAME))
		return 0;
	size_t name = data[19], used = mark_le16(data + 36), whole = (38 + used + name + 3) & ~(size_t)3;
	if (38 + used + name > left)
		return 0;
	/* Neither deleted nor the folder above. */
	if (!(data[18] & 0x0c)) {
		size_t before = path->size;
		path_push(path, data + 38 + used, name);
		entry_give(volume, data + 20, level, path);
		path->size = before;
	}
	return whole;
}

static bool take_names(void *context, const uint8_t *data, uint64_t size)
{
	struct buffer *names = context;
	return data && buffer_append(names, data, (size_t)size) == 0;
}

static void names_end(struct volume *volume)
{
	walk_code(volume->walk, DEC_RESULT_MAXIMUM_FILES_EXTRACTED, "a volume of more than %u names", NAMES_MOST);
	volume->walk->over = true;
}

static void folder_walk(struct volume *volume, const struct entry *entry, const struct level *level, struct path *path)
{
	struct buffer names;
	buffer_init(&names, NAMES_BYTES_MOST - volume->names_bytes);
	if (entry->size > NAMES_BYTES_MOST - volume->names_bytes) {
		names_end(volume);
		return;
	}
	if (!extents_walk(volume, entry, take_names, &names) || names.size != entry->size)
		volume->damaged = true;
	volume->names_bytes += names.size;
	for (size_t at = 0, size = 0; at < names.size && !volume->walk->over; at += size) {
		size = name_walk(volume, names.data + at, names.size - at, level, path);
		if (volume->names++ == NAMES_MOST)
			names_end(volume);
		if (!size) {
			volume->damaged = true;
			break;
		}
	}
	buffer_free(&names);
}

/* The file or folder that a long allocation descriptor points at. */
static void entry_give(struct volume *volume, const uint8_t *pointer, const struct level *up, struct path *path)
{
	struct entry entry;
	const uint8_t *data = descriptor(volume, pointer, TAG_FILE, TAG_EXTENDED_FILE);
	struct level level = {up, data};
	unsigned depth = 0;
	for (const struct level *at = up; at; at = at->up, depth++)
		if (at->place == data)
			data = NULL;
	if (!data || depth == LEVELS_MOST || !entry_read(volume, data, mark_le16(pointer + 8), &entry)) {
		volume->damaged = true;
		return;
	}
	if (entry.folder)
		folder_walk(volume, &entry, &level, path);
	else if (entry.size)
		file_give(volume, &entry, path);
	/* Its streams are a folder of their own. */
	if (entry.streams && !volume->walk->over)
		entry_give(volume, entry.streams, &level, path);
}

void udf_walk(struct walk *walk)
{
	struct volume volume = {.walk = walk};
	struct path path = {.size = 0};
	const uint8_t *anchor = anchor_find(&volume);
	if (!anchor || (!sequence_read(&volume, anchor + 16) && !sequence_read(&volume, anchor + 24))) {
		walk_code(walk, DEC_RESULT_OPEN_CONTAINER_FAILED, "UDF, whose volume was not found");
		return;
	}
	const uint8_t *set = descriptor(&volume, volume.file_set, TAG_FILE_SET, TAG_FILE_SET);
	if (set)
		entry_give(&volume, set + 400, NULL, &path);
	else
		volume.damaged = true;
	if (volume.mapped)
		walk_code(walk, DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM, "a UDF volume whose blocks are mapped");
	else if (volume.damaged)
		walk_code(walk, DEC_RESULT_MALFORMED_CONTAINER_DETECTED,
			  "UDF, of which something is not where it should be");
}
