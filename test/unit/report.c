/*
 * report.c - the rules by which events become one status and one code, and what is refused as no event at all.
 */
#include "verdict/report.h"
#include "tap.h"
#include "verdict/observer.h"

#include <errno.h>
#include <stdlib.h>

static struct part part_of(uint32_t number, uint32_t parent, const char *id, enum part_route route)
{
	return (struct part){.number = number,
			     .parent = parent,
			     .kind = number ? PART_ATTACHMENT : PART_INPUT,
			     .route = route,
			     .id = (char *)(uintptr_t)id};
}

static int add_part(struct report *report, uint32_t number, const char *id, enum part_route route)
{
	struct part part = part_of(number, number ? 0 : REPORT_NO_PART, id, route);
	return report_part(report, &part);
}

/* A report of the input and one attachment, all seen, complete. */
static struct report clean_report(void)
{
	struct report report;
	report_init(&report);
	if (add_part(&report, 0, "0", ROUTE_WHOLE) || add_part(&report, 1, "2/a.zip", ROUTE_ENGINE) ||
	    report_stage(&report, STAGE_DONE, 0))
		abort();
	return report;
}

/* Settles, compares, frees. */
static void settles(struct report *report, enum ec_av_status status, enum scan_code code, const char *info,
		    const char *what)
{
	bool settled = report_settle(report) == 0 && report->info;
	bool engine = settled && (report->engine != NULL) == (status == EC_AV_INFECTED);
	bool good = settled && engine && report->status == status && report->code == code &&
		    (!info || strcmp(report->info, info) == 0);
	ok(good, what);
	if (!good && settled)
		printf("# %s, %s, \"%s\"\n", ec_av_status_name(report->status),
		       report->code ? scan_code_name(report->code) : "no code", report->info);
	report_free(report);
}

static void test_walked(void)
{
	struct report report = clean_report();
	(void)report_route(&report, 1, ROUTE_WALKED);
	settles(&report, EC_AV_ERROR, AVS_RESULT_SCANNER_NOT_INITIALIZED, NULL,
		"a part that was only walked is not clean");
	report = clean_report();
	(void)report_route(&report, 1, ROUTE_WALKED);
	ok(report_settle(&report) == 0 && report.parts[1].status == EC_AV_ERROR &&
		   report.parts[1].code == AVS_RESULT_SCANNER_NOT_INITIALIZED,
	   "nor does it say so of itself");
	report_free(&report);
}

static void test_clean(void)
{
	struct report report = clean_report();
	settles(&report, EC_AV_CLEAN, SCAN_CODE_NONE, "", "all seen, nothing found, complete");
	report_init(&report);
	settles(&report, EC_AV_ERROR, DEC_RESULT_SCAN_FILE_DECOMPOSE_ERROR, NULL, "no event at all is an error");
	report_init(&report);
	(void)report_stage(&report, STAGE_DONE, 0);
	settles(&report, EC_AV_ERROR, DEC_RESULT_SCAN_FILE_DECOMPOSE_ERROR, NULL,
		"complete without a part is an error");
	report = clean_report();
	report.complete = false;
	settles(&report, EC_AV_ERROR, DEC_RESULT_SCAN_FILE_DECOMPOSE_ERROR, NULL, "not complete is an error");
	report = clean_report();
	report.complete = false;
	(void)report_code(&report, 0, DEC_RESULT_OUTER_CONTAINER_IS_MIME, NULL);
	settles(&report, EC_AV_ERROR, DEC_RESULT_SCAN_FILE_DECOMPOSE_ERROR, NULL,
		"information does not speak for what is missing");
	report = clean_report();
	report.complete = false;
	(void)report_code(&report, 1, DEC_RESULT_MAXIMUM_DEPTH_REACHED, NULL);
	settles(&report, EC_AV_UNSCANNABLE, DEC_RESULT_MAXIMUM_DEPTH_REACHED, NULL, "a code that is there does");
}

