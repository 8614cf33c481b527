/*
 * cache.c - verdicts by content; see cache.h. Refuses what may come out otherwise the next time.
 */
#include "process/cache.h"

#include <stdlib.h>
#include <string.h>

struct entry {
	struct cache_key key;
	struct report report;
	size_t bytes;
	struct entry *after;           /* in its bucket */
	struct entry *older, *younger; /* by use */
};

struct cache {
	unsigned most, count;
	size_t bytes;
	size_t mask;            /* buckets, less one */
	struct entry **buckets; /* the digest is as good as a hash: it is one */
	struct entry *oldest, *youngest;
};

bool cache_takes(const struct request *request)
{
	return !*request->part && !request->passwords.size && !request->measure && !request->extract &&
	       !request->repair;
}

void cache_key(const uint8_t digest[32], const struct request *request, struct cache_key *ret_key)
{
	memset(ret_key, 0, sizeof *ret_key);
	memcpy(ret_key->digest, digest, sizeof ret_key->digest);
	for (int i = 0; i < LIMIT_COUNT; i++)
		ret_key->limits[i] = limits_effective(&request->limits, (enum limit)i);
	ret_key->wishes = (uint64_t)request->wire | (uint64_t)request->first_threat << 1 |
			  (uint64_t)request->paranoid << 2 | (uint64_t)request->part_by_part << 3;
}

struct cache *cache_new(unsigned most)
{
	struct cache *cache = calloc(1, sizeof *cache);
	size_t buckets = 1;
	while (buckets < most)
		buckets *= 2;
	if (cache)
		cache->buckets = calloc(buckets, sizeof(struct entry *));
	if (!cache || !cache->buckets) {
		free(cache);
		return NULL;
	}
	cache->most = most;
	cache->mask = buckets - 1;
	return cache;
}

void cache_free(struct cache *cache)
{
	if (!cache)
		return;
	cache_clear(cache);
	free(cache->buckets);
	free(cache);
}

static struct entry **bucket_of(struct cache *cache, const struct cache_key *key)
{
	size_t hash;
	memcpy(&hash, key->digest, sizeof hash);
	return &cache->buckets[hash & cache->mask];
}

static void unlink_use(struct cache *cache, struct entry *entry)
{
	*(entry->older ? &entry->older->younger : &cache->oldest) = entry->younger;
	*(entry->younger ? &entry->younger->older : &cache->youngest) = entry->older;
}

static void link_youngest(struct cache *cache, struct entry *entry)
{
	entry->younger = NULL;
	entry->older = cache->youngest;
	*(cache->youngest ? &cache->youngest->younger : &cache->oldest) = entry;
	cache->youngest = entry;
}

static void drop(struct cache *cache, struct entry *entry)
{
	struct entry **at = bucket_of(cache, &entry->key);
	while (*at != entry)
		at = &(*at)->after;
	*at = entry->after;
	unlink_use(cache, entry);
	cache->count--;
	cache->bytes -= entry->bytes;
	report_free(&entry->report);
	free(entry);
}

void cache_clear(struct cache *cache)
{
	while (cache->oldest)
		drop(cache, cache->oldest);
}

static struct entry *find(struct cache *cache, const struct cache_key *key)
{
	struct entry *entry = *bucket_of(cache, key);
	while (entry && memcmp(&entry->key, key, sizeof *key) != 0)
		entry = entry->after;
	return entry;
}

struct report *cache_find(struct cache *cache, const struct cache_key *key)
{
	struct entry *entry = find(cache, key);
	if (!entry)
		return NULL;
	unlink_use(cache, entry);
	link_youngest(cache, entry);
	return &entry->report;
}

bool cache_worthy(const struct report *report)
{
	if (!report->complete || report->attempts != 1 || report->status == EC_AV_ERROR ||
	    report->status >= EC_AV_PART_IS_CONTAINER || report->codes_omitted)
		return false;
	for (uint32_t i = 0; i < report->code_count; i++) {
		enum scan_code code = report->codes[i].code;
		if (code == DEC_RESULT_MAXIMUM_EXTRACT_TIME_EXCEEDED || scan_code_row(code)->status == EC_AV_ERROR)
			return false;
	}
	return true;
}

/* What the report holds, by the measure by which its lists are bounded, and with the room of its arrays. */
static size_t bytes_of(const struct report *report)
{
	return sizeof(struct entry) + report->parts_cost + report->codes_cost + report->viruses_cost +
	       report->evasions_cost + report->evasion_room * sizeof *report->evasions +
	       report->part_room * sizeof *report->parts + report->code_room * sizeof *report->codes +
	       report->virus_room * sizeof *report->viruses;
}

void cache_keep(struct cache *cache, const struct cache_key *key, struct report *take_report)
{
	size_t bytes = bytes_of(take_report);
	struct entry *old = find(cache, key);
	struct entry *entry = bytes <= CACHE_ONE_MOST ? calloc(1, sizeof *entry) : NULL;
	if (old)
		drop(cache, old);
	if (!entry) {
		report_free(take_report);
		return;
	}
	while (cache->oldest && (cache->count >= cache->most || cache->bytes + bytes > CACHE_BYTES_MOST))
		drop(cache, cache->oldest);
	entry->key = *key;
	entry->report = *take_report;
	report_init(take_report);
	entry->bytes = bytes;
	struct entry **bucket = bucket_of(cache, key);
	entry->after = *bucket;
	*bucket = entry;
	link_youngest(cache, entry);
	cache->count++;
	cache->bytes += bytes;
}

unsigned cache_count(const struct cache *cache)
{
	return cache ? cache->count : 0;
}

size_t cache_bytes(const struct cache *cache)
{
	return cache ? cache->bytes : 0;
}
