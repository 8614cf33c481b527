/*
 * ntfs.c - NTFS, by its table of files ($MFT): each record in use is a file, with its streams.
 *
 * As Linux' driver and its documentation describe it. Names are those of the folders that the records name; what no folder shows is read as well.
 * Told, not read: files that are encrypted (EFS), or packed in the way of WIM archives or by deduplication. Refuses the system's own files, which
 * nobody can open. Called by volume.
 */
#include "scan/archive/runs.h"

#include "scan/mark.h"

#include <stdlib.h>
#include <string.h>

/* Records: of the table itself, of the root, of the folder of the system's own; those below 12 are the system's files. */
#define RECORD_TABLE  0u
#define RECORD_ROOT   5u
#define RECORD_EXTEND 11u
#define RECORD_FIRST  12u
/* Bytes of a record. */
#define RECORD_SMALL 512u
#define RECORD_LARGE 4096u
/* Records in which the attributes of one file may stand, and the list that says in which (256 KiB at most). */
#define RECORDS_MOST 256u
#define LIST_MOST    (256u << 10)
/* Folders around a file whose names are looked up. */
#define PARENTS_MOST 16u

#define FLAG_USED 0x0001u

enum {
	ATTRIBUTE_LIST = 0x20,
	ATTRIBUTE_NAME = 0x30,
	ATTRIBUTE_DATA = 0x80,
	ATTRIBUTE_REPARSE = 0xc0,
};

#define DATA_PACKED    0x00ffu
#define DATA_ENCRYPTED 0x4000u
#define NAME_DOS       2u
/* What stands for a file: packed like in a WIM archive, or kept elsewhere by deduplication ([MS-FSCC], 2.1.2.1). */
#define REPARSE_WOF   0x80000017u
#define REPARSE_DEDUP 0x80000013u

struct ntfs {
	struct volume *volume;
	uint64_t cluster; /* bytes */
	size_t record;    /* bytes */
	struct runs table;
	uint64_t table_size;
	/* The folder whose path was looked up last. */
	uint64_t parent;
	struct path parent_path;
	bool parent_hidden; /* it is the system's */
};

struct attribute {
	unsigned type, flags;
	const uint8_t *name; /* UTF-16 */
	size_t letters;
	bool resident;
	const uint8_t *data; /* resident: the content; else the list of runs */
	size_t size;
	uint64_t first;        /* cluster of the file that the list begins with */
	uint64_t whole, valid; /* bytes of the file, and those that were written */
	unsigned unit;         /* clusters of a packed unit, as a power of two */
};

/* All records of a file. */
struct file {
	uint64_t number;
	unsigned count;
	struct buffer records;
};

/* --- records ----------------------------------------------------------------------------------------------------- */

/* The last two bytes of each sector stand in front, and a number in their place: a sector that was not written has another. */
static bool mend(uint8_t *record, size_t size)
{
	size_t at = mark_le16(record + 4), count = mark_le16(record + 6);
	if (count != size / 512 + 1 || at % 2 || at + 2 * count > size)
		return false;
	for (size_t i = 1; i < count; i++) {
		uint8_t *end = record + i * 512 - 2;
		if (memcmp(end, record + at, 2) != 0)
			return false;
		memcpy(end, record + at + 2 * i, 2);
	}
	return true;
}

/* False: it is not there, or is none in use. */
static bool record_read(struct ntfs *ntfs, uint64_t number, uint8_t *ret)
{
	bool there = number < ntfs->table_size / ntfs->record &&
		     runs_read(&ntfs->table, number * ntfs->record, ret, ntfs->record) && memcmp(ret, "BAAD", 4) != 0;
	bool used = there && memcmp(ret, "FILE", 4) == 0 && mark_le16(ret + 22) & FLAG_USED;
	bool good = used && mend(ret, ntfs->record);
	if (!there || (used && !good))
		ntfs->volume->damaged = true;
	return good;
}

static bool attribute_read(const uint8_t *data, size_t size, struct attribute *ret)
{
	size_t name = mark_le16(data + 10);
	*ret = (struct attribute){.type = mark_le32(data),
				  .flags = mark_le16(data + 12),
				  .name = data + name,
				  .letters = data[9],
				  .resident = !data[8]};
	if (name + 2 * ret->letters > size)
		return false;
	size_t place = mark_le16(data + (ret->resident ? 20 : 32));
	if (size < (ret->resident ? 24u : 64u) || place > size)
		return false;
	ret->data = data + place;
	ret->size = size - place;
	if (ret->resident) {
		ret->size = mark_le32(data + 16);
		return ret->size <= size - place;
	}
	ret->first = mark_le64(data + 16);
	ret->unit = data[34];
	ret->whole = mark_le64(data + 48);
	ret->valid = mark_le64(data + 56);
	return true;
}

