/*
 * verdict_json.c - the verdict document: there and back without loss, bounded whatever the message, and refused where it
 * contradicts itself.
 */
#include "format/verdict_json.h"
#include "mutate.h"
#include "tap.h"

#include "format/frame.h"
#include <errno.h>

static const struct verdict_json_options plain = {0};

static int add_part(struct report *report, uint32_t number, uint32_t parent, const char *id, const char *name)
{
	struct part part = {.number = number,
			    .parent = number ? parent : REPORT_NO_PART,
			    .kind = number ? PART_MEMBER : PART_INPUT,
			    .route = ROUTE_FED,
			    .id = (char *)(uintptr_t)id,
			    .name = (char *)(uintptr_t)name,
			    .mime_type = "text/plain",
			    .detected_type = "application/zip",
			    .size = 12345678901,
			    .has_sha256 = number % 2 == 0};
	memset(part.sha256, 0xA5, sizeof part.sha256);
	return report_part(report, &part);
}

/* A report in which everything occurs. */
static struct report full_report(bool virus)
{
	const struct facts facts = {.engine_version = "ClamAV 1",
				    .definitions_source = "/d",
				    .definitions_version = "20261122.1",
				    .definitions_built = 1795363630,
				    .definitions_signatures = 3};
	struct report report;
	report_init(&report);
	report.wire = true;
	report.attempts = 2;
	report.started = 1795363630;
	report.total_ms = 7;
	report.limits.value[LIMIT_max_file_count] = 0;
	report.limits.value[LIMIT_max_cumulative_extract_size] = LIMITS_CUMULATIVE_MOST;
	report.usage = (struct usage){1, 2, 3, 4, 5, 6};
	if (add_part(&report, 0, 0, "0", NULL) || add_part(&report, 1, 0, "1/\x01\x7F\"\\", "\xE2\x80\xAE\n") ||
	    add_part(&report, 2, 1, "1/a/b", "") || report_facts(&report, &facts) ||
	    report_code(&report, 2, DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED, "text") ||
	    report_code(&report, 0, DEC_RESULT_OUTER_CONTAINER_IS_MIME, NULL) ||
	    (virus && (report_virus(&report, 2, "Eicar", true) || report_virus(&report, 0, "Other", false))) ||
	    report_evasion(&report, 1, EVASION_OddEncoding, "x\x01-base64") ||
	    report_evasion(&report, 0, EVASION_NulInField, NULL) || report_stage(&report, STAGE_DONE, 0) ||
	    report_settle(&report))
		abort();
	report.evasions_omitted = 3;
	return report;
}

/* Encodes, decodes, encodes: the same text. Frees the report. */
static char *returns(struct report *report, const char *what)
{
	struct report got;
	struct why why = {""};
	char *text = verdict_json_encode(report, &plain), *again = NULL;
	int error = text ? verdict_json_decode(text, strlen(text), &got, &why) : -ENOMEM;
	if (!error)
		again = verdict_json_encode(&got, &plain);
	bool good = again && strcmp(text, again) == 0 && got.status == report->status && got.code == report->code;
	ok(good, what);
	if (!good)
		printf("# %d: %.3000s\n# %.3000s\n", error, text ? text : "-", again ? again : why.text);
	if (!error)
		report_free(&got);
	free(again);
	report_free(report);
	return text;
}

