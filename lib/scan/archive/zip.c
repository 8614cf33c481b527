/*
 * zip.c - reads a ZIP archive from both ends: by its central directory, and by the local headers that it hides.
 *
 * A directory may leave members out, point elsewhere or be missing; which members a user sees depends on his program.
 * So the seeking reader of libarchive reads what the directory names, and every local header that the directory does
 * not account for is given to the streaming reader. In an ordinary archive there is none, and nothing is read twice.
 * Called by walk.
 */
#include "scan/archive/zip.h"

#include <stdlib.h>
#include <string.h>

/* Members of one archive whose sizes are looked into. */
#define SIZES_LOOKS_MOST 16u

#define METHOD_STORED  0u
#define METHOD_DEFLATE 8u
#define HOST_UNIX      3u
#define TYPE_LINK      10u
#define TYPE_REGULAR   8u /* of the four highest bits of a Unix mode */

static int entry_compare(const void *a, const void *b)
{
	const struct zip_entry *x = a;
	const struct zip_entry *y = b;
	if (x->local != y->local)
		return x->local < y->local ? -1 : 1;
	return x->entry < y->entry ? -1 : x->entry > y->entry;
}

/* Replaces 0xffffffff in sizes and offset by what the 64-bit extra field says; it holds only those that need it. */
static void entry_wide(const uint8_t *extra, size_t size, uint32_t unpacked, uint64_t *packed, uint64_t *local)
{
	while (size >= 4) {
		size_t length = mark_le16(extra + 2);
		if (length > size - 4)
			return;
		if (mark_le16(extra) == 1) {
			size_t at = unpacked == UINT32_MAX ? 8 : 0;
			if (*packed == UINT32_MAX && at + 8 <= length) {
				*packed = mark_le64(extra + 4 + at);
				at += 8;
			}
			if (*local == UINT32_MAX && at + 8 <= length)
				*local = mark_le64(extra + 4 + at);
			return;
		}
		extra += 4 + length;
		size -= 4 + length;
	}
}

/* For a search: any entry for the same local header. */
static int local_compare(const void *a, const void *b)
{
	const struct zip_entry *x = a;
	const struct zip_entry *y = b;
	return x->local < y->local ? -1 : x->local > y->local;
}

static bool local_at(const struct walk *walk, uint64_t offset)
{
	return walk->size >= ZIP_LOCAL_SIZE && offset <= walk->size - ZIP_LOCAL_SIZE &&
	       memcmp(walk->data + offset, "PK\3\4", 4) == 0;
}

/* Where the data of the member end whose local header is at this offset. */
static size_t data_end(const struct walk *walk, uint64_t local, uint64_t packed)
{
	if (!local_at(walk, local))
		return (size_t)local;
	const uint8_t *header = walk->data + local;
	size_t data = (size_t)local + ZIP_LOCAL_SIZE + mark_le16(header + 26) + mark_le16(header + 28);
	if (data > walk->size)
		return walk->size;
	return packed <= walk->size - data ? data + (size_t)packed : walk->size;
}

/* One entry of the directory; its length, or 0 where the directory ends. */
static size_t entry_read(const struct walk *walk, const struct mark_zip_end *end, size_t at, struct zip_entry *ret)
{
	size_t left = end->directory + end->directory_size - at;
	const uint8_t *data = walk->data + at;
	if (left < ZIP_DIRECTORY_SIZE || memcmp(data, "PK\1\2", 4) != 0)
		return 0;
	size_t name = mark_le16(data + 28);
	size_t extra = mark_le16(data + 30);
	size_t length = ZIP_DIRECTORY_SIZE + name + extra + mark_le16(data + 32);
	if (length > left)
		return 0;
	uint64_t packed = mark_le32(data + 20);
	uint64_t local = mark_le32(data + 42);
	entry_wide(data + ZIP_DIRECTORY_SIZE + name, extra, mark_le32(data + 24), &packed, &local);
	/* Offsets count from the archive's begin, or from that of the data where the two differ and it was adjusted. */
	if (local <= SIZE_MAX - end->base && local_at(walk, local + end->base))
		local += end->base;
	*ret = (struct zip_entry){.local = (size_t)local,
				  .entry = at,
				  .end = data_end(walk, local, packed),
				  .packed = packed,
				  .flags = mark_le16(data + 8),
				  .method = mark_le16(data + 10)};
	return length;
}