/* The next attribute of a record; *at is 0 for the first. False: there is none, or it is damaged (*ret_damaged). */
static bool attribute_next(const struct ntfs *ntfs, const uint8_t *record, size_t *at, struct attribute *ret,
			   bool *ret_damaged)
{
	size_t start = *at ? *at : mark_le16(record + 20);
	*ret_damaged = start > ntfs->record || ntfs->record - start < 4;
	if (*ret_damaged || mark_le32(record + start) == UINT32_MAX)
		return false;
	*ret_damaged = true;
	if (ntfs->record - start < 36)
		return false;
	size_t size = mark_le32(record + start + 4);
	if (size < 24 || size > ntfs->record - start || !attribute_read(record + start, size, ret))
		return false;
	*ret_damaged = false;
	*at = start + size;
	return true;
}

/* The attribute of that type in a record. */
static bool attribute_find(const struct ntfs *ntfs, const uint8_t *record, unsigned type, struct attribute *ret)
{
	bool damaged;
	for (size_t at = 0; attribute_next(ntfs, record, &at, ret, &damaged);)
		if (ret->type == type)
			return true;
	return false;
}

/* --- files, of one record or several ----------------------------------------------------------------------------- */

static bool file_has(const struct file *file, const struct ntfs *ntfs, uint64_t number)
{
	for (unsigned i = 0; i < file->count; i++)
		if (mark_le32(file->records.data + i * ntfs->record + 44) == number)
			return true;
	return false;
}

/* Adds a record; its number is kept in it, where newer systems have it anyway. */
static bool file_add(struct file *file, struct ntfs *ntfs, uint64_t number, const uint8_t *record)
{
	if (file->count == RECORDS_MOST || buffer_append(&file->records, record, ntfs->record))
		return false;
	uint8_t *to = file->records.data + file->count++ * ntfs->record + 44;
	for (unsigned i = 0; i < 4; i++)
		to[i] = (uint8_t)(number >> (8 * i));
	return true;
}

/* The content of a list of attributes. The caller frees *ret_list in any case. */
static bool list_read(struct ntfs *ntfs, const struct attribute *list, struct buffer *ret_list)
{
	buffer_init(ret_list, LIST_MOST);
	if (list->resident)
		return buffer_append(ret_list, list->data, list->size) == 0;
	struct runs runs;
	runs_begin(&runs, ntfs->volume, ntfs->cluster);
	bool good = list->whole <= LIST_MOST && runs_add(&runs, list->data, list->size) &&
		    buffer_reserve(ret_list, (size_t)list->whole) == 0 &&
		    runs_read(&runs, 0, ret_list->data, (size_t)list->whole);
	ret_list->size = good ? (size_t)list->whole : 0;
	runs_end(&runs);
	return good;
}

/* The other records of the file. False: something of it is not there. */
static bool file_complete(struct ntfs *ntfs, struct file *file)
{
	struct attribute attribute;
	struct buffer list;
	uint8_t record[RECORD_LARGE];
	if (!attribute_find(ntfs, file->records.data, ATTRIBUTE_LIST, &attribute))
		return true;
	bool good = list_read(ntfs, &attribute, &list);
	for (size_t at = 0, size; good && at + 26 <= list.size; at += size) {
		size = mark_le16(list.data + at + 4);
		uint64_t number = mark_le64(list.data + at + 16) & 0xffffffffffff;
		good = size >= 26 && volume_look(ntfs->volume);
		if (good && !file_has(file, ntfs, number))
			good = record_read(ntfs, number, record) &&
			       (mark_le64(record + 32) & 0xffffffffffff) == file->number &&
			       file_add(file, ntfs, number, record);
	}
	buffer_free(&list);
	return good;
}

/* The first, or the next, attribute of a file of one type. `*at` counts records in its high half. */
static bool file_next(struct ntfs *ntfs, const struct file *file, unsigned type, uint64_t *at, struct attribute *ret)
{
	for (unsigned i = (unsigned)(*at >> 32); i < file->count; i++) {
		size_t in = *at & UINT32_MAX;
		bool damaged;
		while (attribute_next(ntfs, file->records.data + i * ntfs->record, &in, ret, &damaged)) {
			if (ret->type != type)
				continue;
			*at = (uint64_t)i << 32 | in;
			return true;
		}
		ntfs->volume->damaged |= damaged;
		*at = (uint64_t)(i + 1) << 32;
	}
	return false;
}

/* --- names ------------------------------------------------------------------------------------------------------- */

