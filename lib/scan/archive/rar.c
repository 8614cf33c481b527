/*
 * rar.c - reads a RAR archive: its blocks for what libarchive does not tell, then libarchive for the data.
 *
 * The library knows nothing of encrypted RAR 5 members, passes over what other volumes hold without a word, and skips
 * alternate data streams. The blocks tell all of it: each has a type, flags and a size. Called by walk.
 */
#include "scan/archive/walk.h"

#include "scan/mark.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum file_flag { FILE_ENCRYPTED = 1, FILE_SPLIT = 2, FILE_CRC = 4 };

struct file {
	unsigned flags;
	uint32_t crc;        /* of the data, if FILE_CRC is among the flags */
	const uint8_t *name; /* borrowed from the archive */
	size_t name_size;
};

struct blocks {
	struct buffer files; /* struct file, in order */
	size_t count, cursor;
	const struct file *current; /* that of the member that is read; NULL: not known */
	bool encrypted;             /* the headers themselves */
	bool volume;                /* one of several */
	bool stream;                /* an alternate data stream is among them */
	bool cut;                   /* a block ends behind the data, or makes no sense */
	size_t end;                 /* behind the block that ends the archive; 0: there is none */
};

static bool file_add(struct blocks *blocks, unsigned flags, uint32_t crc, const uint8_t *name, size_t name_size)
{
	struct file file = {flags, crc, name, name_size};
	blocks->count++;
	blocks->volume = blocks->volume || flags & FILE_SPLIT;
	return buffer_append(&blocks->files, &file, sizeof file) == 0;
}

/* A file or service block of RAR 4, `size` bytes of header at `data`. */
static bool rar4_file(struct blocks *blocks, const uint8_t *data, size_t size, unsigned flags)
{
	size_t at = flags & 0x100 ? 40 : 32; /* 64-bit sizes */
	if (size < at)
		return true;
	size_t name = mark_le16(data + 26);
	if (name > size - at)
		name = size - at;
	if (data[2] == 0x7a) {
		blocks->stream = blocks->stream || (name == 3 && memcmp(data + at, "STM", 3) == 0);
		return true;
	}
	unsigned file = (flags & 4 ? FILE_ENCRYPTED : 0u) | (flags & 3 ? FILE_SPLIT : 0u) | FILE_CRC;
	return file_add(blocks, file, mark_le32(data + 16), data + at, name);
}

/* False: no memory. */
static bool rar4_blocks(const struct walk *walk, struct blocks *blocks)
{
	size_t at = 7;
	while (walk->size - at >= 7) {
		const uint8_t *data = walk->data + at;
		unsigned flags = mark_le16(data + 3);
		size_t size = mark_le16(data + 5);
		uint64_t packed = 0;
		if (size < 7 || size > walk->size - at) {
			blocks->cut = true;
			return true;
		}
		/* bit 15: data follow, of a size that stands first in the header */
		if (size >= 11 && (flags & 0x8000 || data[2] == 0x74 || data[2] == 0x7a))
			packed = mark_le32(data + 7);
		if (size >= 40 && flags & 0x100 && (data[2] == 0x74 || data[2] == 0x7a))
			packed |= (uint64_t)mark_le32(data + 32) << 32;
		if ((data[2] == 0x74 || data[2] == 0x7a) && !rar4_file(blocks, data, size, flags))
			return false;
		if (data[2] == 0x77 && size >= 14)
			blocks->stream = blocks->stream || mark_le16(data + 11) == 0x104;
		if (data[2] == 0x73 && flags & 0x80) {
			blocks->encrypted = true;
			return true;
		}
		if (data[2] == 0x7b) {
			blocks->volume = blocks->volume || flags & 1;
			blocks->end = at + size;
			return true;
		}
		at += size;
		if (packed > walk->size - at) {
			blocks->cut = true;
			return true;
		}
		at += (size_t)packed;
	}
	return true;
}