/* False: no memory. */
static bool directory_read(const struct walk *walk, const struct mark_zip_end *end, struct zip_directory *ret)
{
	size_t room = end->directory_size / ZIP_DIRECTORY_SIZE;
	ret->present = true;
	if (room == 0)
		return true;
	ret->entries = calloc(room, sizeof *ret->entries);
	if (ret->entries == NULL)
		return false;
	for (size_t at = end->directory, length; ret->count < room; at += length) {
		length = entry_read(walk, end, at, &ret->entries[ret->count]);
		if (length == 0)
			break;
		ret->count++;
	}
	qsort(ret->entries, ret->count, sizeof *ret->entries, entry_compare);
	ret->listed = ret->count;
	for (size_t i = 0; i < ret->count; i++)
		ret->distinct += i == 0 || ret->entries[i].local != ret->entries[i - 1].local;
	return true;
}

/*
 * Does the directory account for the local header at this offset? Then the seeking reader has read these bytes, by the
 * same method. `*ret_next` is where to look on: stored data are passed over, for what looks like a header in them
 * belongs to an archive in the archive.
 */
static bool accounted(const struct walk *walk, const struct zip_directory *directory, size_t at, size_t *ret_next)
{
	struct zip_entry key = {.local = at};
	const struct zip_entry *entry =
		directory->count == 0 ? NULL
				      : bsearch(&key, directory->entries, directory->count, sizeof key, local_compare);
	const uint8_t *local = walk->data + at;

	*ret_next = at + ZIP_LOCAL_SIZE;
	if (entry == NULL)
		return false;
	uint16_t flags = mark_le16(local + 6);
	uint32_t packed = mark_le32(local + 18);
	if (mark_le16(local + 8) != entry->method || ((flags ^ entry->flags) & 1) != 0)
		return false;
	/* With bit 3 the sizes follow the data, and 0xffffffff stands for a 64-bit one. */
	if (!(flags & 8) && packed != entry->packed && packed != UINT32_MAX)
		return false;
	size_t data = at + ZIP_LOCAL_SIZE + mark_le16(local + 26) + mark_le16(local + 28);
	if (entry->method == METHOD_STORED && data <= walk->size && entry->packed <= walk->size - data)
		*ret_next = data + (size_t)entry->packed;
	return true;
}

/* Is this a local header, or only its mark in other data? Where there is no directory, a cut member is one too. */
static bool plausible(const struct walk *walk, const struct zip_directory *directory, size_t at)
{
	const uint8_t *local = walk->data + at;
	uint16_t method = mark_le16(local + 8);
	size_t name = mark_le16(local + 26);
	size_t rest = walk->size - at - ZIP_LOCAL_SIZE;
	if (local[4] > 99 || name == 0 || (method > 20 && (method < 92 || method > 99)))
		return false;
	size_t header = name + mark_le16(local + 28);
	if (memchr(local + ZIP_LOCAL_SIZE, 0, name < rest ? name : rest) != NULL)
		return false;
	if (!directory->present)
		return true;
	uint32_t packed = mark_le32(local + 18);
	bool known = !(mark_le16(local + 6) & 8) && packed != UINT32_MAX;
	return header <= rest && (!known || packed <= rest - header);
}

/* A member came out of a local header that the directory does not name. */
static void on_hidden(void *context, struct member *member)
{
	(void)context;
	member_evasion(member, EVASION_HiddenZipMember, "its header is in no directory");
}

/* Gives every local header that the directory does not account for to the streaming reader. */
static void sweep(struct walk *walk, const struct zip_directory *directory)
{
	struct layout_cursor cursor = {0};
	size_t at = 0;
	while (!walk->over && at < walk->size) {
		const uint8_t *mark = memmem(walk->data + at, walk->size - at, "PK\3\4", 4);
		if (mark == NULL || walk->size - (size_t)(mark - walk->data) < ZIP_LOCAL_SIZE)
			return;
		at = (size_t)(mark - walk->data);
		size_t next;
		bool hidden = directory->present && !layout_covers(directory, &cursor, at);
		if (!accounted(walk, directory, at, &next) && plausible(walk, directory, at)) {
			struct pass pass = {.data = mark,
					    .size = walk->size - at,
					    .reader = PASS_ZIP_STREAMABLE,
					    .single = true,
					    .checked = hidden ? on_hidden : NULL};
			library_pass(walk, &pass);
			if (pass.end > ZIP_LOCAL_SIZE && pass.end <= walk->size - at)
				next = at + pass.end;
		}
		at = next;
	}
}