static void test_unseen(void)
{
	struct report report = clean_report();
	(void)report_route(&report, 1, ROUTE_UNSEEN);
	settles(&report, EC_AV_UNSCANNABLE, DEC_RESULT_FILE_EXTRACT_FAILED, NULL, "a part that nobody saw");
	report = clean_report();
	(void)report_route(&report, 0, ROUTE_UNSEEN);
	settles(&report, EC_AV_UNSCANNABLE, DEC_RESULT_FILE_EXTRACT_FAILED, NULL, "the input that nobody saw");
	report = clean_report();
	(void)report_route(&report, 1, ROUTE_UNSEEN);
	(void)report_code(&report, 1, DEC_RESULT_CHILD_FILE_SIZE_UNKNOWN, NULL);
	settles(&report, EC_AV_UNSCANNABLE, DEC_RESULT_FILE_EXTRACT_FAILED, NULL,
		"information about it does not make it seen");
	report = clean_report();
	(void)report_route(&report, 1, ROUTE_UNSEEN);
	(void)report_code(&report, 1, DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED, NULL);
	bool one = report_settle(&report) == 0 && report.code_count == 1;
	ok(one, "a code that says why is enough");
	report_free(&report);
	static const enum part_route seen[] = {ROUTE_WHOLE, ROUTE_ENGINE, ROUTE_TEXT,
					       ROUTE_FED,   ROUTE_PARTS,  ROUTE_EMPTY};
	for (size_t i = 0; i < sizeof seen / sizeof *seen; i++) {
		report = clean_report();
		(void)report_route(&report, 1, seen[i]);
		settles(&report, EC_AV_CLEAN, SCAN_CODE_NONE, "", part_route_word(seen[i]));
	}
}

static void test_order(void)
{
	struct report report = clean_report();
	(void)report_code(&report, 0, DEC_RESULT_OUT_OF_MEMORY, NULL);
	(void)report_code(&report, 0, AVS_RESULT_SCANFILE_FAILURE, NULL);
	(void)report_virus(&report, 1, "Eicar", false);
	settles(&report, EC_AV_INFECTED, AVS_RESULT_VIRUS_FOUND, "Eicar", "a virus wins over everything");
	report = clean_report();
	report.complete = false;
	(void)report_virus(&report, 0, "Eicar", false);
	settles(&report, EC_AV_INFECTED, AVS_RESULT_VIRUS_FOUND, "Eicar", "also when the rest is missing");
	report = clean_report();
	(void)report_code(&report, 1, DEC_RESULT_OUT_OF_MEMORY, NULL);
	(void)report_code(&report, 0, GEN_RESULT_OUT_OF_MEMORY, NULL);
	(void)report_code(&report, 1, AVS_RESULT_SCANFILE_FAILURE, NULL);
	settles(&report, EC_AV_ERROR, AVS_RESULT_SCANFILE_FAILURE, NULL, "AVS comes first");
	report = clean_report();
	(void)report_code(&report, 1, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, NULL);
	(void)report_code(&report, 1, DEC_RESULT_OUT_OF_MEMORY, NULL);
	settles(&report, EC_AV_ERROR, DEC_RESULT_OUT_OF_MEMORY, NULL, "a failure of our own before a finding");
	report = clean_report();
	(void)report_code(&report, 0, DEC_RESULT_CHILD_FILE_SIZE_UNKNOWN, NULL);
	(void)report_code(&report, 0, DEC_RESULT_OUTER_CONTAINER_IS_MIME, NULL);
	settles(&report, EC_AV_CLEAN, SCAN_CODE_NONE, "", "information decides nothing");
	report = clean_report();
	(void)report_code(&report, 0, DEC_RESULT_OUTER_CONTAINER_IS_MIME, NULL);
	(void)report_code(&report, 0, GEN_RESULT_PARAMETER_INVALID, NULL);
	settles(&report, EC_AV_ERROR, GEN_RESULT_PARAMETER_INVALID, NULL, "not even over what stands behind it");
}

