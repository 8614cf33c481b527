/*
 * hello_json.c - the scanner's greeting: what is told comes over, and what is no greeting is refused.
 */
#include "format/hello_json.h"
#include "tap.h"

#include <errno.h>
#include <stdlib.h>

static int decode(const char *text, char **ret_directory)
{
	return hello_json_decode(text, strlen(text), ret_directory);
}

static void test_round_trip(const char *directory, const char *expected, const char *what)
{
	char *told = NULL;
	char *text = hello_json_encode(directory);
	ok(text && decode(text, &told) == 0, what);
	same(told, expected, "the directory comes over");
	free(told);
	free(text);
}

int main(void)
{
	static const char *const bad[] = {"",
					  "{}",
					  "[]",
					  "{\"protocol\":2,\"directory\":null}",
					  "{\"protocol\":\"1\",\"directory\":null}",
					  "{\"protocol\":1}",
					  "{\"protocol\":1,\"directory\":7}",
					  "{\"protocol\":1,\"directory\":\"/a\\u0000b\"}"};
	test_round_trip("/tmp/csapi-a \"b\"", "/tmp/csapi-a \"b\"", "a path");
	test_round_trip(NULL, NULL, "none");
	test_round_trip("/tmp/\xff", NULL, "a path that is no UTF-8 is not told");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char *directory = (char *)1;
		okf(decode(bad[i], &directory) == -EBADMSG && !directory, "refused: %s", bad[i]);
	}
	return tap_end();
}
