/*
 * selection.c - which engines are asked, and what their answers come to: selection, verdict, context variables, replies.
 */
#include "verdict/selection.h"
#include "tap.h"
#include "verdict/context.h"
#include "verdict/reply.h"

#include <stdlib.h>
#include <string.h>

static struct engines_settings settings;

/* Two of ours and a clamd, in that order. */
static struct engine_settings *engine(unsigned number)
{
	return &settings.engines[number];
}

static void configure(void)
{
	struct engine_settings *made;
	unsigned line;
	bool good = engines_settings_init(&settings) == 0 && !engines_settings_antivirus(&settings, "a", &made, NULL) &&
		    !engines_settings_engine(&settings, "a", ENGINE_CSAPI, "one", &made, NULL) &&
		    !engines_settings_engine(&settings, "a", ENGINE_CSAPI, "two", &made, NULL) &&
		    !engines_settings_engine(&settings, "a", ENGINE_CLAMAV, "three", &made, NULL) &&
		    !setting_set(setting_find(engine_settings_rows(ENGINE_CLAMAV, &(size_t){0}), 99, "daemon"),
				 engine(2), "127.0.0.1", NULL) &&
		    !engines_settings_settle(&settings, &line, NULL);
	if (!good)
		abort();
}

static struct selection choose(const struct selection_wish *wish)
{
	struct selection selection;
	selection_make(&settings, wish, &selection);
	return selection;
}

static void test_selection(void)
{
	struct selection_wish wish = {.name_count = 0};
	struct selection selection = choose(&wish);
	ok(selection.count == 3 && selection.refused == EC_AV_CLEAN && selection_asks(&selection),
	   "without a name all are asked");
	wish = (struct selection_wish){.names = {"three", "one"}, .name_count = 2};
	selection = choose(&wish);
	ok(selection.count == 2 && selection.engines[0] == engine(0) && selection.engines[1] == engine(2),
	   "those that are named, in the order of the configuration");
	wish = (struct selection_wish){.names = {"csapi"}, .name_count = 1};
	selection = choose(&wish);
	ok(selection.count == 2 && selection.engines[1] == engine(1), "or all of a kind");
	wish = (struct selection_wish){.names = {"tow"}, .name_count = 1};
	selection = choose(&wish);
	ok(selection.refused == EC_AV_NO_ENGINE && strstr(selection.why.text, "did you mean \"two\"?"),
	   "a name that nobody has is refused with the nearest one");
	static const char forty[] = "\303\244234567890123456789012345678901234567890";
	wish = (struct selection_wish){.names = {forty}, .name_count = 1};
	ok(choose(&wish).refused == EC_AV_NO_ENGINE, "40 characters are a name, however many bytes they take");
	wish.names[0] = "12345678901234567890123456789012345678901";
	ok(choose(&wish).refused == EC_AV_NAME_TOO_LONG, "41 are too long for one");
}

static void test_passive(void)
{
	engine(0)->enabled = false;
	struct selection_wish wish = {.hook = true};
	struct selection selection = choose(&wish);
	ok(selection.count == 3 && selection.states[0] == ANSWER_PASSIVE && selection.states[1] == ANSWER_GIVEN,
	   "a hook leaves a passive engine alone");
	wish = (struct selection_wish){.hook = true, .names = {"one"}, .name_count = 1};
	ok(choose(&wish).states[0] == ANSWER_GIVEN, "unless it names it");
	wish = (struct selection_wish){.hook = false};
	ok(choose(&wish).states[0] == ANSWER_GIVEN, "who asks by hand asks it, too");
	engine(0)->enabled = true;
}

static void test_skip(void)
{
	struct selection_wish wish = {.contexts = {"skip_virus_check=1"}, .context_count = 1};
	struct selection selection = choose(&wish);
	ok(!selection_asks(&selection) && selection.states[2] == ANSWER_SKIPPED, "a context variable skips all");
	wish.contexts[0] = "skip_virus_check=";
	ok(choose(&wish).states[0] == ANSWER_GIVEN, "an empty one does not");
	wish.contexts[0] = "skip_virus_chec=1";
	ok(choose(&wish).states[0] == ANSWER_GIVEN, "nor does another one");
	(void)setenv("skip_virus_check", "yes", 1);
	wish.context_count = 0;
	ok(choose(&wish).states[0] == ANSWER_SKIPPED, "one of the environment does");
	wish = (struct selection_wish){.contexts = {"skip_virus_check="}, .context_count = 1};
	ok(choose(&wish).states[0] == ANSWER_GIVEN, "the caller's word goes before it");
	(void)unsetenv("skip_virus_check");
}