/* For every pair of codes, in both orders of arrival, the row that stands first gives code and status. */
static void test_pairs(void)
{
	unsigned bad = 0;
	for (int a = AVS_RESULT_DEFINITIONS_MISSING; a < SCAN_CODE_END; a++) {
		for (int b = AVS_RESULT_DEFINITIONS_MISSING; b < SCAN_CODE_END; b++) {
			enum scan_code x = (enum scan_code)a, y = (enum scan_code)b, wanted = SCAN_CODE_NONE;
			struct report report = clean_report();
			bad += report_code(&report, 1, x, NULL) != 0 || report_code(&report, 0, y, NULL) != 0;
			if (!scan_code_is_information(x))
				wanted = x;
			if (!scan_code_is_information(y) && (wanted == SCAN_CODE_NONE || y < x))
				wanted = y;
			bad += report_settle(&report) != 0 || report.code != wanted ||
			       report.status != (wanted ? scan_code_row(wanted)->status : EC_AV_CLEAN) ||
			       report.parts[1].code != (scan_code_is_information(x) ? SCAN_CODE_NONE : x);
			report_free(&report);
		}
	}
	ok(bad == 0, "all pairs of codes");
}

static void test_info(void)
{
	struct report report = clean_report();
	(void)report_code(&report, 0, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, NULL);
	settles(&report, EC_AV_UNSCANNABLE, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, "A container is encrypted",
		"of the whole");
	report = clean_report();
	(void)report_code(&report, 0, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, NULL);
	(void)report_code(&report, 1, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, "detail");
	settles(&report, EC_AV_UNSCANNABLE, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED,
		"A container is encrypted: 2/a.zip (detail)", "the part says more than the whole");
	report = clean_report();
	(void)report_virus(&report, 1, "B", false);
	(void)report_virus(&report, 1, "A", true);
	(void)report_virus(&report, 0, "Z", true);
	settles(&report, EC_AV_INFECTED, AVS_RESULT_VIRUS_FOUND, "Z", "the first virus in reading order");
	report = clean_report();
	(void)report_code(&report, 1, DEC_RESULT_FILE_EXTRACT_FAILED, "%s%n%d");
	settles(&report, EC_AV_UNSCANNABLE, DEC_RESULT_FILE_EXTRACT_FAILED, NULL, "a text that looks like a format");
}

static void test_parts_settle(void)
{
	struct report report = clean_report();
	(void)report_code(&report, 1, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, NULL);
	(void)report_code(&report, 1, DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED, NULL);
	(void)report_settle(&report);
	ok(report.parts[0].status == EC_AV_CLEAN && report.parts[0].code == SCAN_CODE_NONE &&
		   report.parts[1].status == EC_AV_UNSCANNABLE &&
		   report.parts[1].code == DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED,
	   "a part has its own status and its own worst code");
	(void)report_virus(&report, 1, "Eicar", false);
	(void)report_settle(&report);
	ok(report.parts[1].status == EC_AV_INFECTED && report.parts[1].code == AVS_RESULT_VIRUS_FOUND &&
		   report.status == EC_AV_INFECTED,
	   "a virus in it wins, also when it comes after it was settled");
	uint32_t codes = report.code_count;
	(void)report_settle(&report);
	ok(report.code_count == codes && report.virus_count == 1, "to settle again changes nothing");
	report_free(&report);
}

static void test_repeated(void)
{
	struct report report = clean_report();
	for (int i = 0; i < 3; i++) {
		(void)report_virus(&report, 1, "Eicar", false);
		(void)report_code(&report, 1, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, i == 1 ? "detail" : NULL);
	}
	(void)report_virus(&report, 0, "Eicar", false);
	(void)report_settle(&report);
	ok(report.virus_count == 2 && report.code_count == 3, "the same finding in the same part counts once");
	same(report.codes[2].text, "detail", "with the text that says more");
	report_free(&report);
}

