/*
 * facts_json.c - what the zygote says of its engine, there and back, and what is refused.
 */
#include "format/facts_json.h"
#include "mutate.h"
#include "tap.h"

#include <errno.h>

static const struct facts whole = {.engine_version = "ClamAV 1.4.6",
				   .decomposer_version = "libarchive 3.6.2",
				   .definitions_source = "/var/lib/\xE2\x82\xAC \"x\"",
				   .definitions_version = "20261122.27000",
				   .definitions_built = 1795363630,
				   .definitions_signatures = 8000000,
				   .definitions_shipped = true};

static bool is(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void test_round_trip(void)
{
	struct facts got = {0};
	enum scan_code code = AVS_RESULT_VIRUS_FOUND;
	char *said = NULL, *text = facts_json_encode(&whole, SCAN_CODE_NONE, NULL);
	ok(text && facts_json_decode(text, strlen(text), &got, &code, &said) == 0 && code == SCAN_CODE_NONE &&
		   is(said, "") && is(got.engine_version, whole.engine_version) &&
		   is(got.decomposer_version, whole.decomposer_version) &&
		   is(got.definitions_source, whole.definitions_source) &&
		   is(got.definitions_version, whole.definitions_version) &&
		   got.definitions_built == whole.definitions_built && got.definitions_signatures == 8000000 &&
		   got.definitions_shipped,
	   "an engine that is ready");
	facts_free(&got);
	free(said);
	free(text);
	const struct facts none = {.definitions_built = -5};
	text = facts_json_encode(&none, AVS_RESULT_DEFINITIONS_MISSING, "there are none");
	ok(text && facts_json_decode(text, strlen(text), &got, &code, &said) == 0 &&
		   code == AVS_RESULT_DEFINITIONS_MISSING && is(said, "there are none") && !got.engine_version &&
		   !got.definitions_source && got.definitions_built == 0 && !got.definitions_shipped,
	   "one that is not");
	facts_free(&got);
	free(said);
	free(text);
}

/* Directories and files may have names that are no UTF-8: what is known must arrive all the same. */
static void test_bad_names(void)
{
	struct facts facts = {.definitions_source = "/tmp/d\xFF", .definitions_signatures = 1}, got = {0};
	enum scan_code code = SCAN_CODE_NONE;
	char *said = NULL, *text = facts_json_encode(&facts, AVS_RESULT_ENGINE_LOAD_FAILED, "a\xC3.ndb is broken");
	bool good = text && facts_json_decode(text, strlen(text), &got, &code, &said) == 0;
	ok(good && code == AVS_RESULT_ENGINE_LOAD_FAILED, "names that are no UTF-8");
	same(got.definitions_source, "/tmp/d\xEF\xBF\xBD", "the directory");
	same(said, "a\xEF\xBF\xBD.ndb is broken", "the text");
	facts_free(&got);
	free(said);
	free(text);
}

#define FACTS(code, source, built)                                                                                     \
	"{\"code\":" code ",\"text\":null,\"engine\":null,\"decomposer\":null,\"source\":" source                      \
	",\"version\":null,\"built\":" built ",\"signatures\":0,\"shipped\":false}"

static void test_hostile(void)
{
	static const char *const hostile[] = {"",
					      "{}",
					      "null",
					      FACTS("\"OK\"", "null", "0"),
					      FACTS("\"\"", "null", "0"),
					      FACTS("0", "null", "0"),
					      FACTS("null", "7", "0"),
					      FACTS("null", "null", "-1"),
					      FACTS("null", "null", "null"),
					      FACTS("null", "null", "9223372036854775808"),
					      FACTS("null", "\"\\u0000\"", "0"),
					      FACTS("null", "null", "0") "{}"};
	struct facts got;
	enum scan_code code;
	char *said;
	for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++)
		okf(facts_json_decode(hostile[i], strlen(hostile[i]), &got, &code, &said) == -EBADMSG, "hostile: %s",
		    hostile[i]);
	const char *least = FACTS("null", "null", "0");
	ok(facts_json_decode(least, strlen(least), &got, &code, &said) == 0, "the least that is one");
	facts_free(&got);
	free(said);
}

static void test_mutants(void)
{
	struct mutator mutator = {.seed = 3};
	char *text = facts_json_encode(&whole, SCAN_CODE_NONE, "text");
	unsigned refused = 0, bad = 0;
	const unsigned rounds = 10000;
	for (unsigned n = 0; n < rounds; n++) {
		struct facts got;
		enum scan_code code;
		char *said;
		size_t size;
		char *mutant = mutate(&mutator, text, strlen(text), &size);
		int error = facts_json_decode(mutant, size, &got, &code, &said);
		refused += error == -EBADMSG;
		bad += error != 0 && error != -EBADMSG;
		if (!error) {
			facts_free(&got);
			free(said);
		}
		free(mutant);
	}
	okf(bad == 0 && refused > rounds / 2 && refused < rounds, "%u mutants", rounds);
	free(text);
}

int main(void)
{
	test_round_trip();
	test_bad_names();
	test_hostile();
	test_mutants();
	return tap_end();
}