/* Does zip to a pipe stand here, which writes 0xffffffff for the directory's offset and no 64-bit record for it? */
static bool offset_missing(const struct walk *walk, const struct mark_zip_end *end)
{
	const uint8_t *record = walk->data + end->record;
	bool wide = end->record >= 20 && memcmp(record - 20, "PK\6\7", 4) == 0;
	uint64_t directory = end->directory - end->base;
	return mark_le32(record + 16) != directory && !wide && directory <= UINT32_MAX;
}

/*
 * Is this entry a special file by its Unix mode, and holds data? The library reads nothing of such, while other
 * programs extract a file. Of links it reads the two common methods only, and those are the engine's too.
 */
static bool special(const uint8_t *entry)
{
	unsigned type = mark_le32(entry + 38) >> 28;
	unsigned method = mark_le16(entry + 10);
	if (entry[5] != HOST_UNIX || type == 0 || type == TYPE_REGULAR || mark_le32(entry + 24) == 0)
		return false;
	return type != TYPE_LINK || (method != METHOD_STORED && method != METHOD_DEFLATE);
}

/* Makes files of special files; with no copy to change it only tells whether there are any. */
static bool mend_types(const struct walk *walk, const struct mark_zip_end *end, uint8_t *copy)
{
	bool found = false;
	size_t stop = end->directory + end->directory_size;
	for (size_t at = end->directory; stop - at >= ZIP_DIRECTORY_SIZE && (copy != NULL || !found);) {
		const uint8_t *entry = walk->data + at;
		size_t length = ZIP_DIRECTORY_SIZE + (size_t)mark_le16(entry + 28) + mark_le16(entry + 30) +
				mark_le16(entry + 32);
		if (memcmp(entry, "PK\1\2", 4) != 0 || length > stop - at)
			break;
		if (special(entry)) {
			found = true;
			if (copy != NULL)
				copy[at - end->base + 41] = TYPE_REGULAR << 4 | (entry[41] & 0x0f);
		}
		at += length;
	}
	return found;
}

/*
 * What the library must be told in a copy: where the directory is, which stands before the end record even where its
 * offset does not say so, and that special files with data are files. NULL: no need, or no memory.
 */
static uint8_t *mended(const struct walk *walk, const struct pass *pass, const struct mark_zip_end *end)
{
	bool missing = offset_missing(walk, end);
	if (!missing && !mend_types(walk, end, NULL))
		return NULL;
	uint8_t *copy = malloc(pass->size);
	if (copy == NULL)
		return NULL; /* the library says that it cannot read it */
	memcpy(copy, pass->data, pass->size);
	(void)mend_types(walk, end, copy);
	for (unsigned i = 0; missing && i < 4; i++)
		copy[end->record - end->base + 16 + i] = (uint8_t)((end->directory - end->base) >> 8 * i);
	return copy;
}

/* What the library did not reach is not accounted for. */
static void directory_cut(struct zip_directory *directory, uint64_t reached)
{
	uint64_t distinct = 0;
	size_t i = 0;
	for (; i < directory->count; i++) {
		distinct += i == 0 || directory->entries[i].local != directory->entries[i - 1].local;
		if (distinct > reached)
			break;
	}
	directory->count = i;
}

/* For one pass by the directory. */
struct sizes {
	const struct walk *walk;
	const struct zip_directory *directory;
	unsigned looks; /* left; each goes over all entries */
	struct lock lock;
	struct layout_place place;
	const struct zip_entry *entry; /* of the member at hand; NULL: not known */
	bool repeated;                 /* told: a name of several members */
};