static void test_refused(void)
{
	struct report report = clean_report();
	(void)report_code(&report, 0, AVS_RESULT_SCANFILE_FAILURE, NULL);
	(void)report_refuse(&report, EC_AV_PART_IS_CONTAINER, "part 1 is a container");
	settles(&report, EC_AV_PART_IS_CONTAINER, SCAN_CODE_NONE, "part 1 is a container", "what was refused stays so");
}

static void refused(int error, const char *what)
{
	ok(error == -EINVAL, what);
}

static void test_bad_parts(void)
{
	struct report report;
	char id[REQUEST_PART_MAX + 2];
	memset(id, 'i', sizeof id);
	id[sizeof id - 1] = '\0';
	report_init(&report);
	refused(add_part(&report, 1, "1", ROUTE_FED), "the first part is number 0");
	struct part part = part_of(0, 0, "0", ROUTE_FED);
	refused(report_part(&report, &part), "the input has no parent");
	part = part_of(0, REPORT_NO_PART, NULL, ROUTE_FED);
	refused(report_part(&report, &part), "no id");
	part = part_of(0, REPORT_NO_PART, "", ROUTE_FED);
	refused(report_part(&report, &part), "an empty id");
	part = part_of(0, REPORT_NO_PART, id, ROUTE_FED);
	refused(report_part(&report, &part), "an id that is too long");
	part = part_of(0, REPORT_NO_PART, "0", PART_ROUTE_COUNT);
	refused(report_part(&report, &part), "no route");
	part = part_of(0, REPORT_NO_PART, "0", ROUTE_FED);
	part.kind = PART_KIND_COUNT;
	refused(report_part(&report, &part), "no kind");
	ok(report.part_count == 0, "nothing came of them");
	ok(add_part(&report, 0, "0", ROUTE_WHOLE) == 0, "the input");
	refused(add_part(&report, 0, "1", ROUTE_FED), "a number that was there");
	refused(add_part(&report, 2, "1", ROUTE_FED), "a number that is not the next");
	refused(add_part(&report, 1, "0", ROUTE_FED), "an id that was there");
	part = part_of(1, 1, "1", ROUTE_FED);
	refused(report_part(&report, &part), "its own parent");
	part.parent = 2;
	refused(report_part(&report, &part), "a parent that comes later");
	part.parent = REPORT_NO_PART;
	refused(report_part(&report, &part), "no parent");
	report_free(&report);
}

static void test_bad_findings(void)
{
	struct report report;
	report_init(&report);
	ok(report_code(&report, 0, DEC_RESULT_OUT_OF_MEMORY, NULL) == 0 && report_stage(&report, STAGE_READ, 0) == 0 &&
		   report_virus(&report, 0, "V", false) == 0,
	   "of the input something may be said before it is told");
	refused(report_code(&report, 1, DEC_RESULT_OUT_OF_MEMORY, NULL), "a code for a part that is not there");
	refused(report_code(&report, 0, SCAN_CODE_NONE, NULL), "no code");
	refused(report_code(&report, 0, SCAN_CODE_END, NULL), "a code out of the table");
	refused(report_code(&report, 0, (enum scan_code)UINT32_MAX, NULL), "a code far out of the table");
	refused(report_virus(&report, 1, "V", false), "a virus in a part that is not there");
	refused(report_virus(&report, 0, "", false), "a virus without a name");
	refused(report_virus(&report, 0, NULL, false), "a virus with no name at all");
	refused(report_route(&report, 0, ROUTE_FED), "a route for a part that is not there");
	refused(report_route(&report, 0, PART_ROUTE_COUNT), "a route out of the table");
	refused(report_stage(&report, SCAN_STAGE_COUNT, 0), "a stage out of the table");
	refused(report_stage(&report, STAGE_SCAN, 1), "a stage at a part that is not there");
	refused(report_route(&report, UINT32_MAX, ROUTE_FED), "the largest number");
	report_free(&report);
}

