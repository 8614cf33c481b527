/*
 * digest.c - SHA-256 and sets of digests; see digest.h. Refuses to grow a set beyond its cap. Called by engine and
 * decompose.
 */
#include "scan/digest.h"

#include <clamav.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Slots at the start; a power of two, as every later size. */
#define SET_ROOM_LEAST 1024u

int digest_bytes(const void *data, size_t size, uint8_t ret_digest[DIGEST_SIZE])
{
	/* One update for all of it: cl_sha256 would hand the bytes over in blocks of 64, which takes a sixth longer. */
	void *hash = cl_hash_init("sha256");
	if (!hash)
		return -EIO;
	if (size && cl_update_hash(hash, data, size)) {
		cl_hash_destroy(hash);
		return -EIO;
	}
	/* cl_finish_hash frees the context whatever it returns. */
	return cl_finish_hash(hash, ret_digest) ? -EIO : 0;
}

static bool is_space(uint8_t byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* Hashes in pieces of a page, so that a text with a blank behind every word costs no call for every word. */
static int digest_printing(void *hash, const uint8_t *data, size_t size)
{
	uint8_t page[4096];
	size_t used = 0;
	for (size_t i = 0; i < size; i++) {
		if (is_space(data[i]))
			continue;
		page[used++] = data[i];
		if (used < sizeof page)
			continue;
		if (cl_update_hash(hash, page, used))
			return -EIO;
		used = 0;
	}
	return used && cl_update_hash(hash, page, used) ? -EIO : 0;
}

int digest_text(const void *data, size_t size, uint8_t ret_digest[DIGEST_SIZE])
{
	void *hash = cl_hash_init("sha256");
	if (!hash)
		return -EIO;
	if (digest_printing(hash, data, size)) {
		cl_hash_destroy(hash);
		return -EIO;
	}
	return cl_finish_hash(hash, ret_digest) ? -EIO : 0;
}

int digest_file(int fd, uint8_t ret_digest[DIGEST_SIZE], uint64_t *ret_size)
{
	uint8_t block[64 << 10];
	void *hash = cl_hash_init("sha256");
	if (!hash)
		return -EIO;
	int error = 0;
	*ret_size = 0;
	for (;;) {
		/* The offset may be shared with somebody who moves it. */
		ssize_t got = pread(fd, block, sizeof block, (off_t)*ret_size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			error = -errno;
		else if (got && cl_update_hash(hash, block, (size_t)got))
			error = -EIO;
		if (error || got == 0)
			break;
		*ret_size += (uint64_t)got;
	}
	if (error) {
		cl_hash_destroy(hash);
		return error;
	}
	return cl_finish_hash(hash, ret_digest) ? -EIO : 0;
}

/* Open addressing with linear probing; at most half full, so that a search always ends at an empty slot. */
struct digest_set {
	uint8_t (*slots)[DIGEST_SIZE];
	bool *used;
	size_t room;
	size_t count;
};

static size_t slot_first(const uint8_t digest[DIGEST_SIZE], size_t room)
{
	/* Nobody can choose these bytes cheaply enough to fill one neighbourhood: they are a SHA-256. */
	uint64_t start;
	memcpy(&start, digest, sizeof start);
	return (size_t)start & (room - 1);
}

/* The slot that holds the digest, or the empty one where it belongs. */
static size_t slot_find(const struct digest_set *set, const uint8_t digest[DIGEST_SIZE])
{
	size_t slot = slot_first(digest, set->room);
	while (set->used[slot] && memcmp(set->slots[slot], digest, DIGEST_SIZE) != 0)
		slot = (slot + 1) & (set->room - 1);
	return slot;
}

static int set_allocate(struct digest_set *set, size_t room)
{
	set->slots = calloc(room, DIGEST_SIZE);
	set->used = calloc(room, sizeof *set->used);
	if (!set->slots || !set->used) {
		free(set->slots);
		free(set->used);
		return -ENOMEM;
	}
	set->room = room;
	return 0;
}

static int set_grow(struct digest_set *set)
{
	struct digest_set larger = {.count = set->count};
	int error = set_allocate(&larger, set->room * 2);
	if (error)
		return error;
	for (size_t i = 0; i < set->room; i++) {
		if (!set->used[i])
			continue;
		size_t slot = slot_find(&larger, set->slots[i]);
		memcpy(larger.slots[slot], set->slots[i], DIGEST_SIZE);
		larger.used[slot] = true;
	}
	free(set->slots);
	free(set->used);
	*set = larger;
	return 0;
}

struct digest_set *digest_set_new(void)
{
	struct digest_set *set = calloc(1, sizeof *set);
	if (set && set_allocate(set, SET_ROOM_LEAST)) {
		free(set);
		return NULL;
	}
	return set;
}

void digest_set_free(struct digest_set *set)
{
	if (!set)
		return;
	free(set->slots);
	free(set->used);
	free(set);
}

int digest_set_add(struct digest_set *set, const uint8_t digest[DIGEST_SIZE])
{
	size_t slot = slot_find(set, digest);
	if (set->used[slot])
		return 0;
	if (set->count == DIGEST_SET_MAX)
		return -ENOSPC;
	if (set->count >= set->room / 2) {
		int error = set_grow(set);
		if (error)
			return error;
		slot = slot_find(set, digest);
	}
	memcpy(set->slots[slot], digest, DIGEST_SIZE);
	set->used[slot] = true;
	set->count++;
	return 0;
}

int digest_set_has(const struct digest_set *set, const uint8_t digest[DIGEST_SIZE])
{
	return set->used[slot_find(set, digest)];
}

void digest_set_clear(struct digest_set *set)
{
	/* The room that one large message took is not kept, and not walked again, for every small one after it. */
	struct digest_set small = {.count = 0};
	if (set->room > SET_ROOM_LEAST && set_allocate(&small, SET_ROOM_LEAST) == 0) {
		free(set->slots);
		free(set->used);
		*set = small;
		return;
	}
	memset(set->used, 0, set->room * sizeof *set->used);
	set->count = 0;
}