/* --- verdicts --------------------------------------------------------------------------------------------------- */

static struct verdict verdict;

static void begin(void)
{
	const struct selection_wish wish = {.name_count = 0};
	const struct selection selection = choose(&wish);
	if (verdict_init(&verdict, &selection))
		abort();
}

/* What the engine says: a virus, a code, or nothing. */
static void say(unsigned number, enum scan_code code, const char *text)
{
	struct report *report = &verdict.answers[number].report;
	const struct part input = {
		.number = 0, .parent = REPORT_NO_PART, .id = (char[]){"0"}, .kind = PART_INPUT, .route = ROUTE_WHOLE};
	bool bad = report_part(report, &input) || report_stage(report, STAGE_DONE, 0);
	if (code == AVS_RESULT_VIRUS_FOUND)
		bad |= report_virus(report, 0, text, false) != 0;
	else if (code != SCAN_CODE_NONE)
		bad |= report_code(report, 0, code, text) != 0;
	if (bad || report_settle(report))
		abort();
	verdict_answered(&verdict, number);
}

static bool is(enum ec_av_status status, const char *info, const char *by, const char *code)
{
	return verdict_settle(&verdict) == 0 && verdict.status == status && strcmp(verdict.info, info) == 0 &&
	       (by ? verdict.engine && strcmp(verdict.engine, by) == 0 : !verdict.engine) &&
	       (code ? verdict.code && strcmp(verdict.code, code) == 0 : !verdict.code);
}

static void test_verdict(void)
{
	begin();
	say(0, SCAN_CODE_NONE, NULL);
	say(1, SCAN_CODE_NONE, NULL);
	say(2, SCAN_CODE_NONE, NULL);
	ok(is(EC_AV_CLEAN, "", NULL, NULL) && verdict_exit(&verdict) == 0, "clean where all say so");
	verdict_free(&verdict);

	begin();
	say(0, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, "x");
	ok(verdict_next(&verdict, 1) == 1, "the next one is asked");
	say(1, AVS_RESULT_VIRUS_FOUND, "V");
	ok(verdict_next(&verdict, 2) == 3 && verdict.answers[2].state == ANSWER_NOT_ASKED,
	   "and nobody after one that found a virus");
	ok(is(EC_AV_INFECTED, "V", "two", "AVS_RESULT_VIRUS_FOUND"), "which decides");
	verdict_free(&verdict);

	begin();
	say(0, SCAN_CODE_NONE, NULL);
	say(1, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, NULL);
	say(2, GEN_RESULT_SCANNER_NOT_INITIALIZED, "nobody there");
	verdict.answers[2].code = strdup("its own");
	ok(is(EC_AV_ERROR, "No scanner could be started (nobody there)", NULL, "its own"),
	   "trouble goes before what could not be seen, and an engine's own code before ours");
	ok(verdict_exit(&verdict) == 2, "with its exit status");
	verdict_free(&verdict);

	begin();
	verdict.answers[0].state = ANSWER_SKIPPED;
	verdict.answers[1].state = verdict.answers[2].state = ANSWER_PASSIVE;
	ok(is(EC_AV_NO_ENGINE, "not scanned: the context variable skip_virus_check is set", NULL, NULL) &&
		   verdict.unasked && verdict_exit(&verdict) == VERDICT_EXIT_UNASKED,
	   "nobody asked is never clean");
	struct verdict moved;
	verdict_move(&moved, &verdict);
	ok(moved.report == &moved.own && moved.report->status == EC_AV_NO_ENGINE, "it can be moved");
	verdict_free(&moved);
}

/* --- context variables ------------------------------------------------------------------------------------------ */