static void test_texts(void)
{
	char text[3 * REPORT_TEXT_MAX + 4];
	for (size_t i = 0; i + 3 < sizeof text; i += 3)
		memcpy(text + i, "\xE2\x82\xAC", 4);
	struct report report;
	report_init(&report);
	struct part part = part_of(0, REPORT_NO_PART, "0", ROUTE_WHOLE);
	part.name = part.mime_type = part.detected_type = text;
	ok(report_part(&report, &part) == 0 && strlen(report.parts[0].name) == REPORT_TEXT_MAX &&
		   strlen(report.parts[0].mime_type) == 1023 && report.parts[0].name != text,
	   "long texts are copied, and cut");
	memset(text, 'x', 2);
	for (size_t i = 2; i + 3 < sizeof text; i += 3)
		memcpy(text + i, "\xE2\x82\xAC", 4);
	(void)report_code(&report, 0, DEC_RESULT_FILE_EXTRACT_FAILED, text);
	size_t size = strlen(report.codes[0].text);
	ok(size == 2 + 3 * ((REPORT_TEXT_MAX - 2) / 3), "at a character's end");
	report_free(&report);
}

/* The list of parts has an end; what is said of parts beyond it still counts. */
static void test_many_parts(void)
{
	struct report report;
	char id[16];
	bool good = true;
	report_init(&report);
	good = good && add_part(&report, 0, "0", ROUTE_WHOLE) == 0;
	for (uint32_t i = 1; i < REPORT_PARTS_MAX + 5; i++) {
		(void)snprintf(id, sizeof id, "%u", i);
		good = good && add_part(&report, i, id, ROUTE_FED) == 0;
	}
	ok(good && report.part_count == REPORT_PARTS_MAX && report.parts_omitted == 5,
	   "parts beyond the list are counted");
	refused(add_part(&report, REPORT_PARTS_MAX, "x", ROUTE_FED), "their numbers go on");
	ok(report_route(&report, REPORT_PARTS_MAX + 4, ROUTE_ENGINE) == 0, "they have routes");
	refused(report_route(&report, REPORT_PARTS_MAX + 5, ROUTE_ENGINE), "one further does not exist");
	(void)report_stage(&report, STAGE_DONE, 0);
	(void)report_settle(&report);
	ok(report.status == EC_AV_CLEAN, "all of them were seen: clean");
	(void)report_code(&report, REPORT_PARTS_MAX + 4, DEC_RESULT_MAXIMUM_DEPTH_REACHED, NULL);
	(void)report_settle(&report);
	ok(report.status == EC_AV_UNSCANNABLE && report.code == DEC_RESULT_MAXIMUM_DEPTH_REACHED,
	   "a code of a part beyond the list decides");
	(void)report_virus(&report, REPORT_PARTS_MAX + 4, "Eicar", false);
	settles(&report, EC_AV_INFECTED, AVS_RESULT_VIRUS_FOUND, "Eicar", "a virus in such a part infects");
}

static struct report many_parts(enum part_route last)
{
	struct report report;
	char id[16];
	report_init(&report);
	for (uint32_t i = 0; i <= REPORT_PARTS_MAX; i++) {
		(void)snprintf(id, sizeof id, "%u", i);
		if (add_part(&report, i, id, i == REPORT_PARTS_MAX ? last : ROUTE_FED))
			abort();
	}
	(void)report_stage(&report, STAGE_DONE, 0);
	return report;
}

static void test_unseen_beyond(void)
{
	struct report report = many_parts(ROUTE_UNSEEN);
	settles(&report, EC_AV_UNSCANNABLE, DEC_RESULT_FILE_EXTRACT_FAILED, NULL,
		"a part beyond the list that nobody saw");
	report = many_parts(ROUTE_UNSEEN);
	(void)report_route(&report, REPORT_PARTS_MAX, ROUTE_FED);
	settles(&report, EC_AV_CLEAN, SCAN_CODE_NONE, "", "one that was seen after it was told");
}

/* A report whose list of codes is full of `code`. */
static struct report full_of(enum scan_code code)
{
	struct report report = clean_report();
	for (uint32_t i = 0; i < REPORT_FINDINGS_MAX; i++)
		if (report_code(&report, i % 2, code, NULL))
			abort();
	return report;
}

