/*
 * ole2.c - encryption of documents in OLE2 files; see ole2.h.
 *
 * Looks for directory entries wherever one can stand, not along the chain of the directory, which a damaged or hostile file may
 * break. Of a stream only the first bytes are read. Decrypts nothing.
 */
#include "scan/ole2.h"

#include "scan/mark.h"

#include <stdbool.h>
#include <string.h>

/* The header: log2 of the sizes of a sector and of a small one, and the first sectors of the table of sectors. */
#define HEADER_SIZE   512u
#define SECTOR_SHIFT  30
#define SMALL_SHIFT   32
#define TABLE_COUNT   44
#define TABLE_FIRST   76
#define TABLE_SECTORS 109u
#define SMALL_CUTOFF  4096u /* shorter streams lie in the small sectors, which are a stream of the root's */
#define SECTOR_LIMIT  0xFFFFFFFAu
#define FREE          0xFFFFFFFFu
/* A directory entry: 128 bytes, aligned so; a name in UTF-16LE, its size in bytes with the NUL, type, first sector, size. */
#define ENTRY_SIZE      128u
#define ENTRY_NAME_SIZE 64
#define ENTRY_TYPE      66
#define ENTRY_FIRST     116
#define ENTRY_LENGTH    120
#define TYPE_STREAM     2
#define TYPE_ROOT       5
/* Streams of one file that are looked into, sectors on the way to one, and records of Excel before the one that tells. */
#define STREAMS_MOST 256u
#define CHAIN_MOST   65536u
#define RECORDS_MOST 8u

struct file {
	const uint8_t *data;
	size_t size;
	unsigned shift;      /* of a sector */
	unsigned small;      /* likewise */
	const uint8_t *root; /* entry; NULL: not met */
	unsigned looks;      /* left */
};

/* Offset of a sector; SIZE_MAX if it lies behind the end. */
static size_t sector_offset(const struct file *file, uint32_t sector)
{
	uint64_t offset = ((uint64_t)sector + 1) << file->shift;
	return sector < SECTOR_LIMIT && offset < file->size ? (size_t)offset : SIZE_MAX;
}

/* The sector that follows one in its chain, from the part of the table that the header names. */
static uint32_t next_sector(const struct file *file, uint32_t sector)
{
	uint32_t each = 1u << (file->shift - 2);
	if (sector / each >= TABLE_SECTORS)
		return UINT32_MAX;
	size_t table = sector_offset(file, mark_le32(file->data + TABLE_FIRST + 4 * (size_t)(sector / each)));
	size_t at = 4 * (size_t)(sector % each);
	return table == SIZE_MAX || file->size - table < at + 4 ? UINT32_MAX : mark_le32(file->data + table + at);
}

/* The begin of a stream, and how many of its bytes stand there in one run. NULL: they are not here. */
static const uint8_t *stream_begin(struct file *file, const uint8_t *entry, size_t *ret_size)
{
	uint32_t first = mark_le32(entry + ENTRY_FIRST), length = mark_le32(entry + ENTRY_LENGTH);
	size_t offset, run = (size_t)1 << file->shift;
	if (!file->looks)
		return NULL;
	file->looks--;
	if (length >= SMALL_CUTOFF || !file->root) {
		offset = sector_offset(file, first);
	} else {
		uint64_t at = (uint64_t)first << file->small;
		uint32_t sector = mark_le32(file->root + ENTRY_FIRST);
		uint64_t steps = at >> file->shift;
		for (; steps && steps < CHAIN_MOST && sector < SECTOR_LIMIT; steps--)
			sector = next_sector(file, sector);
		if (steps)
			return NULL;
		offset = sector_offset(file, sector);
		if (offset != SIZE_MAX)
			offset += (size_t)(at & (run - 1));
		run = (size_t)1 << file->small;
	}
	if (offset >= file->size)
		return NULL;
	run = run < file->size - offset ? run : file->size - offset;
	*ret_size = run < length ? run : length;
	return file->data + offset;
}

/* The file information block: its mark, and the flag. */
static bool word_encrypted(const uint8_t *data, size_t size)
{
	return size >= 12 && (mark_le16(data) == 0xA5EC || mark_le16(data) == 0xA5DC) && data[11] & 1;
}

