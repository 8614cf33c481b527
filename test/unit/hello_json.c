/*
 * hello_json.c - the scanner's greeting: what is told comes over, and what is no greeting is refused.
 */
#include "format/hello_json.h"
#include "tap.h"

#include <errno.h>
#include <stdlib.h>

static int decode(const char *text, struct hello *ret_hello)
{
	return hello_json_decode(text, strlen(text), ret_hello);
}

static void test_round_trip(const char *directory, const char *expected, const char *what)
{
	struct hello said = {.directory = strdup(directory ? directory : ""), .max_concurrency = 7}, heard;
	limits_defaults(&said.limits);
	said.limits.value[LIMIT_max_extract_depth] = 3;
	said.limits.value[LIMIT_max_cumulative_extract_size] = LIMITS_CUMULATIVE_MOST;
	if (!directory) {
		free(said.directory);
		said.directory = NULL;
	}
	char *text = hello_json_encode(&said);
	ok(text && decode(text, &heard) == 0, what);
	same(heard.directory, expected, "the directory comes over");
	ok(heard.max_concurrency == 7, "so does the number of messages at once");
	bool equal = true;
	for (int i = 0; i < LIMIT_COUNT; i++)
		equal = equal && heard.limits.set[i] && heard.limits.value[i] == said.limits.value[i];
	ok(equal, "and every limit, the one beyond a request's range too");
	hello_free(&heard);
	hello_free(&said);
	free(text);
}

static void test_left_out(void)
{
	struct hello hello;
	ok(decode("{\"protocol\":1,\"directory\":null}", &hello) == 0 && !hello.max_concurrency,
	   "one that tells neither limits nor a number");
	bool untold = true;
	for (int i = 0; i < LIMIT_COUNT; i++)
		untold = untold && !hello.limits.set[i] && hello.limits.value[i] == limits_row((enum limit)i)->def;
	ok(untold, "its limits are taken for the defaults");
	hello_free(&hello);
	ok(decode("{\"protocol\":1,\"directory\":null,\"limits\":{\"max_moons\":7,\"timeout\":5}}", &hello) == 0 &&
		   hello.limits.value[LIMIT_timeout] == 5,
	   "a limit that we do not know does no harm");
	hello_free(&hello);
}

int main(void)
{
	static const char *const bad[] = {
		"",
		"{}",
		"[]",
		"{\"protocol\":2,\"directory\":null}",
		"{\"protocol\":\"1\",\"directory\":null}",
		"{\"protocol\":1}",
		"{\"protocol\":1,\"directory\":7}",
		"{\"protocol\":1,\"directory\":\"/a\\u0000b\"}",
		"{\"protocol\":1,\"directory\":null,\"max_concurrency\":-1}",
		"{\"protocol\":1,\"directory\":null,\"max_concurrency\":4294967296}",
		"{\"protocol\":1,\"directory\":null,\"max_concurrency\":\"2\"}",
		"{\"protocol\":1,\"directory\":null,\"limits\":{\"timeout\":0}}",
		"{\"protocol\":1,\"directory\":null,\"limits\":{\"timeout\":\"5\"}}",
		"{\"protocol\":1,\"directory\":null,\"limits\":{\"max_extract_depth\":51}}",
	};
	test_round_trip("/tmp/csapi-a \"b\"", "/tmp/csapi-a \"b\"", "a path");
	test_round_trip(NULL, NULL, "none");
	test_round_trip("/tmp/\xff", NULL, "a path that is no UTF-8 is not told");
	test_left_out();
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct hello hello = {.directory = (char *)1};
		okf(decode(bad[i], &hello) == -EBADMSG && !hello.directory, "refused: %s", bad[i]);
	}
	return tap_end();
}