static void test_round_trip(void)
{
	struct report report = full_report(true);
	char *text = returns(&report, "an infected message");
	bool ascii = true;
	for (const char *c = text; *c; c++)
		ascii = ascii && *c >= ' ' && *c < 0x7F;
	ok(ascii, "is one line of printable ASCII");
	ok(strncmp(text,
		   "{\"status\":\"EC_AV_INFECTED\",\"info\":\"Other\",\"engine\":\"csapi\","
		   "\"code\":\"AVS_RESULT_VIRUS_FOUND\",\"version\":\"1.0\"",
		   100) == 0,
	   "begins with the four values of the module");
	ok(strstr(text, "\"max_file_count\":null") && strstr(text, "\"max_cumulative_extract_size\":4294967294") &&
		   strstr(text, "\"started\":\"2026-11-22T16:07:10Z\""),
	   "has limits and times");
	ok(strstr(text,
		  "\"evasions\":[{\"part\":\"0\",\"reason\":\"NulInField\",\"text\":\"A NUL stands in a MIME field.\"},"
		  "{\"part\":\"1/") &&
		   strstr(text, "\"evasions_omitted\":3"),
	   "has evasions in the order of the parts");
	free(text);
	report = full_report(false);
	free(returns(&report, "an unscannable one"));
	report = full_report(false);
	report.complete = false;
	free(returns(&report, "one that is not complete"));
	report_init(&report);
	(void)report_settle(&report);
	free(returns(&report, "nothing but an error"));
	report = full_report(false);
	(void)report_refuse(&report, EC_AV_PART_IS_CONTAINER, "part 1 is a container");
	free(returns(&report, "a refusal"));
	report = full_report(true);
	report.started = INT64_MAX;
	report.facts.definitions_built = 400000000000; /* a file of the year 14645 */
	free(returns(&report, "dates that have no form"));
}

static void test_options(void)
{
	struct report report = full_report(false), got;
	struct why why;
	const struct verdict_json_options named = {.name = "in\xE2\x82\xAC", .without_times = true};
	char *text = verdict_json_encode(&report, &named);
	ok(text && strstr(text, "\"name\":\"in\\u20AC\"") && !strstr(text, "\"times\""), "a name, and no times");
	ok(text && verdict_json_decode(text, strlen(text), &got, &why) == -EBADMSG && *why.text,
	   "without times it is no answer of a scanner");
	free(text);
	report_free(&report);
}

/* As many parts, codes and viruses with names as long and as costly as they can be. */
static struct report worst_report(bool infected)
{
	char id[REQUEST_PART_MAX + 1], name[REPORT_TEXT_MAX + 1];
	struct report report;
	report_init(&report);
	memset(name, 0x01, sizeof name);
	name[REPORT_TEXT_MAX] = '\0';
	bool good = add_part(&report, 0, 0, "0", NULL) == 0;
	for (uint32_t i = 1; i < 25000; i++) {
		memset(id, 0x01, sizeof id);
		id[REQUEST_PART_MAX] = '\0';
		(void)snprintf(id, 8, "%07u", i);
		id[7] = 0x01;
		good = good && add_part(&report, i, i > 1 ? i - 1 : 0, id, name) == 0;
	}
	for (uint32_t i = 0; i < 25000; i++)
		good = good && report_code(&report, i, DEC_RESULT_FILE_EXTRACT_FAILED, name) == 0;
	for (uint32_t i = 0; i < 25000; i++)
		good = good && report_evasion(&report, i, EVASION_LyingSizes, name) == 0;
	for (uint32_t i = 0; infected && i < 25000; i++)
		good = good && report_virus(&report, i, name, false) == 0;
	good = good && report_stage(&report, STAGE_DONE, 0) == 0;
	if (!good)
		abort();
	return report;
}

static void test_worst(void)
{
	struct report report = worst_report(false);
	(void)report_code(&report, 24999, AVS_RESULT_SCANFILE_FAILURE, NULL);
	ok(report_settle(&report) == 0 && report.code == AVS_RESULT_SCANFILE_FAILURE && report.parts_omitted > 0 &&
		   report.codes_omitted > 0 && report.part_count + report.parts_omitted == 25000,
	   "long names: a worse code that comes last decides");
	char *text = returns(&report, "and the document comes back");
	ok(strlen(text) < FRAME_PAYLOAD_MAX, "and fits into a frame");
	free(text);
	report = worst_report(true);
	ok(report_settle(&report) == 0 && report.status == EC_AV_INFECTED && report.viruses_omitted > 0,
	   "long names and as many viruses: infected");
	text = returns(&report, "and the document comes back");
	okf(strlen(text) < FRAME_PAYLOAD_MAX, "and fits into a frame: %zu MiB", strlen(text) >> 20);
	free(text);
}