/* Came other bytes than were declared, or just another number of them? The check sum tells. */
static void on_missized(void *context, struct member *member)
{
	struct sizes *sizes = context;
	if (!sizes->looks || member->full)
		return;
	sizes->looks--;
	uint32_t crc = mark_crc32(member->bytes.data, member->bytes.size);
	for (size_t i = 0; i < sizes->directory->listed; i++) {
		const uint8_t *entry = sizes->walk->data + sizes->directory->entries[i].entry;
		if (mark_le32(entry + 16) != crc || mark_le32(entry + 24) == (uint32_t)member->bytes.size)
			continue;
		member_evasion(member, EVASION_LyingSizes, "%zu bytes came, %lu were declared", member->bytes.size,
			       (unsigned long)mark_le32(entry + 24));
		return;
	}
}

/* Which entry the member at hand has. */
static void on_facts(void *context, uint64_t ordinal, struct member *member, bool *ret_unreadable)
{
	struct sizes *sizes = context;
	(void)member, (void)ret_unreadable;
	sizes->entry = layout_entry(sizes->directory, &sizes->place, ordinal);
}

/* Is its name that of another one, and what came more than a text or picture? */
static void on_read(void *context, struct member *member)
{
	struct sizes *sizes = context;
	struct detection detection;
	if (sizes->entry == NULL || !sizes->entry->repeated || sizes->repeated)
		return;
	detect(member->bytes.data, member->bytes.size, &detection);
	if (!detection.count)
		return;
	sizes->repeated = true;
	member_evasion(member, EVASION_RepeatedName, "%s", member->view.name);
}

static bool on_encrypted(void *context, uint64_t ordinal, struct member *member)
{
	struct sizes *sizes = context;
	return lock_open(&sizes->lock, ordinal, member);
}

static void read_by_directory(struct walk *walk, const struct mark_zip_end *end, struct zip_directory *directory)
{
	/* The library looks for the end record only near the end of what it is given. */
	struct sizes sizes = {walk, directory, SIZES_LOOKS_MOST, {.walk = walk, .directory = directory}, {0},
			      NULL, false};
	struct pass pass = {.data = walk->data + end->base,
			    .size = end->record + 22 - end->base,
			    .reader = PASS_ZIP_SEEKABLE,
			    .missized = on_missized,
			    .facts = on_facts,
			    .checked = on_read,
			    .unlock = walk->visitor->password != NULL ? on_encrypted : NULL,
			    .context = &sizes};
	if (end->directory_size == 0)
		return;
	uint8_t *copy = mended(walk, &pass, end);
	if (copy != NULL)
		pass.data = copy;
	library_pass(walk, &pass);
	free(copy);
	if (!pass.broken && !walk->over && pass.entries < directory->distinct)
		walk_code(walk, DEC_RESULT_CONTAINER_EXTRACT_FAILED, "%llu of %llu members were reached",
			  (unsigned long long)pass.entries, (unsigned long long)directory->distinct);
	directory_cut(directory, pass.entries);
}

/* Bit 13 of a local header: the directory is encrypted, and the local headers hold nothing of value. */
static bool masked(const struct walk *walk)
{
	return walk->size >= ZIP_LOCAL_SIZE && local_at(walk, 0) && mark_le16(walk->data + 6) & 0x2000;
}

void zip_walk(struct walk *walk)
{
	struct zip_directory directory = {0};
	struct mark_zip_end end;
	bool volume = walk->size >= 4 && memcmp(walk->data, "PK\7\10", 4) == 0;
	bool found = mark_zip_end(walk->data, walk->size, &end);

	if (found && !end.volume) {
		if (directory_read(walk, &end, &directory)) {
			layout_judge(walk, &directory, &end);
			read_by_directory(walk, &end, &directory);
		} else {
			walk_code(walk, DEC_RESULT_OUT_OF_MEMORY, "the directory of the archive");
		}
	} else if (masked(walk)) {
		walk_code(walk, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, "the directory is encrypted");
		return;
	} else if (found || volume) {
		walk_code(walk, DEC_RESULT_FILE_SPLIT_ACROSS_CONTAINERS, "one of several volumes");
	} else {
		walk_code(walk, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "cut short: the directory is missing");
	}
	sweep(walk, &directory);
	free(directory.entries);
	if (found)
		walk_rest(walk, end.record + 22 + mark_le16(walk->data + end.record + 20) < walk->size
					? end.record + 22 + mark_le16(walk->data + end.record + 20)
					: 0);
}