static void test_many_codes(void)
{
	struct report report = full_of(DEC_RESULT_MALFORMED_CONTAINER_DETECTED);
	ok(report.code_count == REPORT_FINDINGS_MAX && report.codes_omitted == 0, "the list of codes is full");
	ok(report_code(&report, 1, DEC_RESULT_MIME_PARSING_FAILED, NULL) == 0 && report.codes_omitted == 1,
	   "one more is counted");
	(void)report_code(&report, 1, DEC_RESULT_OUT_OF_MEMORY, "late");
	(void)report_code(&report, 1, DEC_RESULT_MIME_PARSING_FAILED, NULL);
	settles(&report, EC_AV_ERROR, DEC_RESULT_OUT_OF_MEMORY, NULL, "a worse one that comes late still decides");
	report = full_of(DEC_RESULT_MALFORMED_CONTAINER_DETECTED);
	(void)report_virus(&report, 1, "Eicar", false);
	settles(&report, EC_AV_INFECTED, AVS_RESULT_VIRUS_FOUND, "Eicar", "a virus that comes late infects");
	report = full_of(DEC_RESULT_OUTER_CONTAINER_IS_MIME);
	(void)report_code(&report, 1, GEN_RESULT_OUT_OF_MEMORY, NULL);
	settles(&report, EC_AV_ERROR, GEN_RESULT_OUT_OF_MEMORY, NULL, "so does any code behind a list of information");
	report = full_of(DEC_RESULT_OUTER_CONTAINER_IS_MIME);
	(void)report_code(&report, 1, DEC_RESULT_MIME_PARSING_FAILED, NULL);
	(void)report_code(&report, 1, DEC_RESULT_CHILD_FILE_SIZE_UNKNOWN, NULL);
	settles(&report, EC_AV_UNSCANNABLE, DEC_RESULT_MIME_PARSING_FAILED, NULL,
		"and information never takes its place");
	report = full_of(DEC_RESULT_OUTER_CONTAINER_IS_MIME);
	report.complete = false;
	settles(&report, EC_AV_ERROR, DEC_RESULT_SCAN_FILE_DECOMPOSE_ERROR, NULL,
		"nor hides that the report is not complete");
}

static void test_many_viruses(void)
{
	struct report report = clean_report();
	char name[16];
	bool good = true;
	for (uint32_t i = 0; i < REPORT_FINDINGS_MAX + 3; i++) {
		(void)snprintf(name, sizeof name, "V%05u", i);
		good = good && report_virus(&report, 1, name, false) == 0;
	}
	ok(good && report.virus_count == REPORT_FINDINGS_MAX && report.viruses_omitted == 3,
	   "viruses beyond the list are counted");
	settles(&report, EC_AV_INFECTED, AVS_RESULT_VIRUS_FOUND, "V00000", "and the message is infected");
}

