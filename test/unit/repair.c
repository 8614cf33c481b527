/*
 * repair.c - unit test of lib/verdict/repair: plans made of reports, and plans and outcomes as text, there and back. Prints TAP.
 */
#include "verdict/repair.h"
#include "mutate.h"
#include "tap.h"

#include <stdlib.h>

static const struct repair_policy infected = {.remove = {[REPAIR_INFECTED] = true}};
static const struct repair_policy all = {
	.remove = {[REPAIR_INFECTED] = true, [REPAIR_ENCRYPTED] = true, [REPAIR_MALFORMED] = true}};

static void part(struct report *report, uint32_t number, uint32_t parent, enum part_kind kind, const char *id,
		 bool content)
{
	struct part row = {.number = number,
			   .parent = number ? parent : REPORT_NO_PART,
			   .kind = kind,
			   .route = ROUTE_FED,
			   .id = (char *)(uintptr_t)id,
			   .name = "a\tname\n",
			   .size = content ? 10 + number : 0,
			   .has_sha256 = content};
	memset(row.sha256, (int)number + 1, sizeof row.sha256);
	if (report_part(report, &row))
		abort();
}

/* 0: { 1, 2: a zip { 2/a, 2/b: a zip { 2/b/c } }, 3: a multipart { 3.1 } } */
static struct report tree(void)
{
	struct report report;
	report_init(&report);
	part(&report, 0, 0, PART_INPUT, "0", true);
	part(&report, 1, 0, PART_BODY, "1", true);
	part(&report, 2, 0, PART_ATTACHMENT, "2/x.zip", true);
	part(&report, 3, 2, PART_MEMBER, "2/x.zip/a", true);
	part(&report, 4, 2, PART_MEMBER, "2/x.zip/b", true);
	part(&report, 5, 4, PART_MEMBER, "2/x.zip/b/c", true);
	part(&report, 6, 0, PART_MULTIPART, "3", false);
	part(&report, 7, 6, PART_BODY, "3.1", false);
	return report;
}

/* The plan as "remove 1; holds 2", and "; whole". */
static void plan_is(struct report *report, const struct repair_policy *policy, const char *expected, const char *what)
{
	struct repair_plan plan;
	char text[1024] = "";
	size_t used = 0;
	if (report_settle(report) || repair_plan_make(report, policy, &plan))
		abort();
	for (uint32_t i = 0; i < plan.count; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %s %s", i ? "; " : "",
					 plan.orders[i].remove ? "remove" : "holds", plan.orders[i].id,
					 plan.orders[i].what);
	if (plan.whole)
		(void)snprintf(text + used, sizeof text - used, "%swhole", plan.count ? "; " : "");
	ok(strcmp(text, expected) == 0, what);
	if (strcmp(text, expected) != 0)
		printf("# %s\n", text);
	repair_plan_free(&plan);
	report_free(report);
}

static void test_plans(void)
{
	struct report report = tree();
	plan_is(&report, &all, "", "nothing was found: nothing is removed");
	report = tree();
	(void)report_virus(&report, 5, "V", true);
	(void)report_virus(&report, 4, "W", true);
	(void)report_virus(&report, 2, "V", true);
	(void)report_virus(&report, 0, "V", true);
	plan_is(&report, &infected, "holds 2/x.zip V; holds 2/x.zip/b V; remove 2/x.zip/b/c V",
		"the smallest that is infected is removed, and what holds it is not");
	report = tree();
	(void)report_virus(&report, 0, "V", true);
	plan_is(&report, &infected, "remove 0 V; whole", "nobody knows where it is");
	report = tree();
	(void)report_virus(&report, 5, "V", true);
	(void)report_virus(&report, 1, "W", true);
	plan_is(&report, &infected, "remove 1 W; holds 2/x.zip V; holds 2/x.zip/b V; remove 2/x.zip/b/c V",
		"two are removed");
	report = tree();
	(void)report_code(&report, 3, DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED, NULL);
	(void)report_code(&report, 4, DEC_RESULT_OPEN_CONTAINER_FAILED, NULL);
	plan_is(&report, &infected, "", "what is not in the policy stays");
	report = tree();
	(void)report_code(&report, 3, DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED, NULL);
	(void)report_code(&report, 4, DEC_RESULT_OPEN_CONTAINER_FAILED, NULL);
	(void)report_code(&report, 5, DEC_RESULT_MAXIMUM_DEPTH_REACHED, NULL);
	plan_is(&report, &all,
		"holds 2/x.zip DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED; remove 2/x.zip/a "
		"DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED; remove 2/x.zip/b DEC_RESULT_OPEN_CONTAINER_FAILED",
		"what is in the policy goes, and a limit is none of it");
	report = tree();
	(void)report_code(&report, 7, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, NULL);
	plan_is(&report, &all, "remove 3 DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED",
		"a part without content goes with the multipart around it");
	report = tree();
	(void)report_code(&report, 4, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, NULL);
	(void)report_virus(&report, 4, "V", true);
	plan_is(&report, &all, "holds 2/x.zip V; remove 2/x.zip/b V", "a virus is told before all else");
}

