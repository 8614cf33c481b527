/*
 * lock.c - tries passwords on an encrypted member of a ZIP archive.
 *
 * Each member is tried by itself, in an archive of its own in memory: members may have different passwords, and the library stays with one
 * that seems right, of which there is one among 256 by chance with the old encryption. A password is right when the data come whole and with the right check sum. What
 * cannot be right is told without the library where that is cheap. Called by zip.
 */
#include "scan/archive/zip.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define METHOD_AES   99u
#define FLAG_STRONG  0x0040u /* another encryption, which the library does not know */
#define FLAG_SIZES   0x0008u /* sizes follow the data */
#define END_SIZE     22u
#define CRYPT_HEADER 12u /* bytes in front of the data with the old encryption; the last one is known */
#define EMPTY_MOST   30u /* bytes that an empty member has with either encryption */
/* Members of one archive that nothing opens, before only what opened another one is tried; ours. */
#define FAILED_MOST 64u
/* Bytes that are copied of one archive: members that share their data stay closed. */
#define COPIES_MOST(size) (2 * (uint64_t)(size) + (1u << 20))
#define DESCRIPTOR_MOST   24u /* what may follow the data */

/* --- the old encryption (APPNOTE.TXT, 6.1) ------------------------------------------------------------------------------------------ */

struct keys {
	uint32_t key[3];
};

static uint32_t crc_byte(uint32_t crc, uint8_t byte)
{
	crc ^= byte;
	for (int i = 0; i < 8; i++)
		crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	return crc;
}

static void keys_update(struct keys *keys, uint8_t byte)
{
	keys->key[0] = crc_byte(keys->key[0], byte);
	keys->key[1] = (keys->key[1] + (keys->key[0] & 0xff)) * 134775813u + 1;
	keys->key[2] = crc_byte(keys->key[2], (uint8_t)(keys->key[1] >> 24));
}

/* The last byte of the header in front of the data, with this password. */
static uint8_t check_byte(const uint8_t header[CRYPT_HEADER], const char *password)
{
	struct keys keys = {{0x12345678, 0x23456789, 0x34567890}};
	uint8_t byte = 0;
	for (; *password; password++)
		keys_update(&keys, (uint8_t)*password);
	for (unsigned i = 0; i < CRYPT_HEADER; i++) {
		uint32_t mix = (keys.key[2] & 0xffff) | 2;
		byte = (uint8_t)(header[i] ^ (mix * (mix ^ 1) >> 8 & 0xff));
		keys_update(&keys, byte);
	}
	return byte;
}

/* --- one member ---------------------------------------------------------------------------------------------------------------------- */

/* One member as it is copied: its bytes, and where its data are in them. */
struct copy {
	uint8_t *bytes; /* owned */
	size_t size;
	const uint8_t *data;
	size_t data_size;
	const uint8_t *entry; /* in the walk's data */
};

/* Local header, data, what follows them, the entry with another offset, and an end record. False: it does not hold together, or no memory. */
static bool copy_member(const struct walk *walk, const struct zip_entry *entry, struct copy *ret)
{
	const uint8_t *directory = walk->data + entry->entry;
	size_t header = ZIP_LOCAL_SIZE, listed = ZIP_DIRECTORY_SIZE;
	if (walk->size < ZIP_LOCAL_SIZE || entry->local > walk->size - ZIP_LOCAL_SIZE ||
	    memcmp(walk->data + entry->local, "PK\3\4", 4) != 0)
		return false;
	header += (size_t)mark_le16(walk->data + entry->local + 26) + mark_le16(walk->data + entry->local + 28);
	listed += (size_t)mark_le16(directory + 28) + mark_le16(directory + 30) + mark_le16(directory + 32);
	size_t left = walk->size - entry->local;
	if (header > left || entry->packed > left - header)
		return false;
	size_t member = header + (size_t)entry->packed;
	member += left - member < DESCRIPTOR_MOST ? left - member : DESCRIPTOR_MOST;
	ret->size = member + listed + END_SIZE;
	if (member > UINT32_MAX || (ret->bytes = calloc(1, ret->size)) == NULL)
		return false;
	memcpy(ret->bytes, walk->data + entry->local, member);
	memcpy(ret->bytes + member, directory, listed);
	memset(ret->bytes + member + 42, 0, 4);
	uint8_t *end = ret->bytes + member + listed;
	memcpy(end, "PK\5\6\0\0\0\0\1\0\1", 11);
	for (unsigned i = 0; i < 4; i++) {
		end[12 + i] = (uint8_t)(listed >> 8 * i);
		end[16 + i] = (uint8_t)(member >> 8 * i);
	}
	ret->data = ret->bytes + header;
	ret->data_size = (size_t)entry->packed;
	ret->entry = directory;
	return true;
}

