/*
 * update_json.c - what an update came to is told whole, as a document and as lines, whatever the texts hold.
 */
#include "format/update_json.h"
#include "tap.h"

#include <jansson.h>
#include <stdlib.h>

static struct update_result sample(void)
{
	struct update_result result = {.task = UPDATE_RUN,
				       .outcome = UPDATE_PARTIAL,
				       .code = LIC_RESULT_LICENSE_NOT_INSTALLED,
				       .text = "line one \x1b[31m\xFF",
				       .directory = "/d",
				       .after = "20261122.005",
				       .after_id = "20261122.005-1",
				       .space_needed = 5000,
				       .space_free = UINT64_MAX,
				       .started = 1000000000,
				       .finished = 1000000001,
				       .next = 1000000002,
				       .pruned = 3};
	result.parts = calloc(2, sizeof *result.parts);
	if (!result.parts)
		abort();
	result.part_count = 2;
	result.parts[0] = (struct update_part){.name = "daily",
					       .outcome = UPDATE_UPDATED,
					       .before = 4,
					       .after = 5,
					       .remote = 6,
					       .bytes = 3 << 20,
					       .incremental = true,
					       .http = 206,
					       .source = strdup("https://m"),
					       .text = strdup("version 5")};
	result.parts[1] = (struct update_part){.name = "paid",
					       .feed = true,
					       .outcome = UPDATE_RATE_LIMITED,
					       .code = LIC_RESULT_LICENSE_NOT_INSTALLED,
					       .retry_at = 1000000002,
					       .text = strdup("key\nmissing\x1b")};
	struct definition_file file = {.name = "daily.cld", .trust = DEFINITION_SIGNED, .signatures = 7, .version = 5};
	if (definition_set_put(&result.set, &file))
		abort();
	result.scanner.running = result.scanner.asked = true;
	(void)strcpy(result.scanner.text, "it uses others");
	return result;
}

static const char *member(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void test_document(const struct update_result *result)
{
	char *text = update_json_encode(result);
	json_t *object = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
	ok(object && !strchr(text, '\n') && !strchr(text, 0x1b), "a document on one line");
	same(member(object, "outcome"), "partial", "the outcome");
	same(member(object, "code"), "LIC_RESULT_LICENSE_NOT_INSTALLED", "the code");
	same(member(object, "text"), "line one \x1b[31m\xEF\xBF\xBD", "what is no UTF-8 is replaced");
	ok(json_integer_value(json_object_get(object, "exit_status")) == 3, "the exit status");
	ok(json_is_null(json_object_get(object, "before")), "there was none before");
	same(member(json_object_get(object, "after"), "id"), "20261122.005-1", "the set in use now");
	const json_t *sources = json_object_get(object, "sources"), *first = json_array_get(sources, 0);
	const json_t *second = json_array_get(sources, 1), *space = json_object_get(object, "space");
	ok(json_array_size(sources) == 2 && json_integer_value(json_object_get(first, "remote")) == 6 &&
		   json_is_null(json_object_get(first, "code")) && json_is_null(json_object_get(first, "retry_at")),
	   "a database");
	same(member(second, "kind"), "feed", "a feed");
	same(member(second, "retry_at"), "2001-09-09T01:46:42Z", "until when it asks to wait");
	ok(json_is_null(json_object_get(second, "before")) && json_is_null(json_object_get(second, "http")),
	   "0 is null where it means unknown");
	ok(json_integer_value(json_object_get(space, "needed")) == 5000 && json_is_null(json_object_get(space, "free")),
	   "free space that is not known");
	ok(json_is_false(json_object_get(json_object_get(object, "scanner"), "current")), "the scanner");
	ok(json_array_size(json_object_get(json_object_get(object, "definitions"), "files")) == 1, "the files");
	json_decref(object);
	free(text);
}

static void test_lines(const struct update_result *result)
{
	char *text = update_text_encode(result, true), *open = update_text_encode(result, false);
	char *line = update_text_source(&result->parts[1]);
	same(text,
	     "daily        updated       version 4 to 5, there is 6  3 MiB of patches  from https://m\n"
	     "paid         rate_limited  key\\u{a}missing\\u{1b}  [LIC_RESULT_LICENSE_NOT_INSTALLED]\n"
	     "in use       20261122.005, 7 signatures\n"
	     "scanner      does not use them: it uses others\n"
	     "partial: line one \\u{1b}[31m\\xff; next try from 2001-09-09T01:46:42Z on\n",
	     "lines for people, which no terminal acts on");
	ok(text && open && strncmp(text, open, strlen(open)) == 0 && !strstr(open, "partial"),
	   "without the closing one");
	same(line, "paid         rate_limited  key\\u{a}missing\\u{1b}  [LIC_RESULT_LICENSE_NOT_INSTALLED]",
	     "one source");
	free(text);
	free(open);
	free(line);
}

static void test_empty(void)
{
	struct update_result result = {.task = UPDATE_ROLLBACK, .outcome = UPDATE_FAILED};
	char *text = update_text_encode(&result, true);
	same(text, "failed: something else went wrong here\n", "nothing but the outcome");
	free(text);
	text = update_json_encode(&result);
	json_t *object = text ? json_loads(text, 0, NULL) : NULL;
	ok(json_is_null(json_object_get(object, "definitions")) && json_is_null(json_object_get(object, "scanner")) &&
		   json_is_null(json_object_get(object, "directory")) &&
		   json_is_null(json_object_get(json_object_get(object, "space"), "free")),
	   "what is not known is null");
	same(member(object, "task"), "rollback", "the task");
	json_decref(object);
	free(text);
}

int main(void)
{
	struct update_result result = sample();
	test_document(&result);
	test_lines(&result);
	test_empty();
	update_result_free(&result);
	ok(!result.parts && !result.part_count && !result.set.count, "freed");
	return tap_end();
}