/* The record FilePass follows that which begins the workbook, and perhaps WriteProtect. */
static bool excel_encrypted(const uint8_t *data, size_t size)
{
	size_t at = 0;
	for (unsigned i = 0; i < RECORDS_MOST && size - at >= 4; i++) {
		unsigned type = mark_le16(data + at);
		size_t length = mark_le16(data + at + 2);
		if (i == 0 && type != 0x809 && type != 0x409 && type != 0x209 && type != 9)
			return false;
		if (type == 0x2F)
			return true;
		if (length > size - at - 4)
			return false;
		at += 4 + length;
	}
	return false;
}

/* CurrentUserAtom: a record header, its size, and a word that says so. */
static bool powerpoint_encrypted(const uint8_t *data, size_t size)
{
	return size >= 16 && mark_le16(data + 2) == 0x0FF6 && mark_le32(data + 12) == 0xF3D1C4DF;
}

static bool always(const uint8_t *data, size_t size)
{
	(void)data;
	(void)size;
	return true;
}

static const struct {
	const char *name;
	bool (*encrypted)(const uint8_t *data, size_t size);
	bool content; /* the stream's begin is looked at */
	const char *what;
} streams[] = {
	{"EncryptedPackage", always, false, "office document"},
	{"EncryptedSummary", always, false, "office document"},
	{"WordDocument", word_encrypted, true, "Word document"},
	{"Workbook", excel_encrypted, true, "Excel workbook"},
	{"Book", excel_encrypted, true, "Excel workbook"},
	{"Current User", powerpoint_encrypted, true, "PowerPoint presentation"},
};

/* Is this an entry of that type, with this name? */
static bool entry_is(const uint8_t *entry, unsigned type, const char *name)
{
	size_t length = strlen(name);
	if (entry[ENTRY_TYPE] != type || mark_le16(entry + ENTRY_NAME_SIZE) != 2 * length + 2)
		return false;
	for (size_t i = 0; i <= length; i++)
		if (entry[2 * i] != (uint8_t)name[i] || entry[2 * i + 1])
			return false;
	return true;
}

static const char *judge(struct file *file, const uint8_t *entry)
{
	for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
		size_t size = 0;
		if (!entry_is(entry, TYPE_STREAM, streams[i].name))
			continue;
		const uint8_t *begin = streams[i].content ? stream_begin(file, entry, &size) : entry;
		if (begin && streams[i].encrypted(begin, size))
			return streams[i].what;
	}
	return NULL;
}

static struct file file_begin(const uint8_t *data, size_t size)
{
	struct file file = {data, size,        mark_le16(data + SECTOR_SHIFT), mark_le16(data + SMALL_SHIFT),
			    NULL, STREAMS_MOST};
	if (file.shift < 7 || file.shift > 16 || file.small < 2 || file.small > file.shift)
		file.shift = 9, file.small = 6; /* as nearly all have it */
	return file;
}

size_t ole2_end(const uint8_t *data, size_t size)
{
	if (size < HEADER_SIZE || mark_le32(data + TABLE_COUNT) > TABLE_SECTORS)
		return size;
	struct file file = file_begin(data, size);
	uint64_t end = 1;
	for (uint32_t sector = 0; sector_offset(&file, sector) != SIZE_MAX; sector++)
		if (next_sector(&file, sector) != FREE)
			end = (uint64_t)sector + 2;
	end <<= file.shift;
	return end < size ? (size_t)end : size;
}

const char *ole2_encrypted(const uint8_t *data, size_t size)
{
	if (size < HEADER_SIZE + ENTRY_SIZE)
		return NULL;
	struct file file = file_begin(data, size);
	for (size_t at = HEADER_SIZE; at <= size - ENTRY_SIZE && !file.root; at += ENTRY_SIZE)
		if (entry_is(data + at, TYPE_ROOT, "Root Entry"))
			file.root = data + at;
	for (size_t at = HEADER_SIZE; at <= size - ENTRY_SIZE; at += ENTRY_SIZE) {
		const char *what = judge(&file, data + at);
		if (what)
			return what;
	}
	return NULL;
}