static struct repair_plan some_plan(void)
{
	struct repair_plan plan;
	struct report report = tree();
	(void)report_virus(&report, 5, "V", true);
	(void)report_code(&report, 7, DEC_RESULT_MIME_PARSING_FAILED, NULL);
	if (report_settle(&report) || repair_plan_make(&report, &all, &plan))
		abort();
	report_free(&report);
	return plan;
}

static int decode_plan(const char *text, size_t size)
{
	struct repair_plan plan;
	int error = repair_plan_decode((const uint8_t *)text, size, &plan);
	if (!error)
		repair_plan_free(&plan);
	return error;
}

static int decode_outcome(const char *text, size_t size)
{
	struct repair_outcome outcome;
	int error = repair_outcome_decode((const uint8_t *)text, size, 4, &outcome);
	if (!error)
		repair_outcome_free(&outcome);
	return error;
}

static char *text_of(struct buffer *buffer)
{
	char *text = buffer_append(buffer, "", 1) ? NULL : (char *)buffer->data;
	if (!text)
		abort();
	return text;
}

/* Most mutants of lines are lines still: there a decoder must only not fall over. */
static void falls_over(const char *text, int (*decode)(const char *text, size_t size), const char *what)
{
	struct mutator mutator = {.seed = 7};
	unsigned refused = 0, bad = 0;
	for (unsigned n = 0; n < 20000; n++) {
		size_t size;
		char *mutant = mutate(&mutator, text, strlen(text), &size);
		int error = decode(mutant, size);
		refused += error == -EBADMSG;
		bad += error && error != -EBADMSG;
		free(mutant);
	}
	ok(!bad && refused > 5000, what);
}

static void test_plan_text(void)
{
	struct repair_plan plan = some_plan(), back;
	struct buffer one, other;
	buffer_init(&one, REPAIR_TEXT_MOST);
	buffer_init(&other, REPAIR_TEXT_MOST);
	bool good = plan.count == 4 && repair_plan_encode(&plan, &one) == 0 &&
		    repair_plan_decode(one.data, one.size, &back) == 0;
	good = good && repair_plan_encode(&back, &other) == 0 && one.size == other.size &&
	       memcmp(one.data, other.data, one.size) == 0;
	ok(good, "a plan comes back as it went");
	ok(good && strcmp(back.orders[0].name, "a name ") == 0, "no name ends a field or a line");
	ok(decode_plan("", 0) == 0 && decode_plan("x", 1) == -EBADMSG && decode_plan("\n", 1) == -EBADMSG,
	   "nothing is a plan, and something else is none");
	falls_over(text_of(&one), decode_plan, "a damaged plan is refused, or read as what it is");
	repair_plan_free(&plan);
	repair_plan_free(&back);
	buffer_free(&one);
	buffer_free(&other);
}

static void test_outcome_text(void)
{
	struct repair_outcome outcome = {.done = NULL}, back;
	struct buffer text;
	buffer_init(&text, REPAIR_TEXT_MOST);
	outcome.broken[REPAIR_SIGNATURE_DKIM] = outcome.broken[REPAIR_SIGNATURE_PGP] = true;
	if (repair_outcome_done(&outcome, 1, REPAIR_MEANS_MEMBER) ||
	    repair_outcome_done(&outcome, 3, REPAIR_MEANS_BODY) ||
	    repair_outcome_trouble(&outcome, 0, DEC_RESULT_UPDATE_CONTAINER_FAILED, "a\tb\nc\xC3") ||
	    repair_outcome_encode(&outcome, &text))
		abort();
	bool good = repair_outcome_decode(text.data, text.size, 4, &back) == 0;
	ok(good && back.done_count == 2 && back.done[1].order == 3 && back.done[1].means == REPAIR_MEANS_BODY &&
		   back.trouble_count == 1 && back.troubles[0].code == DEC_RESULT_UPDATE_CONTAINER_FAILED &&
		   strcmp(back.troubles[0].text, "a?b?c?") == 0 && back.broken[REPAIR_SIGNATURE_DKIM] &&
		   !back.broken[REPAIR_SIGNATURE_ARC] && back.broken[REPAIR_SIGNATURE_PGP],
	   "an outcome comes back as it went");
	struct repair_outcome none;
	ok(repair_outcome_decode(text.data, text.size, 3, &none) == -EBADMSG, "an order that there is not is refused");
	falls_over(text_of(&text), decode_outcome, "a damaged outcome is refused, or read as what it is");
	repair_outcome_free(&outcome);
	repair_outcome_free(&back);
	buffer_free(&text);
}

int main(void)
{
	test_plans();
	test_plan_text();
	test_outcome_text();
	return tap_end();
}
