/*
 * event_json.c - events arrive as they were sent, and what no honest worker sends is refused.
 */
#include "format/event_json.h"
#include "mutate.h"
#include "tap.h"

#include <errno.h>

static int apply(struct report *report, const char *text)
{
	struct why why = {""};
	size_t size = strlen(text);
	char *block = malloc(size ? size : 1);
	if (!block)
		abort();
	memcpy(block, text, size);
	int error = event_json_apply(block, size, report, &why);
	free(block);
	/* A refusal says why, in one line. */
	return error && (!*why.text || strchr(why.text, '\n')) ? 1 : error;
}

static void arrives(struct report *report, char *take_text, const char *what)
{
	bool good = take_text && !strchr(take_text, '\n') && apply(report, take_text) == 0;
	ok(good, what);
	if (!good)
		printf("# %s\n", take_text ? take_text : "no memory");
	free(take_text);
}

static struct part input(void)
{
	struct part part = {.parent = REPORT_NO_PART,
			    .kind = PART_INPUT,
			    .route = ROUTE_UNSEEN,
			    .id = "0",
			    .name = "a\x01\"\\\n\xE2\x80\xAE.eml",
			    .mime_type = "message/rfc822",
			    .size = (uint64_t)1 << 40,
			    .has_sha256 = true};
	for (uint8_t i = 0; i < 32; i++)
		part.sha256[i] = (uint8_t)(i * 8 + 7);
	return part;
}

static void test_round_trip(void)
{
	struct report report;
	struct part part = input(), child = {.number = 1, .kind = PART_MEMBER, .route = ROUTE_FED, .id = "1/a"};
	struct usage usage = {1, 2, 3, UINT64_MAX, 5, 6};
	report_init(&report);
	arrives(&report, event_json_part(&part), "the input");
	const struct part *got = report.parts;
	ok(strcmp(got->name, part.name) == 0 && strcmp(got->mime_type, part.mime_type) == 0 && !got->detected_type &&
		   got->size == part.size && got->has_sha256 && memcmp(got->sha256, part.sha256, 32) == 0 &&
		   got->kind == PART_INPUT && got->route == ROUTE_UNSEEN && got->parent == REPORT_NO_PART,
	   "with all that is known of it");
	arrives(&report, event_json_part(&child), "a part");
	ok(report.part_count == 2 && !report.parts[1].has_sha256 && report.parts[1].parent == 0, "without a digest");
	arrives(&report, event_json_route(1, ROUTE_TEXT), "a route");
	arrives(&report, event_json_code(1, DEC_RESULT_FILE_EXTRACT_FAILED, "why"), "a code");
	arrives(&report, event_json_code(0, DEC_RESULT_FILE_EXTRACT_FAILED, ""), "a code without a text");
	arrives(&report, event_json_virus(1, "Eicar", true), "a virus");
	arrives(&report, event_json_evasion(1, EVASION_BrokenField, "which"), "an evasion");
	arrives(&report, event_json_evasion(0, EVASION_LyingSizes, ""), "an evasion without a text");
	arrives(&report, event_json_usage(&usage), "usage");
	arrives(&report, event_json_stage(STAGE_EXTRACT, 1), "a stage");
	ok(!report.complete && report.stage == STAGE_EXTRACT && report.stage_part == 1, "which is not the end");
	arrives(&report, event_json_stage(STAGE_DONE, 0), "the end");
	ok(report.complete && report.parts[1].route == ROUTE_TEXT && report.usage.cumulative == INT64_MAX &&
		   report.usage.depth == 1 && report.virus_count == 1 && report.viruses[0].official &&
		   strcmp(report.codes[0].text, "why") == 0 && !report.codes[1].text && report.evasion_count == 2 &&
		   report.evasions[0].evasion == EVASION_BrokenField && report.evasions[0].part == 1 &&
		   strcmp(report.evasions[0].text, "which") == 0 &&
		   strcmp(report.evasions[1].text, evasion_row(EVASION_LyingSizes)->text) == 0,
	   "all of it is there");
	report_free(&report);
	arrives(&report, event_json_refuse(EC_AV_PART_IS_CONTAINER, "info"), "a refusal");
	ok(report.status == EC_AV_PART_IS_CONTAINER, "stands");
	report_free(&report);
}

#define PART(fields) "{\"event\":\"part\",\"part\":1,\"parent\":0,\"of\":{" fields "}}"
#define REST                                                                                                           \
	"\"kind\":\"body\",\"name\":null,\"mime_type\":null,\"detected_type\":null,\"size\":1,\"sha256\":null,"        \
	"\"route\":\"empty\""