static void test_evasions(void)
{
	struct report report = clean_report();
	ok(report_evasion(&report, 0, EVASION_NONE, "x") == -EINVAL &&
		   report_evasion(&report, 0, EVASION_END, "x") == -EINVAL &&
		   report_evasion(&report, 2, EVASION_BrokenField, "x") == -EINVAL && !report.evasion_count,
	   "an evasion that is none, or of no part, is refused");
	ok(report_evasion(&report, 1, EVASION_OddEncoding, "one") == 0 &&
		   report_evasion(&report, 1, EVASION_OddEncoding, "two") == 0 && report.evasion_count == 1 &&
		   strcmp(report.evasions[0].text, "one") == 0,
	   "the same of the same part is told once");
	(void)report_evasion(&report, 1, EVASION_ConflictingType, NULL);
	(void)report_evasion(&report, 0, EVASION_LyingSizes, "");
	bool settled = report_settle(&report) == 0 && report.evasion_count == 3;
	ok(settled && report.evasions[0].part == 0 && report.evasions[1].evasion == EVASION_ConflictingType &&
		   report.evasions[2].evasion == EVASION_OddEncoding,
	   "they stand in the order of parts and of the table");
	ok(settled && strcmp(report.evasions[0].text, evasion_row(EVASION_LyingSizes)->text) == 0,
	   "and say what they are");
	settles(&report, EC_AV_CLEAN, SCAN_CODE_NONE, "", "and the message is clean");
	report = clean_report();
	bool good = true;
	char id[16];
	for (uint32_t i = 2; i < REPORT_EVASIONS_MAX + 12; i++) {
		(void)snprintf(id, sizeof id, "2/%u", i);
		good = good && add_part(&report, i, id, ROUTE_FED) == 0 &&
		       report_evasion(&report, i, EVASION_HiddenZipMember, NULL) == 0;
	}
	ok(good && report.evasion_count == REPORT_EVASIONS_MAX && report.evasions_omitted == 10,
	   "those beyond the list are counted");
	settles(&report, EC_AV_CLEAN, SCAN_CODE_NONE, "", "and decide as little");
	good = true;
	for (int i = 1; i <= EVASION_COUNT; i++)
		good = good && evasion_find(evasion_word((enum evasion)i)) == (enum evasion)i;
	ok(good && evasion_find("") == EVASION_NONE && evasion_find("brokenfield") == EVASION_NONE,
	   "each word is found, and no other");
}

static void test_facts(void)
{
	struct facts from = {.engine_version = "ClamAV 1", .definitions_signatures = 7}, to = {0};
	ok(facts_copy(&to, &from) == 0 && to.engine_version != from.engine_version &&
		   strcmp(to.engine_version, "ClamAV 1") == 0 && !to.definitions_source &&
		   to.definitions_signatures == 7,
	   "facts are copied");
	ok(facts_copy(&to, &to) == 0 && strcmp(to.engine_version, "ClamAV 1") == 0, "onto themselves, too");
	facts_free(&to);
	facts_free(&to);
	struct usage usage = {1, 2, 3, 4, 5, 6};
	struct report report;
	report_init(&report);
	struct observer observer = report_observer(&report);
	ok(observer.usage(observer.context, &usage) == 0 && report.usage.cumulative == 4, "usage arrives");
	ok(observer.refuse(observer.context, EC_AV_PART_IS_CONTAINER, "x") == 0 &&
		   report.status == EC_AV_PART_IS_CONTAINER,
	   "so does a refusal");
	report_free(&report);
}

static void test_words(void)
{
	bool good = true;
	for (int i = 0; i < PART_KIND_COUNT; i++) {
		enum part_kind kind;
		good = good && part_kind_find(part_kind_word((enum part_kind)i), &kind) == 0 && (int)kind == i;
	}
	for (int i = 0; i < PART_ROUTE_COUNT; i++) {
		enum part_route route;
		good = good && part_route_find(part_route_word((enum part_route)i), &route) == 0 && (int)route == i &&
		       *part_route_text(route);
	}
	for (int i = 0; i < SCAN_STAGE_COUNT; i++) {
		enum scan_stage stage;
		good = good && scan_stage_find(scan_stage_word((enum scan_stage)i), &stage) == 0 && (int)stage == i;
	}
	ok(good, "words of kinds, routes and stages, both ways");
	enum part_kind kind;
	enum part_route route;
	enum scan_stage stage;
	ok(part_kind_find("", &kind) && part_route_find("Unseen", &route) && scan_stage_find("done ", &stage),
	   "what is no such word is not found");
}

int main(void)
{
	test_clean();
	test_walked();
	test_unseen();
	test_order();
	test_pairs();
	test_info();
	test_parts_settle();
	test_repeated();
	test_refused();
	test_bad_parts();
	test_bad_findings();
	test_texts();
	test_many_parts();
	test_unseen_beyond();
	test_many_codes();
	test_many_viruses();
	test_evasions();
	test_facts();
	test_words();
	return tap_end();
}
