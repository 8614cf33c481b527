/*
 * ole2.c - encryption of documents in OLE2 files, and streams of them that are not there; see ole2.h.
 *
 * For encryption, looks for directory entries wherever one can stand, not along the chain of the directory, which a damaged or hostile file may
 * break, and reads the first bytes of a stream only. Decrypts nothing.
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
#define DIRECTORY     48
#define SMALL_TABLE   60
#define MORE_TABLE    68 /* sectors that go on with the list of the table's sectors */
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

/* One of the numbers that a sector consists of; FREE: it is not there. */
static uint32_t sector_number(const struct file *file, uint32_t sector, size_t index)
{
	size_t offset = sector_offset(file, sector);
	return offset == SIZE_MAX || file->size - offset < 4 * index + 4 ? FREE
									 : mark_le32(file->data + offset + 4 * index);
}

/* The sector that follows one in its chain. The header names the first sectors of the table, sectors that are a chain of their own the others. */
static uint32_t next_sector(const struct file *file, uint32_t sector)
{
	uint32_t each = 1u << (file->shift - 2), part = sector / each;
	if (part < TABLE_SECTORS)
		return sector_number(file, mark_le32(file->data + TABLE_FIRST + 4 * (size_t)part), sector % each);
	uint32_t list = mark_le32(file->data + MORE_TABLE);
	part -= TABLE_SECTORS;
	for (; part >= each - 1 && list < SECTOR_LIMIT; part -= each - 1)
		list = sector_number(file, list, each - 1);
	return sector_number(file, sector_number(file, list, part), sector % each);
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
	if (size < HEADER_SIZE)
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

/* --- is all there? ----------------------------------------------------------------------------------------------- */

/* The table of the small sectors, as far as it was read: in order, each sector of it is looked up once. */
struct small_table {
	uint32_t part, sector;
};

struct check {
	const struct file *file;
	struct small_table small;
	uint64_t steps; /* left */
	const char *damage;
};

static const char cut[] = "cut short: a stream goes on behind its end",
		  broken[] = "the sectors of a stream are missing",
		  circles[] = "its streams share sectors, or run in circles";

static bool check_step(struct check *check)
{
	if (!check->steps)
		check->damage = circles;
	else
		check->steps--;
	return !check->damage;
}

/* Are so many bytes there, along the chain from this sector on? */
static void check_chain(struct check *check, uint32_t sector, uint64_t length)
{
	uint64_t each = 1u << check->file->shift, steps = 0, next_mark = 1;
	uint32_t mark = FREE; /* a sector that was passed: nobody comes there again */
	while (length && check_step(check)) {
		uint64_t offset = ((uint64_t)sector + 1) << check->file->shift, part = length < each ? length : each;
		if (sector >= SECTOR_LIMIT)
			check->damage = broken;
		else if (offset + part > check->file->size)
			check->damage = cut;
		else if (sector == mark)
			check->damage = circles;
		if (++steps == next_mark) {
			mark = sector;
			next_mark *= 2;
		}
		length -= part;
		sector = next_sector(check->file, sector);
	}
}

/* The small sector that follows one in its chain. */
static uint32_t next_small(struct check *check, uint32_t sector)
{
	const struct file *file = check->file;
	uint32_t each = 1u << (file->shift - 2), part = sector / each;
	if (part < check->small.part)
		check->small = (struct small_table){0, mark_le32(file->data + SMALL_TABLE)};
	for (; check->small.part < part && check->small.sector < SECTOR_LIMIT && check_step(check); check->small.part++)
		check->small.sector = next_sector(file, check->small.sector);
	return sector_number(file, check->small.sector, sector % each);
}

static void check_small(struct check *check, uint32_t sector, uint64_t length)
{
	uint64_t each = 1u << check->file->small;
	uint64_t all = check->file->root ? mark_le32(check->file->root + ENTRY_LENGTH) : 0;
	while (length && check_step(check)) {
		uint64_t part = length < each ? length : each;
		if (sector >= SECTOR_LIMIT || ((uint64_t)sector << check->file->small) + part > all)
			check->damage = broken;
		length -= part;
		sector = length ? next_small(check, sector) : sector;
	}
}

static void check_entry(struct check *check, const uint8_t *entry)
{
	uint32_t first = mark_le32(entry + ENTRY_FIRST), length = mark_le32(entry + ENTRY_LENGTH);
	if (entry[ENTRY_TYPE] == TYPE_ROOT || (entry[ENTRY_TYPE] == TYPE_STREAM && length >= SMALL_CUTOFF))
		check_chain(check, first, length);
	else if (entry[ENTRY_TYPE] == TYPE_STREAM)
		check_small(check, first, length);
}

const char *ole2_damage(const uint8_t *data, size_t size)
{
	if (size < HEADER_SIZE)
		return cut;
	struct file file = file_begin(data, size);
	struct check check = {.file = &file, .steps = 4 * ((uint64_t)size >> file.small) + STREAMS_MOST};
	uint32_t sector = mark_le32(data + DIRECTORY);
	check.small = (struct small_table){0, mark_le32(data + SMALL_TABLE)};
	if (sector_offset(&file, sector) == SIZE_MAX)
		return sector < SECTOR_LIMIT ? "cut short: its directory is missing" : "it has no directory";
	while (sector < SECTOR_LIMIT && check_step(&check)) {
		size_t at = sector_offset(&file, sector), end = at + ((size_t)1 << file.shift);
		if (at == SIZE_MAX || end > size)
			return "cut short: a part of its directory is missing";
		for (; at < end && !check.damage; at += ENTRY_SIZE) {
			if (!file.root && data[at + ENTRY_TYPE] == TYPE_ROOT)
				file.root = data + at;
			check_entry(&check, data + at);
		}
		sector = next_sector(&file, sector);
	}
	return check.damage;
}
