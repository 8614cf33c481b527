/*
 * cache.h - verdicts by the content that they are about: what was scanned before need not be scanned again.
 *
 * A key is the digest of a message with all of the request that makes a verdict. The least recently used go first, when there are
 * too many or too large ones. No I/O. Called by hasher.c.
 */
#ifndef CSAPI_PROCESS_CACHE_H
#define CSAPI_PROCESS_CACHE_H

#include "verdict/report.h"
#include "verdict/request.h"

#include <stdbool.h>
#include <stdint.h>

#define CACHE_MOST 1000000u /* entries that can be asked for */
/* Bytes of all reports, estimated, and of one: a report of 20,000 parts is not worth the room of a hundred others. */
#define CACHE_BYTES_MOST ((size_t)64 << 20)
#define CACHE_ONE_MOST   ((size_t)1 << 20)

struct cache;

/* All bytes count: made by cache_key only. */
struct cache_key {
	uint8_t digest[32];
	uint64_t limits[LIMIT_COUNT];
	uint64_t wishes; /* bits of wire, first_threat, paranoid, part_by_part */
};

/* Has a request a place in a cache? One for a part, one with passwords of its own, and one that is no scan, has none. */
bool cache_takes(const struct request *request);
/* The request's limits are those in force. */
void cache_key(const uint8_t digest[32], const struct request *request, struct cache_key *ret_key);

/* For up to `most` entries (1..CACHE_MOST). NULL: no memory. */
struct cache *cache_new(unsigned most);
void cache_free(struct cache *cache);
/* Forgets all. */
void cache_clear(struct cache *cache);
/* The report, which stays the cache's and may be read until the next call; NULL: there is none. It is the most recently used one then. */
struct report *cache_find(struct cache *cache, const struct cache_key *key);
/*
 * Would another scan of the same bytes say the same? Only then it may be kept: it is settled, whole, came of one try, and says of nothing that it failed, or that time
 * ran out.
 */
bool cache_worthy(const struct report *report);
/* Keeps a report, which is taken over in any case. */
void cache_keep(struct cache *cache, const struct cache_key *key, struct report *take_report);
unsigned cache_count(const struct cache *cache);
size_t cache_bytes(const struct cache *cache);

#endif