static const char *const hostile[] = {
	"",
	" ",
	"null",
	"[]",
	"1",
	"\"part\"",
	"{",
	"{}",
	"{}{}",
	"{\"event\":\"stage\"}",
	"{\"event\":\"stage\",\"part\":0}",
	"{\"event\":\"stage\",\"part\":0,\"stage\":\"begin\"}",
	"{\"event\":\"stage\",\"part\":0,\"stage\":null}",
	"{\"event\":\"stage\",\"part\":0,\"stage\":[\"read\"]}",
	"{\"event\":\"stage\",\"part\":2,\"stage\":\"read\"}",
	"{\"event\":\"stage\",\"part\":-1,\"stage\":\"read\"}",
	"{\"event\":\"stage\",\"part\":0.0,\"stage\":\"read\"}",
	"{\"event\":\"stage\",\"part\":\"0\",\"stage\":\"read\"}",
	"{\"event\":\"stage\",\"part\":4294967296,\"stage\":\"read\"}",
	"{\"event\":\"stage\",\"part\":99999999999999999999,\"stage\":\"read\"}",
	"{\"event\":\"stage\",\"event\":\"stage\",\"part\":0,\"stage\":\"read\"}",
	"{\"event\":\"stage\",\"part\":0,\"stage\":\"read\"} x",
	"{\"event\":\"Stage\",\"part\":0,\"stage\":\"read\"}",
	"{\"event\":\"exec\",\"part\":0}",
	"{\"event\":\"stage\\u0000\",\"part\":0,\"stage\":\"read\"}",
	"{\"event\":\"route\",\"part\":0,\"route\":\"heard of it\"}",
	"{\"event\":\"route\",\"part\":7,\"route\":\"whole\"}",
	"{\"event\":\"code\",\"part\":0,\"code\":\"DEC_RESULT_NONE\",\"text\":null}",
	"{\"event\":\"code\",\"part\":0,\"code\":null,\"text\":null}",
	"{\"event\":\"code\",\"part\":0,\"code\":\"DEC_RESULT_OUT_OF_MEMORY\"}",
	"{\"event\":\"code\",\"part\":0,\"code\":\"DEC_RESULT_OUT_OF_MEMORY\",\"text\":7}",
	"{\"event\":\"code\",\"part\":0,\"code\":\"DEC_RESULT_OUT_OF_MEMORY\",\"text\":\"\xFF\"}",
	"{\"event\":\"code\",\"part\":0,\"code\":\"DEC_RESULT_OUT_OF_MEMORY\",\"text\":\"\\ud800\"}",
	"{\"event\":\"code\",\"part\":9,\"code\":\"DEC_RESULT_OUT_OF_MEMORY\",\"text\":null}",
	"{\"event\":\"virus\",\"part\":0,\"name\":\"\",\"official\":true}",
	"{\"event\":\"virus\",\"part\":0,\"name\":null,\"official\":true}",
	"{\"event\":\"virus\",\"part\":0,\"name\":\"V\",\"official\":1}",
	"{\"event\":\"virus\",\"part\":0,\"name\":\"V\"}",
	"{\"event\":\"virus\",\"part\":5,\"name\":\"V\",\"official\":true}",
	"{\"event\":\"evasion\",\"part\":0,\"reason\":\"Anything\",\"text\":null}",
	"{\"event\":\"evasion\",\"part\":0,\"reason\":\"\",\"text\":null}",
	"{\"event\":\"evasion\",\"part\":0,\"reason\":null,\"text\":null}",
	"{\"event\":\"evasion\",\"part\":0,\"reason\":1,\"text\":null}",
	"{\"event\":\"evasion\",\"part\":0,\"reason\":\"brokenfield\",\"text\":null}",
	"{\"event\":\"evasion\",\"part\":0,\"reason\":\"BrokenField\"}",
	"{\"event\":\"evasion\",\"part\":0,\"reason\":\"BrokenField\",\"text\":[]}",
	"{\"event\":\"evasion\",\"part\":9,\"reason\":\"BrokenField\",\"text\":null}",
	"{\"event\":\"usage\",\"part\":0}",
	"{\"event\":\"usage\",\"part\":0,\"depth\":-1,\"files\":0,\"largest\":0,"
	"\"cumulative\":0,\"extract_ms\":0,\"scan_ms\":0}",
	/* Only what an honest worker may refuse with. */
	"{\"event\":\"refuse\",\"part\":0,\"status\":\"EC_AV_CLEAN\",\"info\":\"\"}",
	"{\"event\":\"refuse\",\"part\":0,\"status\":\"EC_AV_NO_ENGINE\",\"info\":\"\"}",
	"{\"event\":\"refuse\",\"part\":1,\"status\":\"EC_AV_PART_IS_CONTAINER\",\"info\":\"\"}",
	"{\"event\":\"refuse\",\"part\":0,\"status\":\"EC_AV_PART_IS_CONTAINER\",\"info\":null}",
	PART(""),
	PART("\"id\":\"0\"," REST),
	PART("\"id\":\"\"," REST),
	PART("\"id\":null," REST),
	PART("\"id\":\"1\",\"id\":\"2\"," REST),
	"{\"event\":\"part\",\"part\":1,\"parent\":0,\"of\":[]}",
	"{\"event\":\"part\",\"part\":1,\"parent\":1,\"of\":{\"id\":\"1\"," REST "}}",
	"{\"event\":\"part\",\"part\":1,\"parent\":null,\"of\":{\"id\":\"1\"," REST "}}",
	"{\"event\":\"part\",\"part\":1,\"parent\":4294967295,\"of\":{\"id\":\"1\"," REST "}}",
	"{\"event\":\"part\",\"part\":2,\"parent\":0,\"of\":{\"id\":\"1\"," REST "}}",
	"{\"event\":\"part\",\"part\":1,\"of\":{\"id\":\"1\"," REST "}}",
};

