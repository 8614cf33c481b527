/*
 * cache.c - verdicts kept by content: found again by all that makes them, and dropped by age of use, number and size.
 */
#include "process/cache.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

static struct request request;

static struct cache_key key_of(unsigned number)
{
	struct cache_key key;
	uint8_t digest[32] = {0};
	memcpy(digest, &number, sizeof number);
	cache_key(digest, &request, &key);
	return key;
}

/* A settled report, clean or with a code, with so many parts. */
static struct report report_of(enum scan_code code, unsigned parts)
{
	struct report report;
	report_init(&report);
	int error = 0;
	for (unsigned i = 0; i < parts; i++) {
		char id[16];
		(void)snprintf(id, sizeof id, "%u", i);
		const struct part part = {.number = i,
					  .parent = i ? 0 : REPORT_NO_PART,
					  .id = id,
					  .kind = i ? PART_BODY : PART_INPUT,
					  .route = i ? ROUTE_ENGINE : ROUTE_WHOLE};
		error = error ? error : report_part(&report, &part);
	}
	error = error ? error : report_stage(&report, STAGE_DONE, 0);
	if (code == AVS_RESULT_VIRUS_FOUND)
		error = error ? error : report_virus(&report, 0, "V", false);
	else if (code != SCAN_CODE_NONE)
		error = error ? error : report_code(&report, 0, code, NULL);
	report.attempts = 1;
	if (error || report_settle(&report))
		abort();
	return report;
}

static void keep(struct cache *cache, unsigned number, unsigned parts)
{
	struct cache_key key = key_of(number);
	struct report report = report_of(SCAN_CODE_NONE, parts);
	cache_keep(cache, &key, &report);
}

static bool has(struct cache *cache, unsigned number)
{
	struct cache_key key = key_of(number);
	return cache_find(cache, &key) != NULL;
}

static void test_use(void)
{
	struct cache *cache = cache_new(3);
	for (unsigned i = 0; i < 3; i++)
		keep(cache, i, 1);
	ok(has(cache, 0) && has(cache, 1) && has(cache, 2) && cache_count(cache) == 3, "three are kept");
	(void)has(cache, 0);
	keep(cache, 3, 1);
	ok(has(cache, 0) && !has(cache, 1) && has(cache, 2) && has(cache, 3),
	   "the one that was not used for longest goes");
	keep(cache, 3, 2);
	struct cache_key key = key_of(3);
	ok(cache_count(cache) == 3 && cache_find(cache, &key)->part_count == 2, "one is replaced by its like");
	cache_clear(cache);
	ok(cache_count(cache) == 0 && cache_bytes(cache) == 0 && !has(cache, 3), "all are forgotten");
	keep(cache, 3, 1);
	ok(has(cache, 3), "and it goes on");
	cache_free(cache);
	cache = cache_new(1);
	keep(cache, 1, 1);
	keep(cache, 2, 1);
	ok(!has(cache, 1) && has(cache, 2), "a cache of one");
	cache_free(cache);
	cache_free(NULL);
}

static void test_size(void)
{
	struct cache *cache = cache_new(CACHE_MOST);
	keep(cache, 1, 1);
	keep(cache, 2, 19000);
	ok(has(cache, 1) && !has(cache, 2) && cache_count(cache) == 1, "a report that is too large is not kept");
	for (unsigned i = 10; i < 210; i++)
		keep(cache, i, 1000);
	ok(cache_bytes(cache) <= CACHE_BYTES_MOST && cache_count(cache) < 200 && has(cache, 209) && !has(cache, 10),
	   "large ones make way for one another");
	cache_free(cache);
}

static void test_key(void)
{
	struct cache *cache = cache_new(10);
	keep(cache, 1, 1);
	request.wire = true;
	ok(!has(cache, 1), "SMTP data are something else");
	request.wire = false;
	request.first_threat = true;
	ok(!has(cache, 1), "so is a scan that stops at the first threat");
	request.first_threat = false;
	request.paranoid = true;
	ok(!has(cache, 1), "so is a paranoid one");
	request.paranoid = false;
	request.part_by_part = true;
	ok(!has(cache, 1), "so is one part by part");
	request.part_by_part = false;
	for (int i = 0; i < LIMIT_COUNT; i++) {
		struct limits limits = request.limits;
		request.limits.value[i]++;
		okf(!has(cache, 1), "so is another %s", limits_row((enum limit)i)->key);
		request.limits = limits;
	}
	ok(has(cache, 1), "the same is the same");
	request.limits.value[LIMIT_max_cumulative_extract_size] = LIMITS_CUMULATIVE_DEFAULT;
	ok(has(cache, 1), "and what means the same as well");
	request_init(&request);
	ok(cache_takes(&request), "a scan has a place in it");
	(void)strcpy(request.part, "1");
	ok(!cache_takes(&request), "one of a part has none");
	request_init(&request);
	request.measure = true;
	ok(!cache_takes(&request), "nor has what is no scan");
	request_init(&request);
	cache_free(cache);
}

static void worthy(enum scan_code code, bool wanted)
{
	struct report report = report_of(code, 1);
	okf(cache_worthy(&report) == wanted, "%s is %skept", code ? scan_code_name(code) : "clean",
	    wanted ? "" : "not ");
	report_free(&report);
}

static void test_worthy(void)
{
	worthy(SCAN_CODE_NONE, true);
	worthy(AVS_RESULT_VIRUS_FOUND, true);
	worthy(DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, true);
	worthy(DEC_RESULT_MAXIMUM_DEPTH_REACHED, true);
	worthy(DEC_RESULT_MAXIMUM_EXTRACT_TIME_EXCEEDED, false);
	worthy(DEC_RESULT_OUT_OF_MEMORY, false);
	worthy(DEC_RESULT_SCAN_ENGINE_EXCEPTION, false);
	worthy(DEC_RESULT_TEMPFILE_ACCESS_FAILED, false);
	worthy(AVS_RESULT_SCANFILE_FAILURE, false);
	struct report report = report_of(AVS_RESULT_VIRUS_FOUND, 1);
	(void)report_code(&report, 0, DEC_RESULT_OUT_OF_MEMORY, NULL);
	(void)report_settle(&report);
	ok(report.status == EC_AV_INFECTED && !cache_worthy(&report), "nor a virus beside trouble of ours");
	report_free(&report);
	report = report_of(SCAN_CODE_NONE, 1);
	report.attempts = 2;
	ok(!cache_worthy(&report), "nor what took a second worker");
	report.attempts = 1;
	report.complete = false;
	ok(!cache_worthy(&report), "nor what came to no end");
	report_free(&report);
}

int main(void)
{
	request_init(&request);
	test_use();
	test_size();
	test_key();
	test_worthy();
	return tap_end();
}
