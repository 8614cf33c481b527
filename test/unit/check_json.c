/*
 * check_json.c - the outcome of a check of definitions and the versions of a worker, there and back, and what is refused.
 */
#include "format/check_json.h"
#include "format/worker_json.h"
#include "mutate.h"
#include "tap.h"

#include <errno.h>

static struct check whole(void)
{
	struct check check = {.loaded = true,
			      .finds_eicar = true,
			      .harmless_clean = true,
			      .facts = {.definitions_built = 1795363630, .definitions_signatures = 8000000}};
	struct definition_file daily = {.name = "daily.cld",
					.trust = DEFINITION_SIGNED,
					.size = 60000000,
					.signatures = 2000000,
					.built = 1795363630,
					.version = 27000,
					.level = 90,
					.has_sha256 = true,
					.sha256 = {0xAB, 0xCD}};
	struct definition_file broken = {
		.name = "x.ndb", .trust = DEFINITION_BROKEN, .fault = (char *)(uintptr_t) "is empty"};
	check.facts.engine_version = strdup("ClamAV 1.4.6");
	check.facts.decomposer_version = strdup("libarchive 3.6.2");
	check.facts.definitions_source = strdup("/var/lib/\xE2\x82\xAC \"x\"");
	check.facts.definitions_version = strdup("20261122.27000");
	if (definition_set_put(&check.set, &daily) || definition_set_put(&check.set, &broken))
		abort();
	return check;
}

static void test_round_trip(void)
{
	struct check check = whole(), got;
	check_fail(&check, AVS_RESULT_ENGINE_LOAD_FAILED, "x.ndb %s", "is empty");
	char *text = check_json_encode(&check);
	ok(text && !strchr(text, '\n') && check_json_decode(text, strlen(text), &got) == 0,
	   "a check with all that it can have");
	ok(got.loaded && got.finds_eicar && got.harmless_clean && got.code == AVS_RESULT_ENGINE_LOAD_FAILED,
	   "what was found");
	same(got.text, "x.ndb is empty", "the text");
	same(got.facts.engine_version, "ClamAV 1.4.6", "the engine");
	same(got.facts.definitions_source, check.facts.definitions_source, "the directory");
	ok(got.facts.definitions_built == 1795363630 && got.facts.definitions_signatures == 8000000, "the definitions");
	const struct definition_file *daily = definition_set_find(&got.set, "daily.cld"),
				     *broken = definition_set_find(&got.set, "x.ndb");
	ok(got.set.count == 2 && daily && daily->trust == DEFINITION_SIGNED && daily->version == 27000 &&
		   daily->level == 90 && daily->has_sha256 && daily->sha256[1] == 0xCD && !daily->fault,
	   "a file that is good");
	ok(broken && broken->trust == DEFINITION_BROKEN, "one that is not");
	same(broken ? broken->fault : NULL, "is empty", "and why");
	check_free(&got);
	check_free(&check);
	free(text);
}

static void test_least(void)
{
	struct check check = {.code = SCAN_CODE_NONE}, got;
	char *text = check_json_encode(&check);
	ok(text && check_json_decode(text, strlen(text), &got) == 0 && !got.loaded && got.code == SCAN_CODE_NONE &&
		   got.set.count == 0 && !got.facts.engine_version && !got.facts.definitions_source,
	   "a check that knows nothing");
	check_free(&got);
	free(text);
	/* Names of directories may be no UTF-8, and texts be cut within a character. */
	check_fail(&check, AVS_RESULT_DEFINITIONS_MISSING, "no definition file is in /tmp/d\xFF, \xE2\x82");
	text = check_json_encode(&check);
	ok(text && check_json_decode(text, strlen(text), &got) == 0 && got.code == AVS_RESULT_DEFINITIONS_MISSING,
	   "a text that is no UTF-8");
	check_free(&got);
	free(text);
}

/* The most severe code, with its own text. */
static void test_fail(void)
{
	struct check check = {.code = SCAN_CODE_NONE};
	check_fail(&check, AVS_RESULT_ENGINE_LOAD_FAILED, "first");
	check_fail(&check, AVS_RESULT_ENGINE_LOAD_FAILED, "second");
	same(check.text, "first", "of two with the same code the first counts");
	check_fail(&check, AVS_RESULT_DEFINITIONS_MISSING, "worse");
	check_fail(&check, AVS_RESULT_ENGINE_LOAD_FAILED, "third");
	ok(check.code == AVS_RESULT_DEFINITIONS_MISSING, "the more severe code counts");
	same(check.text, "worse", "with its text");
}

static void test_hostile(void)
{
	static const char *const changes[][2] = {
		{"\"code\":null", "\"code\":\"OK\""},
		{"\"code\":null", "\"code\":7"},
		{"\"text\":\"\"", "\"text\":null"},
		{"\"loaded\":true", "\"loaded\":1"},
		{"\"loaded\":true", "\"loaded\":false"},
		{"\"trust\":\"signed\"", "\"trust\":\"believed\""},
		{"\"name\":\"x.ndb\"", "\"name\":\"../x.ndb\""},
		{"\"name\":\"x.ndb\"", "\"name\":\"daily.cld\""},
		{"\"size\":60000000", "\"size\":-1"},
		{"\"sha256\":\"ab", "\"sha256\":\"zz"},
		{"\"files\":[", "\"files\":[7,"},
		{"\"files\":[", "\"other\":["},
	};
	struct check check = whole(), got;
	char *text = check_json_encode(&check);
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		char *changed = mutate_replace(text, changes[i][0], changes[i][1]);
		okf(changed && check_json_decode(changed, strlen(changed), &got) == -EBADMSG, "hostile: %s",
		    changes[i][1]);
		free(changed);
	}
	ok(check_json_decode("", 0, &got) == -EBADMSG && check_json_decode("[]", 2, &got) == -EBADMSG, "no document");
	check_free(&check);
	free(text);
}

static int decode_check(const char *text, size_t size)
{
	struct check got;
	int error = check_json_decode(text, size, &got);
	if (!error)
		check_free(&got);
	return error;
}

static int decode_worker(const char *text, size_t size)
{
	struct facts facts;
	char *csapi;
	int error = worker_json_decode(text, size, &facts, &csapi);
	if (!error) {
		facts_free(&facts);
		free(csapi);
	}
	return error;
}

static void test_worker(void)
{
	const struct facts facts = {.engine_version = (char *)(uintptr_t) "ClamAV 1.4.6",
				    .decomposer_version = (char *)(uintptr_t) "libarchive 3.6.2"};
	struct facts got;
	char *csapi = NULL, *text = worker_json_encode(&facts, "1.2.3");
	same(text, "{\"csapi\":\"1.2.3\",\"engine\":\"ClamAV 1.4.6\",\"decomposer\":\"libarchive 3.6.2\"}",
	     "versions of a worker");
	ok(text && worker_json_decode(text, strlen(text), &got, &csapi) == 0, "and back");
	same(csapi, "1.2.3", "its own");
	same(got.engine_version, "ClamAV 1.4.6", "the engine's");
	same(got.decomposer_version, "libarchive 3.6.2", "the decomposer's");
	ok(mutate_all(text, 5, 5000, decode_worker), "5000 mutants of them");
	facts_free(&got);
	free(csapi);
	free(text);
}

int main(void)
{
	test_round_trip();
	test_least();
	test_fail();
	test_hostile();
	test_worker();
	struct check check = whole();
	char *text = check_json_encode(&check);
	ok(mutate_all(text, 4, 10000, decode_check), "10000 mutants of a check");
	check_free(&check);
	free(text);
	return tap_end();
}