/* The name that is no short one for DOS. *ret_parent: the record of the folder. */
static bool name_find(struct ntfs *ntfs, const struct file *file, struct attribute *ret, uint64_t *ret_parent)
{
	struct attribute attribute;
	bool found = false;
	for (uint64_t at = 0; file_next(ntfs, file, ATTRIBUTE_NAME, &at, &attribute);) {
		bool whole = attribute.resident && attribute.size >= 66 &&
			     66 + 2 * (size_t)attribute.data[64] <= attribute.size;
		if (!whole || (found && attribute.data[65] == NAME_DOS))
			continue;
		*ret = attribute;
		*ret_parent = mark_le64(attribute.data) & 0xffffffffffff;
		found = true;
		if (attribute.data[65] != NAME_DOS)
			break;
	}
	return found;
}

/* The names of a folder and of those around it. */
static void folder_name(struct ntfs *ntfs, uint64_t number, unsigned depth, struct path *path, bool *ret_hidden)
{
	uint8_t record[RECORD_LARGE];
	struct attribute name;
	uint64_t parent = RECORD_ROOT;
	*ret_hidden |= number == RECORD_EXTEND;
	if (number == RECORD_ROOT || depth == PARENTS_MOST || !volume_look(ntfs->volume) ||
	    !record_read(ntfs, number, record))
		return;
	struct file file = {.number = number, .count = 1, .records = {.data = record, .size = ntfs->record}};
	if (!name_find(ntfs, &file, &name, &parent))
		return;
	folder_name(ntfs, parent, depth + 1, path, ret_hidden);
	path_separate(path);
	path_add_wide(path, name.data + 66, name.data[64], false);
}

/* The path of a file. False: it is the system's. */
static bool file_name(struct ntfs *ntfs, const struct file *file, struct path *path)
{
	struct attribute name;
	uint64_t parent;
	if (!name_find(ntfs, file, &name, &parent))
		return true;
	if (parent != ntfs->parent) {
		ntfs->parent = parent;
		ntfs->parent_path = ntfs->volume->path;
		ntfs->parent_hidden = false;
		folder_name(ntfs, parent, 0, &ntfs->parent_path, &ntfs->parent_hidden);
	}
	*path = ntfs->parent_path;
	path_separate(path);
	path_add_wide(path, name.data + 66, name.data[64], false);
	return !ntfs->parent_hidden;
}

/* --- streams ----------------------------------------------------------------------------------------------------- */

static bool same_name(const struct attribute *first, const struct attribute *second)
{
	return first->letters == second->letters && memcmp(first->name, second->name, 2 * first->letters) == 0;
}

/* The further runs of a stream that begins with this attribute, whose own are there already. */
static bool stream_continue(struct ntfs *ntfs, const struct file *file, const struct attribute *begin,
			    struct runs *runs)
{
	struct attribute next;
	bool good = true;
	for (uint64_t at = 0; good && file_next(ntfs, file, begin->type, &at, &next);)
		if (!next.resident && next.first && next.first == runs->clusters && same_name(begin, &next)) {
			good = runs_add(runs, next.data, next.size);
			at = 0;
		}
	return good;
}

static void stream_content(struct ntfs *ntfs, const struct file *file, const struct attribute *stream,
			   struct member *member)
{
	struct walk *walk = ntfs->volume->walk;
	struct runs runs;
	if (stream->resident) {
		(void)member_append(walk, member, stream->data, stream->size);
		return;
	}
	runs_begin(&runs, ntfs->volume, ntfs->cluster);
	uint64_t written = stream->valid < stream->whole ? stream->valid : stream->whole;
	bool good = runs_add(&runs, stream->data, stream->size) && stream_continue(ntfs, file, stream, &runs);
	if (good && stream->flags & DATA_PACKED)
		good = stream->unit < 16 && runs_append_packed(&runs, 1ull << stream->unit, written, member);
	else if (good)
		good = runs_append(&runs, written, member);
	if (good)
		(void)member_append(walk, member, NULL, stream->whole - written);
	else
		member_short(member, stream->whole);
	runs_end(&runs);
}

static void stream_give(struct ntfs *ntfs, const struct file *file, const struct attribute *stream, struct path path)
{
	struct walk *walk = ntfs->volume->walk;
	struct member member;
	if (!(stream->resident ? stream->size : stream->whole))
		return;
	if (stream->letters) {
		path_add(&path, ':');
		path_add_wide(&path, stream->name, stream->letters, false);
	}
	if (!member_begin(walk, &member, path.text, path.size, false))
		return;
	if (stream->flags & DATA_ENCRYPTED)
		member_code(&member, DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED, "its data are encrypted (EFS)");
	else
		stream_content(ntfs, file, stream, &member);
	member_end(walk, &member);
}