static void test_full_lists(void)
{
	struct report report;
	char id[16];
	report_init(&report);
	bool good = add_part(&report, 0, 0, "0", NULL) == 0;
	for (uint32_t i = 1; i < REPORT_PARTS_MAX + 10; i++) {
		(void)snprintf(id, sizeof id, "1/%u", i);
		good = good && add_part(&report, i, 0, id, NULL) == 0;
	}
	for (uint32_t i = 0; i < REPORT_FINDINGS_MAX + 10; i++)
		good = good && report_code(&report, i, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, NULL) == 0;
	good = good && report_virus(&report, REPORT_PARTS_MAX + 3, "Eicar", false) == 0 &&
	       report_stage(&report, STAGE_DONE, 0) == 0 && report_settle(&report) == 0;
	ok(good && report.status == EC_AV_INFECTED, "full lists, and a virus in a part beyond them");
	free(returns(&report, "come back"));
}

/* Documents that no scanner of ours writes: `from` in a good one replaced by `to`. */
static const struct {
	const char *from, *to;
} lies[] = {
	{"EC_AV_UNSCANNABLE\",\"info\":\"A file", "EC_AV_CLEAN\",\"info\":\"A file"},
	{"\"code\":\"DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED\",\"version\"", "\"code\":null,\"version\""},
	{"\"status\":\"EC_AV_UNSCANNABLE\",\"info\"", "\"status\":\"EC_AV_FINE\",\"info\""},
	{"\"status\":\"EC_AV_UNSCANNABLE\",\"info\"", "\"info\""},
	{"\"viruses\":[]", "\"viruses\":[{\"name\":\"V\",\"part\":\"0\",\"official\":true}]"},
	{"\"viruses\":[]", "\"viruses\":[7]"},
	{"\"viruses\":[]", "\"viruses\":null"},
	{"\"viruses_omitted\":0", "\"viruses_omitted\":-1"},
	{"\"parts_omitted\":0", "\"parts_omitted\":4294967295"},
	{"\"parts_omitted\":0", "\"parts_omitted\":null"},
	{"\"codes\":[{", "\"codes\":[{},{"},
	{"\"part\":\"1/a/b\"", "\"part\":\"1/a/c\""},
	{"\"part\":\"1/a/b\"", "\"part\":5"},
	{"\"id\":\"1/a/b\"", "\"id\":\"0\""},
	{"\"id\":\"1/a/b\"", "\"id\":\"\""},
	{"\"id\":\"0\"", "\"id\":\"0\",\"id\":\"0\""},
	{"\"parent\":null", "\"parent\":\"0\""},
	{"\"parent\":\"0\"", "\"parent\":null"},
	{"\"parent\":\"0\"", "\"parent\":\"1/a/b\""},
	{"\"evasions\":[{", "\"evasions\":[7,{"},
	{"\"evasions\":[{", "\"evasions\":[{},{"},
	{"\"evasions\":[{\"part\":\"0\"", "\"evasions\":[{\"part\":\"9\""},
	{"\"evasions\":[{\"part\":\"0\"", "\"evasions\":[{\"part\":0"},
	{"\"reason\":\"NulInField\"", "\"reason\":\"nulinfield\""},
	{"\"reason\":\"NulInField\"", "\"reason\":null"},
	{"\"text\":\"A NUL stands in a MIME field.\"", "\"text\":null"},
	{"\"evasions_omitted\":3", "\"evasions_omitted\":-3"},
	{"\"evasions_omitted\":3", "\"evasions_omit\":3"},
	{"\"complete\":true", "\"complete\":1"},
	{"\"wire\":true", "\"wire\":null"},
	{"\"attempts\":2", "\"attempts\":99999999999"},
	{"\"limits\":{", "\"limit\":{"},
	{"\"timeout\":10", "\"timeout\":\"10\""},
	{"\"started\":\"2026", "\"started\":\"2026-11-22T16:07:10Z2026"},
	{"\"started\":\"2026-11-22", "\"started\":\"2026-13-22"},
	{"\"total_ms\":7", "\"total_ms\":7.5"},
	{"\"source\":\"/d\"", "\"source\":null"},
	{"a5\",\"route", "A5\",\"route"},
	{"\"size\":12345678901,\"sha256\":null", "\"size\":-1,\"sha256\":null"},
	{"\"route\":\"decomposer\"", "\"route\":\"rumour\""},
};

