/*
 * verdict.c - a verdict document of anybody, and how it is shown: one line of JSON that reads back the same, texts and fields of mail
 * without a control character, an assignment for the shell that holds no quote but its own.
 */
#include "fuzz.h"
#include "mutator.h"

#include "format/verdict_header.h"
#include "format/verdict_json.h"
#include "format/verdict_sh.h"

#include <string.h>

/* Lines of visible text. */
static void check_text(char *text)
{
	for (const char *at = text; text && *at; at++)
		PROMISE((unsigned char)*at >= ' ' || *at == '\n' || *at == '\r' || *at == '\t');
	free(text);
}

/* Every line of a header is a field of ours, or goes on with one. */
static void check_header(char *text)
{
	for (char *line = text; line && *line; line = strchr(line, '\n') + 1) {
		PROMISE(strncmp(line, VERDICT_HEADER_PREFIX, strlen(VERDICT_HEADER_PREFIX)) == 0);
		PROMISE(strchr(line, '\n') && strcspn(line, "\n") < 998);
	}
	check_text(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct report report, again;
	struct why why = {""};
	if (verdict_json_decode((const char *)data, size, &report, &why) != 0)
		return 0;
	const struct verdict_json_options options = {.name = "a"};
	char *text = verdict_json_encode(&report, &options);
	PROMISE(text && !strchr(text, '\n'));
	PROMISE(verdict_json_decode(text, strlen(text), &again, &why) == 0);
	char *second = verdict_json_encode(&again, &options);
	PROMISE(second && strcmp(text, second) == 0);
	free(text);
	free(second);
	report_free(&again);
	static struct verdict verdict;
	if (verdict_init(&verdict, NULL)) {
		report_free(&report);
		return 0;
	}
	verdict_take_report(&verdict, &report);
	check_header(verdict_header_encode(&verdict, "\n"));
	check_text(verdict_sh_encode(&verdict));
	verdict_free(&verdict);
	return 0;
}

FUZZ_MUTATOR(mutate_json)