/* What stands for the content is elsewhere, or packed in another way. */
static void reparse_judge(struct ntfs *ntfs, const struct file *file, const struct path *path)
{
	struct attribute attribute;
	uint64_t at = 0;
	if (!file_next(ntfs, file, ATTRIBUTE_REPARSE, &at, &attribute) || !attribute.resident || attribute.size < 4)
		return;
	uint32_t tag = mark_le32(attribute.data);
	if (tag == REPARSE_WOF || tag == REPARSE_DEDUP)
		walk_code(ntfs->volume->walk, DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM, "%.*s, a file that %s",
			  (int)path->size, path->text,
			  tag == REPARSE_WOF ? "is packed like in a WIM archive" : "deduplication keeps elsewhere");
}

static void file_give(struct ntfs *ntfs, uint64_t number, const uint8_t *record)
{
	struct file file = {.number = number};
	struct path path = {.size = 0};
	struct attribute stream;
	buffer_init(&file.records, RECORDS_MOST * ntfs->record);
	if (!file_add(&file, ntfs, number, record) || !file_complete(ntfs, &file))
		ntfs->volume->damaged = true;
	if (file.count && file_name(ntfs, &file, &path) && volume_name(ntfs->volume)) {
		reparse_judge(ntfs, &file, &path);
		for (uint64_t at = 0;
		     !ntfs->volume->walk->over && file_next(ntfs, &file, ATTRIBUTE_DATA, &at, &stream);)
			if (stream.resident || !stream.first)
				stream_give(ntfs, &file, &stream, path);
	}
	buffer_free(&file.records);
}

/* --- the table --------------------------------------------------------------------------------------------------- */

static bool boot_read(struct ntfs *ntfs, uint64_t *ret_table)
{
	uint8_t boot[512];
	if (!volume_read(ntfs->volume, 0, boot, sizeof boot))
		return false;
	uint64_t sector = mark_le16(boot + 11);
	/* Large numbers are negative powers of two. */
	uint64_t sectors = boot[13] <= 0x80 ? boot[13] : 256u - boot[13] < 20 ? 1ull << (256u - boot[13]) : 0;
	ntfs->cluster = sector * sectors;
	unsigned record = boot[64];
	ntfs->record = record < 0x80       ? (size_t)(record * ntfs->cluster)
		       : 256 - record < 16 ? (size_t)1 << (256 - record)
					   : 0;
	*ret_table = mark_le64(boot + 48);
	return ntfs->cluster && ntfs->cluster <= (2u << 20) && ntfs->record >= RECORD_SMALL &&
	       ntfs->record <= RECORD_LARGE && ntfs->record % RECORD_SMALL == 0 && *ret_table < ntfs->volume->bytes;
}

/* The table is a file itself, and its first record says where the others are. */
static bool table_open(struct ntfs *ntfs, uint64_t place)
{
	uint8_t record[RECORD_LARGE];
	struct attribute data;
	if (!volume_read(ntfs->volume, place * ntfs->cluster, record, ntfs->record) || memcmp(record, "FILE", 4) != 0 ||
	    !mend(record, ntfs->record))
		return false;
	if (!attribute_find(ntfs, record, ATTRIBUTE_DATA, &data) || data.resident ||
	    !runs_add(&ntfs->table, data.data, data.size))
		return false;
	ntfs->table_size = data.whole;
	/* Where it is in many pieces, the others stand in further records, which are in the first pieces. */
	struct file file = {.number = RECORD_TABLE};
	buffer_init(&file.records, RECORDS_MOST * ntfs->record);
	bool good = file_add(&file, ntfs, RECORD_TABLE, record) && file_complete(ntfs, &file) &&
		    stream_continue(ntfs, &file, &data, &ntfs->table);
	buffer_free(&file.records);
	return good && ntfs->table.clusters * ntfs->cluster >= ntfs->table_size;
}

void ntfs_walk(struct volume *volume)
{
	struct ntfs ntfs = {.volume = volume, .parent = UINT64_MAX};
	uint8_t record[RECORD_LARGE];
	uint64_t place = 0;
	runs_begin(&ntfs.table, volume, 0);
	bool good = boot_read(&ntfs, &place);
	ntfs.table.cluster = ntfs.cluster;
	if (!good || !table_open(&ntfs, place))
		walk_code(volume->walk, DEC_RESULT_OPEN_CONTAINER_FAILED, "NTFS, whose table of files is damaged");
	uint64_t most = ntfs.table_size < volume->bytes ? ntfs.table_size : volume->bytes;
	uint64_t count = good ? most / ntfs.record : 0;
	for (uint64_t i = RECORD_ROOT; i < count && volume_look(volume); i++)
		/* One that belongs to another one is read with that. */
		if ((i == RECORD_ROOT || i >= RECORD_FIRST) && record_read(&ntfs, i, record) && !mark_le64(record + 32))
			file_give(&ntfs, i, record);
	runs_end(&ntfs.table);
}
