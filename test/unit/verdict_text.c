/*
 * verdict_text.c - the lines for people: short, complete for what matters, and without anything a terminal acts on.
 */
#include "format/verdict_text.h"
#include "tap.h"

#include <stdlib.h>

static int add_part(struct report *report, uint32_t number, const char *id)
{
	struct part part = {.number = number,
			    .parent = number ? 0 : REPORT_NO_PART,
			    .route = ROUTE_FED,
			    .id = (char *)(uintptr_t)id,
			    .size = 12};
	return report_part(report, &part);
}

static struct report report_of(const char *id)
{
	struct report report;
	report_init(&report);
	if (add_part(&report, 0, "0") || add_part(&report, 1, id) || report_stage(&report, STAGE_DONE, 0))
		abort();
	return report;
}

static void prints(struct report *report, struct verdict_text_options options, const char *wanted, const char *what)
{
	(void)report_settle(report);
	char *text = verdict_text_encode(report, &options);
	same(text, wanted, what);
	free(text);
}

static void test_lines(void)
{
	struct report report = report_of("2/a.zip");
	prints(&report, (struct verdict_text_options){.name = "m.eml"}, "m.eml: EC_AV_CLEAN\n", "clean");
	prints(&report, (struct verdict_text_options){0}, "-: EC_AV_CLEAN\n", "without a name");
	prints(&report, (struct verdict_text_options){.name = "m", .all_parts = true},
	       "m: EC_AV_CLEAN\n    0  -  12 bytes  decomposer  EC_AV_CLEAN\n"
	       "    2/a.zip  -  12 bytes  decomposer  EC_AV_CLEAN\n",
	       "all parts");
	(void)report_code(&report, 0, DEC_RESULT_OUTER_CONTAINER_IS_MIME, NULL);
	(void)report_code(&report, 1, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, "why");
	prints(&report, (struct verdict_text_options){.name = "m"},
	       "m: EC_AV_UNSCANNABLE A container is encrypted: 2/a.zip (why) "
	       "[DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED]\n"
	       "    2/a.zip  -  12 bytes  decomposer  EC_AV_UNSCANNABLE DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED "
	       "(why)\n",
	       "a code, and no information");
	(void)report_virus(&report, 1, "Eicar", false);
	prints(&report, (struct verdict_text_options){.name = "m", .color = true},
	       "m: \033[1;31mEC_AV_INFECTED\033[0m Eicar [AVS_RESULT_VIRUS_FOUND]\n"
	       "    2/a.zip  -  12 bytes  decomposer  \033[1;31mEC_AV_INFECTED\033[0m Eicar AVS_RESULT_VIRUS_FOUND "
	       "DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED (why)\n",
	       "a virus, in colour");
	report.parts_omitted = 3;
	char *text = verdict_text_encode(&report, &(struct verdict_text_options){.name = "m"});
	ok(text && strstr(text, "\n    ... and 3 more parts\n"), "parts that were left out");
	free(text);
	report_free(&report);
}

static void test_harmless(void)
{
	struct report report = report_of("2/\033]0;x\a\n\xE2\x80\xAE.exe");
	(void)report_virus(&report, 1, "V\033[2J\x7F", false);
	(void)report_code(&report, 1, DEC_RESULT_FILE_EXTRACT_FAILED, "\r\xC2\x9B%n");
	(void)report_settle(&report);
	char *text = verdict_text_encode(&report, &(struct verdict_text_options){.name = "\033c\n", .all_parts = true});
	unsigned bad = !text, lines = 0;
	for (const char *c = text; c && *c; c++) {
		lines += *c == '\n';
		bad += *c != '\n' && ((unsigned char)*c < ' ' || *c == 0x7F);
	}
	ok(bad == 0 && lines == 3 && !strstr(text, "\xE2\x80\xAE") && !strstr(text, "\xC2\x9B"),
	   "names that a terminal would act on");
	free(text);
	report_free(&report);
}

/* Names as long and as costly as they can be: the lines come all the same. */
static void test_worst(void)
{
	char id[REQUEST_PART_MAX + 1];
	struct report report = report_of("1");
	bool good = true;
	for (uint32_t i = 2; i < 20000; i++) {
		memset(id, 0x01, sizeof id);
		id[REQUEST_PART_MAX] = '\0';
		(void)snprintf(id, 8, "%07u", i);
		id[7] = 0x01;
		good = good && add_part(&report, i, id) == 0 &&
		       report_code(&report, i, DEC_RESULT_FILE_EXTRACT_FAILED, id) == 0;
	}
	(void)report_virus(&report, 19999, "Eicar", false);
	(void)report_settle(&report);
	char *text = verdict_text_encode(&report, &(struct verdict_text_options){.name = "m", .all_parts = true});
	ok(good && text && strncmp(text, "m: EC_AV_INFECTED Eicar", 23) == 0, "20000 parts with long names");
	free(text);
	report_free(&report);
}

int main(void)
{
	test_lines();
	test_harmless();
	test_worst();
	return tap_end();
}