static void test_hostile(void)
{
	struct report report;
	struct part part = input();
	report_init(&report);
	if (report_part(&report, &part))
		abort();
	for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
		bool good = apply(&report, hostile[i]) == -EBADMSG;
		ok(good, hostile[i]);
	}
	ok(report.part_count == 1 && !report.code_count && !report.virus_count && !report.evasion_count &&
		   !report.complete && report.status == EC_AV_ERROR && report.parts[0].route == ROUTE_UNSEEN,
	   "none of it left a trace");
	ok(apply(&report, PART("\"id\":\"1\"," REST)) == 0, "the same fields without the trick are a part");
	report_free(&report);
}

static void test_sizes(void)
{
	static const char *const digests[] = {"", "00", "0g", "AA"};
	struct report report;
	char text[3000], name[1100];
	report_init(&report);
	memset(name, 'n', sizeof name);
	for (size_t size = REPORT_TEXT_MAX; size <= REPORT_TEXT_MAX + 1; size++) {
		(void)snprintf(text, sizeof text,
			       "{\"event\":\"virus\",\"part\":0,\"name\":\"%.*s\",\"official\":false}", (int)size,
			       name);
		okf(apply(&report, text) == (size > REPORT_TEXT_MAX ? -EBADMSG : 0), "a name of %zu bytes", size);
	}
	report_free(&report);
	for (size_t i = 0; i < sizeof digests / sizeof *digests; i++) {
		char digest[70] = "";
		/* The pair, and zeros up to the right length. */
		(void)snprintf(digest, sizeof digest, "%s%0*d", digests[i], (int)(64 - strlen(digests[i])), 0);
		(void)snprintf(text, sizeof text,
			       "{\"event\":\"part\",\"part\":0,\"parent\":null,\"of\":{\"id\":\"0\",\"kind\":\"input\","
			       "\"name\":null,\"mime_type\":null,\"detected_type\":null,\"size\":0,\"sha256\":\"%s\","
			       "\"route\":\"whole\"}}",
			       i ? digest : digest + 1);
		okf(apply(&report, text) == (i == 1 ? 0 : -EBADMSG), "a digest that begins with \"%s\"", digests[i]);
		report_free(&report);
	}
	char *deep = malloc(200001);
	if (!deep)
		abort();
	memset(deep, '[', 200000);
	deep[200000] = '\0';
	ok(apply(&report, deep) == -EBADMSG, "200000 levels of nesting");
	free(deep);
	report_free(&report);
}

/* Whatever comes: no crash, and the report can be settled and freed. */
static void test_mutants(void)
{
	struct mutator mutator = {.seed = 20261122};
	struct part part = input(), child = {.number = 1, .kind = PART_MEMBER, .route = ROUTE_FED, .id = "1/a"};
	struct usage usage = {1, 2, 3, 4, 5, 6};
	char *texts[] = {event_json_part(&child),
			 event_json_route(0, ROUTE_FED),
			 event_json_usage(&usage),
			 event_json_code(0, DEC_RESULT_OUT_OF_MEMORY, "text"),
			 event_json_stage(STAGE_DONE, 0),
			 event_json_virus(0, "Eicar", true),
			 event_json_evasion(0, EVASION_OddEncoding, "text"),
			 event_json_refuse(EC_AV_PART_IS_CONTAINER, "info")};
	unsigned refused = 0, bad = 0, rounds = 0;
	struct report report;
	report_init(&report);
	(void)report_part(&report, &part);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		for (int n = 0; n < 5000; n++, rounds++) {
			size_t size;
			char *mutant = mutate(&mutator, texts[i], strlen(texts[i]), &size);
			int error = event_json_apply(mutant, size, &report, NULL);
			refused += error == -EBADMSG;
			bad += error != 0 && error != -EBADMSG;
			free(mutant);
		}
		free(texts[i]);
	}
	okf(bad == 0 && refused > rounds / 2 && refused < rounds, "%u mutants", rounds);
	ok(report_settle(&report) == 0, "what they left can be settled");
	report_free(&report);
}

int main(void)
{
	test_round_trip();
	test_hostile();
	test_sizes();
	test_mutants();
	return tap_end();
}