static void test_lies(void)
{
	struct report report = full_report(false), got;
	char *text = verdict_json_encode(&report, &plain);
	size_t size = strlen(text);
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		const char *at = strstr(text, lies[i].from);
		char *lie = NULL;
		if (at && asprintf(&lie, "%.*s%s%s", (int)(at - text), text, lies[i].to, at + strlen(lies[i].from)) < 0)
			abort();
		struct why why = {""};
		okf(lie && verdict_json_decode(lie, strlen(lie), &got, &why) == -EBADMSG && *why.text, "%s -> %s",
		    lies[i].from, lies[i].to);
		free(lie);
	}
	unsigned taken = 0;
	for (size_t cut = 0; cut < size; cut++) {
		char *part = malloc(cut ? cut : 1);
		if (!part)
			abort();
		memcpy(part, text, cut);
		taken += verdict_json_decode(part, cut, &got, NULL) != -EBADMSG;
		free(part);
	}
	ok(taken == 0, "cut off anywhere it is refused");
	free(text);
	report_free(&report);
}

/* Of a scanner that was started before evasions were known. */
static void test_without_evasions(void)
{
	struct report report = full_report(false), got;
	char *text = verdict_json_encode(&report, &plain), *older = NULL;
	char *from = strstr(text, "\"evasions\":["), *to = strstr(text, "\"parts\":[");
	if (!from || !to || asprintf(&older, "%.*s%s", (int)(from - text), text, to) < 0)
		abort();
	ok(verdict_json_decode(older, strlen(older), &got, NULL) == 0 && got.evasion_count == 0 &&
		   got.code == report.code,
	   "a document without evasions is a verdict");
	report_free(&got);
	free(older);
	free(text);
	report_free(&report);
}

/* Omitted codes that nobody can see, and nothing in the lists: a trap for whoever looks at the last one. */
static void test_empty_lists(void)
{
	struct report report = full_report(false), got;
	char *text = verdict_json_encode(&report, &plain);
	char *from = strstr(text, "\"codes\":["), *to = strstr(text, ",\"complete\"");
	char *lie = NULL;
	if (!from || !to ||
	    asprintf(&lie,
		     "%.*s\"codes\":[],\"codes_omitted\":5,\"evasions\":[],\"evasions_omitted\":1,\"parts\":[],\"parts_"
		     "omitted\":9,\"complete\":false%s",
		     (int)(from - text), text, strchr(to + 1, ',')) < 0)
		abort();
	ok(verdict_json_decode(lie, strlen(lie), &got, NULL) == -EBADMSG, "empty lists of which much was omitted");
	free(lie);
	free(text);
	report_free(&report);
}

static void test_mutants(void)
{
	struct mutator mutator = {.seed = 4};
	struct report report = full_report(true);
	char *text = verdict_json_encode(&report, &plain);
	unsigned refused = 0, bad = 0;
	const unsigned rounds = 20000;
	for (unsigned n = 0; n < rounds; n++) {
		struct report got;
		size_t size;
		char *mutant = mutate(&mutator, text, strlen(text), &size);
		int error = verdict_json_decode(mutant, size, &got, NULL);
		refused += error == -EBADMSG;
		bad += error != 0 && error != -EBADMSG;
		if (!error) {
			char *again = verdict_json_encode(&got, &plain);
			/* What says that a virus was found cannot be turned into something else. */
			bad += !again || got.virus_count == 0 ? got.status == EC_AV_CLEAN : 0;
			free(again);
			report_free(&got);
		}
		free(mutant);
	}
	okf(bad == 0 && refused > rounds / 2 && refused < rounds, "%u mutants", rounds);
	free(text);
	report_free(&report);
}

int main(void)
{
	test_round_trip();
	test_options();
	test_worst();
	test_full_lists();
	test_lies();
	test_without_evasions();
	test_empty_lists();
	test_mutants();
	return tap_end();
}
