/*
 * isolation_json.c - what a zygote says of its walls, there and back, and what is refused.
 */
#include "format/isolation_json.h"

#include "mutate.h"
#include "tap.h"

#include <errno.h>

/* Every layer in some state, every probe with some outcome. */
static struct isolation some(void)
{
	struct isolation isolation = {0};
	for (int i = 0; i < ISOLATION_LAYER_COUNT; i++) {
		isolation.layers[i].state = (enum isolation_state)(i % 3);
		(void)snprintf(isolation.layers[i].detail, ISOLATION_DETAIL_MAX, "detail \"%d\"", i);
	}
	for (int i = 0; i < ISOLATION_PROBE_COUNT; i++)
		isolation.probes[i] = (enum isolation_outcome)(i % 3);
	return isolation;
}

static bool equal(const struct isolation *a, const struct isolation *b)
{
	bool good = memcmp(a->probes, b->probes, sizeof a->probes) == 0;
	for (int i = 0; i < ISOLATION_LAYER_COUNT; i++)
		good = good && a->layers[i].state == b->layers[i].state &&
		       strcmp(a->layers[i].detail, b->layers[i].detail) == 0;
	return good;
}

static void test_round_trip(void)
{
	struct isolation isolation = some(), got;
	char *text = isolation_json_encode(&isolation);
	ok(text && isolation_json_decode(text, strlen(text), &got) == 0 && equal(&isolation, &got), "there and back");
	ok(text && strstr(text, "\"landlock\":{\"state\":") && strstr(text, "\"socket\":\"untried\""),
	   "keys and words are those of the tables");
	free(text);
	/* Cut within a character by whoever wrote it. */
	memset(isolation.layers[0].detail, 'x', ISOLATION_DETAIL_MAX - 2);
	isolation.layers[0].detail[ISOLATION_DETAIL_MAX - 2] = '\xC3';
	isolation.layers[0].detail[ISOLATION_DETAIL_MAX - 1] = '\0';
	text = isolation_json_encode(&isolation);
	ok(text && isolation_json_decode(text, strlen(text), &got) == 0, "a detail that is no UTF-8");
	free(text);
}

static void test_missing(void)
{
	static const char least[] = "{\"layers\":{},\"probes\":{}}";
	struct isolation got = some();
	bool nothing = isolation_json_decode(least, strlen(least), &got) == 0;
	for (int i = 0; i < ISOLATION_LAYER_COUNT; i++)
		nothing = nothing && got.layers[i].state == ISOLATION_MISSING && !*got.layers[i].detail;
	for (int i = 0; i < ISOLATION_PROBE_COUNT; i++)
		nothing = nothing && got.probes[i] == ISOLATION_UNTRIED;
	ok(nothing, "what is not told is missing and untried");
	char why[256];
	ok(!isolation_whole(&got, why, sizeof why) && strstr(why, "missing"), "which is not whole");
}

static void test_hostile(void)
{
	static const char *const hostile[] = {
		"",
		"{}",
		"null",
		"{\"layers\":{}}",
		"{\"layers\":[],\"probes\":{}}",
		"{\"layers\":{\"moat\":{\"state\":\"on\",\"detail\":\"\"}},\"probes\":{}}",
		"{\"layers\":{\"seccomp\":{\"state\":\"On\",\"detail\":\"\"}},\"probes\":{}}",
		"{\"layers\":{\"seccomp\":{\"state\":1,\"detail\":\"\"}},\"probes\":{}}",
		"{\"layers\":{\"seccomp\":{\"state\":\"on\",\"detail\":null}},\"probes\":{}}",
		"{\"layers\":{\"seccomp\":null},\"probes\":{}}",
		"{\"layers\":{\"seccomp\":{\"state\":\"on\"}},\"probes\":{}}",
		"{\"layers\":{},\"probes\":{\"socket\":\"\"}}",
		"{\"layers\":{},\"probes\":{\"socket\":null}}",
		"{\"layers\":{},\"probes\":{\"sing\":\"possible\"}}",
		"{\"layers\":{},\"probes\":{}}{}",
	};
	struct isolation before = some(), got = before;
	for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++)
		okf(isolation_json_decode(hostile[i], strlen(hostile[i]), &got) == -EBADMSG && equal(&got, &before),
		    "hostile: %s", hostile[i]);
}

static int decode(const char *text, size_t size)
{
	struct isolation got;
	return isolation_json_decode(text, size, &got);
}

static void test_mutants(void)
{
	struct isolation isolation = some();
	char *text = isolation_json_encode(&isolation);
	ok(mutate_all(text, 11, 5000, decode), "mutants");
	free(text);
}

int main(void)
{
	test_round_trip();
	test_missing();
	test_hostile();
	test_mutants();
	return tap_end();
}