/* A run of bytes that is read from the front; `bad` once it was asked for more than it has. */
struct reader {
	const uint8_t *data;
	size_t size;
	bool bad;
};

static uint64_t number(struct reader *reader)
{
	uint64_t value = 0;
	for (unsigned shift = 0; shift < 64 && reader->size != 0; shift += 7) {
		uint8_t byte = *reader->data++;
		reader->size--;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
	reader->bad = true;
	return 0;
}

static const uint8_t *take(struct reader *reader, uint64_t size)
{
	const uint8_t *data = reader->data;
	if (size > reader->size) {
		reader->bad = true;
		size = reader->size;
	}
	reader->data += size;
	reader->size -= (size_t)size;
	return data;
}

/* Is there an encryption record among the extra ones? */
static bool rar5_encrypted(struct reader extra)
{
	while (extra.size != 0 && !extra.bad) {
		uint64_t size = number(&extra);
		struct reader record = {take(&extra, size), 0, false};
		record.size = (size_t)(extra.data - record.data);
		if (!extra.bad && number(&record) == 1)
			return true;
	}
	return false;
}

/* A file or service block of RAR 5, from behind its sizes on. */
static bool rar5_file(struct blocks *blocks, struct reader header, uint64_t type, uint64_t flags, uint64_t extra)
{
	struct reader records = {header.data, 0, false};
	if (extra <= header.size) {
		records.data += header.size - extra;
		records.size = (size_t)extra;
		header.size -= (size_t)extra;
	}
	uint64_t file_flags = number(&header);
	number(&header);                         /* size */
	number(&header);                         /* attributes */
	take(&header, file_flags & 2 ? 4u : 0u); /* time */
	bool has_crc = file_flags & 4 && header.size >= 4;
	uint32_t crc = has_crc ? mark_le32(header.data) : 0;
	take(&header, file_flags & 4 ? 4u : 0u);
	number(&header); /* method */
	number(&header); /* system */
	uint64_t name_size = number(&header);
	const uint8_t *name = take(&header, name_size);
	name_size = (uint64_t)(header.data - name);
	if (type == 3) {
		blocks->stream = blocks->stream || (name_size == 3 && memcmp(name, "STM", 3) == 0);
		return true;
	}
	unsigned file = (rar5_encrypted(records) ? FILE_ENCRYPTED : 0u) | (flags & 0x18 ? FILE_SPLIT : 0u) |
			(has_crc ? FILE_CRC : 0u);
	return file_add(blocks, file, crc, name, (size_t)name_size);
}

/* One block: 1 goes on, 0 the walk through them ends, -1 no memory. */
static int rar5_block(struct blocks *blocks, struct reader *all)
{
	take(all, 4); /* CRC-32; the library checks it */
	uint64_t size = number(all);
	struct reader header = {take(all, size), (size_t)size, false};
	if (all->bad)
		return 0;
	uint64_t type = number(&header);
	uint64_t flags = number(&header);
	uint64_t extra = flags & 1 ? number(&header) : 0;
	uint64_t packed = flags & 2 ? number(&header) : 0;
	if (type == 4)
		blocks->encrypted = true;
	if (type == 1 && number(&header) & 2) /* a volume with a number is not the first */
		blocks->volume = true;
	if (type == 5)
		blocks->volume = blocks->volume || number(&header) & 1;
	if ((type == 2 || type == 3) && !rar5_file(blocks, header, type, flags, extra))
		return -1;
	if (type == 5 || type == 4)
		return 0;
	take(all, packed);
	return !all->bad;
}

static bool rar5_blocks(const struct walk *walk, struct blocks *blocks)
{
	struct reader all = {walk->data + 8, walk->size - 8, false};
	int more = 1;
	while (more == 1 && all.size != 0)
		more = rar5_block(blocks, &all);
	/* Every archive ends in a block that says so. */
	blocks->cut = all.bad || (more == 1 && !blocks->encrypted);
	if (!blocks->cut)
		blocks->end = walk->size - all.size;
	return more >= 0;
}

/* RAR 4 writes paths with a backslash, and may put a second, encoded form of the name behind a NUL. */
static bool same_name(const struct file *file, const struct archive_member *member)
{
	size_t size = strnlen((const char *)file->name, file->name_size);
	if (size != member->name_size)
		return false;
	for (size_t i = 0; i < size; i++)
		if (file->name[i] != member->name[i] && !(file->name[i] == '\\' && member->name[i] == '/'))
			return false;
	return true;
}

/* Which block a member of the library's came from: the next one of that name, else the one with that number. */
static void facts(void *context, uint64_t ordinal, struct member *member, bool *ret_unreadable)
{
	struct blocks *blocks = context;
	const struct file *files = (const struct file *)(const void *)blocks->files.data;
	size_t found = ordinal < SIZE_MAX ? (size_t)ordinal : SIZE_MAX;
	/* Blocks that are passed over, as links are, stand in between, but not many. */
	for (size_t i = blocks->cursor; i < blocks->count && i < blocks->cursor + 64; i++)
		if (same_name(&files[i], &member->view)) {
			found = i;
			break;
		}
	blocks->current = NULL;
	if (found >= blocks->count)
		return;
	blocks->cursor = found + 1;
	blocks->current = &files[found];
	if (files[found].flags & FILE_SPLIT)
		member_code(member, DEC_RESULT_FILE_SPLIT_ACROSS_CONTAINERS, "other parts of it are in other volumes");
	if (files[found].flags & FILE_ENCRYPTED) {
		member_code(member, DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED, "its data are encrypted");
		*ret_unreadable = true;
	}
}

/* The library does not check the sum of stored RAR 5 members. */
static void checked(void *context, struct member *member)
{
	const struct blocks *blocks = context;
	const struct file *file = blocks->current;
	if (file == NULL || !(file->flags & FILE_CRC) || file->flags & (FILE_SPLIT | FILE_ENCRYPTED))
		return;
	if (crc32_z(0, member->bytes.data, member->bytes.size) != file->crc)
		member_code(member, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "its check sum is wrong");
}

static void blocks_codes(struct walk *walk, const struct blocks *blocks)
{
	if (blocks->encrypted)
		walk_code(walk, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, "the names of its members are encrypted");
	if (blocks->volume)
		walk_code(walk, DEC_RESULT_FILE_SPLIT_ACROSS_CONTAINERS, "one of several volumes");
	if (blocks->cut)
		walk_code(walk, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "cut short, or a block header is damaged");
	if (blocks->stream)
		walk_code(walk, DEC_RESULT_FILE_EXTRACT_FAILED, "an alternate data stream, which no reader extracts");
}

void rar_walk(struct walk *walk)
{
	struct blocks blocks = {0};
	struct pass pass = {.data = walk->data,
			    .size = walk->size,
			    .reader = PASS_FORMAT,
			    .facts = facts,
			    .checked = checked,
			    .context = &blocks};
	bool old = walk->format == DETECT_RAR4;

	buffer_init(&blocks.files, SIZE_MAX / 2);
	if (walk->size < (old ? 7u : 8u) || !(old ? rar4_blocks : rar5_blocks)(walk, &blocks))
		walk_code(walk, DEC_RESULT_OUT_OF_MEMORY, "the list of blocks");
	blocks_codes(walk, &blocks);
	if (!blocks.encrypted && !walk->over) {
		library_pass(walk, &pass);
		if (!pass.broken && !walk->over && !blocks.volume && pass.entries < blocks.count)
			walk_code(walk, DEC_RESULT_CONTAINER_EXTRACT_FAILED, "%llu of %zu members were reached",
				  (unsigned long long)pass.entries, blocks.count);
	}
	buffer_free(&blocks.files);
	walk_rest(walk, blocks.end);
}
