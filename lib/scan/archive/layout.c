/*
 * layout.c - how a ZIP archive is laid out, and where its directory and its members contradict each other; see zip.h.
 *
 * Reads no data. Refuses to complain of what archivers really do: programs in front of an archive, sizes that follow the
 * data, zeros for what was not known yet, names in another character set. Called by zip.
 */
#include "scan/archive/zip.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define FLAG_ENCRYPTED  0x0001u
#define FLAG_DESCRIPTOR 0x0008u /* sizes follow the data */
#define FLAG_MASKED     0x2000u /* local headers hold nothing of value */

bool layout_covers(const struct zip_directory *directory, struct layout_cursor *cursor, size_t offset)
{
	while (cursor->next < directory->listed && directory->entries[cursor->next].local <= offset) {
		const struct zip_entry *entry = &directory->entries[cursor->next++];
		if (entry->end > cursor->end)
			cursor->end = entry->end;
		if (entry->local == offset)
			return true;
	}
	return offset < cursor->end || (cursor->next && directory->entries[cursor->next - 1].local == offset);
}

/* Two names that a reader could take for different files. Bytes of character sets may differ, and so may slashes. */
static bool names_differ(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size)
{
	for (size_t i = 0; i < a_size; i++)
		if (a[i] >= 0x80)
			return false;
	for (size_t i = 0; i < b_size; i++)
		if (b[i] >= 0x80)
			return false;
	if (!a_size || !b_size)
		return false;
	for (size_t i = 0; i < a_size && i < b_size; i++) {
		bool slashes = (a[i] == '/' || a[i] == '\\') && (b[i] == '/' || b[i] == '\\');
		if (!slashes && tolower(a[i]) != tolower(b[i]))
			return true;
	}
	return a_size != b_size;
}

/* Does a size of the local header contradict that of the directory? Zero and 0xffffffff stand for others. */
static bool sizes_differ(const uint8_t *local, const uint8_t *entry)
{
	uint32_t ours = mark_le32(local), theirs = mark_le32(entry);
	return ours && ours != UINT32_MAX && theirs != UINT32_MAX && ours != theirs;
}

/* What the two headers of a member disagree on; NULL: nothing. */
static const char *disagreement(const struct walk *walk, const struct zip_entry *member)
{
	const uint8_t *local = walk->data + member->local;
	const uint8_t *entry = walk->data + member->entry;
	size_t name = mark_le16(local + 26);
	unsigned flags = mark_le16(local + 6);
	if ((flags | member->flags) & FLAG_MASKED || name > walk->size - member->local - ZIP_LOCAL_SIZE)
		return NULL;
	if (mark_le16(local + 8) != member->method)
		return "the method";
	if ((flags ^ member->flags) & FLAG_ENCRYPTED)
		return "whether it is encrypted";
	if (names_differ(local + ZIP_LOCAL_SIZE, name, entry + ZIP_DIRECTORY_SIZE, mark_le16(entry + 28)))
		return "the name";
	if (!(flags & FLAG_DESCRIPTOR) &&
	    (sizes_differ(local + 18, entry + 20) || sizes_differ(local + 22, entry + 24)))
		return "the size";
	return NULL;
}

static bool has_local(const struct walk *walk, size_t offset)
{
	return walk->size >= ZIP_LOCAL_SIZE && offset <= walk->size - ZIP_LOCAL_SIZE &&
	       memcmp(walk->data + offset, "PK\3\4", 4) == 0;
}

static void judge_headers(struct walk *walk, const struct zip_directory *directory)
{
	for (size_t i = 0; i < directory->listed; i++) {
		const struct zip_entry *member = &directory->entries[i];
		const char *what = has_local(walk, member->local) ? disagreement(walk, member) : NULL;
		if (what) {
			walk_evasion(walk, EVASION_ZipHeadersDiffer, "%s of the member at byte %zu", what,
				     member->local);
			return;
		}
	}
}

/* Is it the same member, merely named twice? */
static bool same_member(const struct walk *walk, const struct zip_entry *a, const struct zip_entry *b)
{
	size_t size = mark_le16(walk->data + a->entry + 28);
	return a->local == b->local && a->packed == b->packed && size == mark_le16(walk->data + b->entry + 28) &&
	       memcmp(walk->data + a->entry + ZIP_DIRECTORY_SIZE, walk->data + b->entry + ZIP_DIRECTORY_SIZE, size) ==
		       0;
}