static void test_context(void)
{
	struct context_variable variables[ENGINES_MAX];
	begin();
	say(0, SCAN_CODE_NONE, NULL);
	say(1, SCAN_CODE_NONE, NULL);
	say(2, GEN_RESULT_SCANNER_NOT_INITIALIZED, "gone");
	ok(context_of(&verdict, variables) == 2, "two of a kind share their variable");
	ok(strcmp(variables[0].name, "csapi_status") == 0 && !variables[0].set, "not set when clean");
	ok(strcmp(variables[1].name, "clamav_status") == 0 && variables[1].set &&
		   strcmp(variables[1].value, "error") == 0 && strstr(variables[1].info, "gone"),
	   "error on trouble, and what it is");
	verdict_free(&verdict);

	begin();
	say(0, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, NULL);
	say(1, AVS_RESULT_VIRUS_FOUND, "V");
	ok(context_of(&verdict, variables) == 2 && variables[0].set && !*variables[0].value &&
		   strcmp(variables[0].info, "V") == 0 && !variables[1].set,
	   "empty with a virus, which goes before trouble in a shared one");
	verdict_free(&verdict);

	begin();
	say(0, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, NULL);
	(void)context_of(&verdict, variables);
	ok(variables[0].set && strcmp(variables[0].value, "error") == 0, "what was not seen is trouble, and no virus");
	verdict_free(&verdict);

	begin();
	struct report report;
	report_init(&report);
	if (report_code(&report, 0, DEC_RESULT_CONTAINER_ACCESS_FAILED, "no such file") || report_settle(&report))
		abort();
	verdict_take_report(&verdict, &report);
	(void)context_of(&verdict, variables);
	ok(variables[0].set && strcmp(variables[1].value, "error") == 0,
	   "a message that reached no engine is trouble for all");
	verdict_free(&verdict);
}

/* --- replies ---------------------------------------------------------------------------------------------------- */

static bool replies(unsigned code, const char *enhanced, const char *text)
{
	struct reply reply;
	(void)verdict_settle(&verdict);
	bool good = reply_of(&verdict, &reply) && reply.code == code && strcmp(reply.enhanced, enhanced) == 0 &&
		    strcmp(reply.text, text) == 0;
	verdict_free(&verdict);
	return good;
}

static void test_reply(void)
{
	struct reply reply;
	begin();
	say(0, AVS_RESULT_VIRUS_FOUND, "V");
	(void)verdict_settle(&verdict);
	ok(!reply_of(&verdict, &reply), "an engine that passes proposes nothing");
	verdict_free(&verdict);
	engine(0)->action = ENGINE_REJECT;
	begin();
	say(0, AVS_RESULT_VIRUS_FOUND, "V\r\n250 \303\244");
	ok(replies(550, "5.7.1", "Virus detected: V??250 ??"), "a virus is refused, in one line of ASCII");
	begin();
	say(0, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, NULL);
	ok(replies(550, "5.7.1", "Message cannot be scanned: A container is encrypted"),
	   "so is what cannot be scanned");
	begin();
	say(0, GEN_RESULT_SCANNER_NOT_INITIALIZED, NULL);
	ok(replies(451, "4.3.0", "AV system offline"), "trouble is put off");
	engine(0)->error_code = 554;
	begin();
	say(0, GEN_RESULT_SCANNER_NOT_INITIALIZED, NULL);
	ok(replies(554, "5.3.0", "AV system offline"), "or what error_code says");
	begin();
	say(0, SCAN_CODE_NONE, NULL);
	say(1, SCAN_CODE_NONE, NULL);
	say(2, SCAN_CODE_NONE, NULL);
	(void)verdict_settle(&verdict);
	ok(!reply_of(&verdict, &reply), "what is clean is not refused");
	verdict_free(&verdict);
	begin();
	char name[1024];
	memset(name, 'v', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	say(0, AVS_RESULT_VIRUS_FOUND, name);
	(void)verdict_settle(&verdict);
	ok(reply_of(&verdict, &reply) && strlen(reply.text) == REPLY_TEXT_SIZE - 1,
	   "a long name is cut to a reply's length");
	verdict_free(&verdict);
}

int main(void)
{
	(void)unsetenv("skip_virus_check");
	configure();
	test_selection();
	test_passive();
	test_skip();
	test_verdict();
	test_context();
	test_reply();
	engines_settings_free(&settings);
	return tap_end();
}