/* Takes tries away; false: there were not so many left. */
static bool charge(const struct lock *lock, size_t count)
{
	unsigned *tries = lock->walk->visitor->tries;
	bool enough = *tries >= count;
	*tries -= enough ? (unsigned)count : *tries;
	return enough;
}

/* Could this be its password? With AES only a try tells, which costs one of those that are left, unless it opened another member. */
static bool possible(const struct lock *lock, const struct zip_entry *entry, const struct copy *copy,
		     const char *password, bool known)
{
	if (entry->method == METHOD_AES)
		return known || charge(lock, 1);
	if (copy->data_size < CRYPT_HEADER || (!known && *lock->walk->visitor->tries == 0))
		return false;
	uint8_t byte = check_byte(copy->data, password);
	bool time = entry->flags & FLAG_SIZES && byte == copy->entry[13];
	return byte == copy->entry[19] || time;
}

/*
 * Are these the data, by size and check sum of the directory? The library takes a member that it makes nothing of for an empty one. Of AES the second
 * version has no check sum, and a code of its own instead, which the library looks at.
 */
static bool matches(const struct copy *copy, const struct member *member, const struct buffer *bytes)
{
	uint32_t sum = mark_le32(copy->entry + 16);
	bool aes = mark_le16(copy->entry + 10) == METHOD_AES;
	if (member->view.declared != bytes->size || (bytes->size == 0 && copy->data_size > EMPTY_MOST))
		return false;
	return (aes && sum == 0) || crc32_z(0, bytes->data, bytes->size) == sum;
}

static bool try_password(struct lock *lock, const struct zip_entry *entry, const struct copy *copy, unsigned number,
			 struct member *member)
{
	struct walk *walk = lock->walk;
	struct buffer bytes;
	const char *password = walk->visitor->password(walk->visitor->context, number);
	if (password == NULL || !possible(lock, entry, copy, password, number == lock->last))
		return false;
	/* One byte beyond the limit tells that there is more. */
	uint64_t most = walk->budget->most_size < SIZE_MAX / 4 ? walk->budget->most_size + 1 : SIZE_MAX / 4;
	bool right = library_unlock(copy->bytes, copy->size, password, most, &bytes);
	right = right && (bytes.size == most || matches(copy, member, &bytes));
	/* With the old encryption a wrong one may be known for it only at the end of the data. */
	if (!right && entry->method != METHOD_AES)
		(void)charge(lock, 1 + (copy->data_size >> 20));
	if (right) {
		lock->last = number;
		member->view.password = number;
		member->view.packed = entry->packed;
		(void)member_append(walk, member, bytes.data, bytes.size);
	}
	buffer_free(&bytes);
	return right;
}

bool lock_open(struct lock *lock, uint64_t ordinal, struct member *member)
{
	struct walk *walk = lock->walk;
	const struct zip_entry *entry = layout_entry(lock->directory, &lock->place, ordinal);
	struct copy copy = {0};
	if (entry == NULL || !(entry->flags & 1) || entry->flags & FLAG_STRONG ||
	    walk->visitor->password(walk->visitor->context, 1) == NULL || lock->copied > COPIES_MOST(walk->size) ||
	    !copy_member(walk, entry, &copy))
		return false;
	lock->copied += copy.size;
	bool open = lock->last != 0 && try_password(lock, entry, &copy, lock->last, member);
	for (unsigned number = 1;
	     !open && lock->failed < FAILED_MOST && walk->visitor->password(walk->visitor->context, number) != NULL;
	     number++)
		open = number != lock->last && try_password(lock, entry, &copy, number, member);
	lock->failed += !open;
	free(copy.bytes);
	return open;
}