static void judge_overlaps(struct walk *walk, const struct zip_directory *directory)
{
	const struct zip_entry *last = NULL;
	for (size_t i = 0; i < directory->listed; i++) {
		const struct zip_entry *member = &directory->entries[i];
		if (!has_local(walk, member->local) || !member->packed)
			continue;
		if (last && member->local < last->end && !same_member(walk, last, member)) {
			walk_evasion(walk, EVASION_OverlappingMembers, "at byte %zu", member->local);
			return;
		}
		if (!last || member->end > last->end)
			last = member;
	}
}

/* Other end records that hold together, where no member's data are. */
static void judge_ends(struct walk *walk, const struct zip_directory *directory, const struct mark_zip_end *end)
{
	struct layout_cursor cursor = {0};
	unsigned looks = 16; /* each costs a search backwards */
	for (size_t at = 0; at < walk->size && looks;) {
		const uint8_t *mark = memmem(walk->data + at, walk->size - at, "PK\5\6", 4);
		struct mark_zip_end other;
		if (!mark)
			return;
		at = (size_t)(mark - walk->data);
		if (at != end->record && walk->size - at >= 22 && !layout_covers(directory, &cursor, at)) {
			looks--;
			if (mark_zip_end(walk->data, at + 22, &other) && other.record == at &&
			    other.directory_size >= ZIP_DIRECTORY_SIZE && other.directory != end->directory) {
				walk_evasion(walk, EVASION_SeveralZipDirectories, "another end record is at byte %zu",
					     at);
				return;
			}
		}
		at += 4;
	}
}

const struct zip_entry *layout_entry(const struct zip_directory *directory, struct layout_place *place,
				     uint64_t ordinal)
{
	/* Several for one local header are one member. */
	while (place->ordinal < ordinal && ++place->at < directory->listed)
		place->ordinal += directory->entries[place->at].local != directory->entries[place->at - 1].local;
	return place->at < directory->listed ? &directory->entries[place->at] : NULL;
}

/* By name, for qsort_r; `context` is the archive's bytes. */
static int name_compare(const void *a, const void *b, void *context)
{
	const uint8_t *data = context;
	const uint8_t *x = data + (*(struct zip_entry *const *)a)->entry,
		      *y = data + (*(struct zip_entry *const *)b)->entry;
	size_t x_size = mark_le16(x + 28), y_size = mark_le16(y + 28);
	int order = memcmp(x + ZIP_DIRECTORY_SIZE, y + ZIP_DIRECTORY_SIZE, x_size < y_size ? x_size : y_size);
	return order ? order : (x_size > y_size) - (x_size < y_size);
}

/* Check sum and size of two members that have data. */
static bool contents_differ(const uint8_t *x, const uint8_t *y)
{
	return mark_le32(x + 24) && mark_le32(y + 24) && memcmp(x + 16, y + 16, 4) != 0;
}

/* Marks neighbours of the same name. Without memory none is marked. */
static void mark_repeated(const struct walk *walk, struct zip_directory *directory)
{
	struct zip_entry **sorted = directory->listed > 1 ? calloc(directory->listed, sizeof *sorted) : NULL;
	if (!sorted)
		return;
	for (size_t i = 0; i < directory->listed; i++)
		sorted[i] = &directory->entries[i];
	qsort_r(sorted, directory->listed, sizeof(struct zip_entry *), name_compare, (void *)(uintptr_t)walk->data);
	for (size_t i = 1; i < directory->listed; i++) {
		const uint8_t *x = walk->data + sorted[i - 1]->entry, *y = walk->data + sorted[i]->entry;
		if (sorted[i - 1]->local != sorted[i]->local && contents_differ(x, y) &&
		    name_compare(&sorted[i - 1], &sorted[i], (void *)(uintptr_t)walk->data) == 0)
			sorted[i - 1]->repeated = sorted[i]->repeated = true;
	}
	free(sorted);
}

void layout_judge(struct walk *walk, struct zip_directory *directory, const struct mark_zip_end *end)
{
	mark_repeated(walk, directory);
	judge_headers(walk, directory);
	judge_overlaps(walk, directory);
	judge_ends(walk, directory, end);
}
