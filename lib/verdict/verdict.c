/*
 * verdict.c - answers of engines become one verdict; see verdict.h.
 *
 * Refuses to call clean what any engine that was asked did not call clean, and what none was asked about.
 */
#include "verdict/verdict.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int verdict_init(struct verdict *ret_verdict, const struct selection *selection)
{
	*ret_verdict = (struct verdict){.status = EC_AV_ERROR, .info = ""};
	report_init(&ret_verdict->own);
	ret_verdict->report = &ret_verdict->own;
	unsigned count = selection ? selection->count : 0;
	ret_verdict->answers = calloc(count + 1, sizeof *ret_verdict->answers);
	if (!ret_verdict->answers)
		return -ENOMEM;
	ret_verdict->answer_count = count;
	for (unsigned i = 0; i < count; i++) {
		struct answer *answer = &ret_verdict->answers[i];
		answer->engine = selection->engines[i];
		answer->state = selection->states[i];
		report_init(&answer->report);
	}
	return 0;
}

void verdict_free(struct verdict *verdict)
{
	for (unsigned i = 0; i < verdict->answer_count; i++) {
		report_free(&verdict->answers[i].report);
		free(verdict->answers[i].code);
		free(verdict->answers[i].address);
	}
	free(verdict->answers);
	report_free(&verdict->own);
	verdict->answers = NULL;
	verdict->answer_count = 0;
}

void verdict_move(struct verdict *ret_to, struct verdict *from)
{
	bool own = from->report == &from->own;
	*ret_to = *from;
	if (own)
		ret_to->report = &ret_to->own;
	*from = (struct verdict){.report = NULL};
}

unsigned verdict_next(const struct verdict *verdict, unsigned from)
{
	while (from < verdict->answer_count && verdict->answers[from].state != ANSWER_GIVEN)
		from++;
	return from;
}

void verdict_answered(struct verdict *verdict, unsigned number)
{
	assert(number < verdict->answer_count);
	if (verdict->answers[number].report.status != EC_AV_INFECTED)
		return;
	for (unsigned i = number + 1; i < verdict->answer_count; i++)
		if (verdict->answers[i].state == ANSWER_GIVEN)
			verdict->answers[i].state = ANSWER_NOT_ASKED;
}

/* The exit statuses are in that order of weight already: a virus, then our own trouble, then what was not seen. */
static bool heavier(enum ec_av_status a, enum ec_av_status b)
{
	int status_a = ec_av_status_exit(a), status_b = ec_av_status_exit(b);
	return status_a != status_b && ec_av_exit_worse(status_a, status_b) == status_a;
}

static void show(struct verdict *verdict, const struct report *report, const char *code, const char *engine)
{
	verdict->report = report;
	verdict->status = report->status;
	verdict->info = report->info ? report->info : "";
	verdict->code = code ? code : scan_code_name(report->code);
	verdict->engine = report->status == EC_AV_INFECTED ? engine : NULL;
}

/* A status that no scan code leads to, with one beside it. */
static int refuse(struct verdict *verdict, enum ec_av_status status, enum scan_code code, const char *text)
{
	int error = code ? report_code(&verdict->own, 0, code, text) : 0;
	error = error ? error : report_refuse(&verdict->own, status, text);
	show(verdict, &verdict->own, scan_code_name(code), NULL);
	return error;
}

/* Nobody was asked: says why. */
static int settle_unasked(struct verdict *verdict)
{
	const struct answer *first = &verdict->answers[0];
	char text[256];
	if (first->state == ANSWER_SKIPPED)
		(void)snprintf(text, sizeof text, "not scanned: the context variable %s is set",
			       first->engine->skip_context_variable);
	else
		(void)snprintf(text, sizeof text, "not scanned: %s is passive, and nobody named it",
			       first->engine->name);
	verdict->unasked = true;
	return refuse(verdict, EC_AV_NO_ENGINE,
		      first->state == ANSWER_SKIPPED ? SCAN_CODE_NONE : GEN_RESULT_EMPTY_POLICY, text);
}

int verdict_settle(struct verdict *verdict)
{
	const struct answer *decides = NULL;
	for (unsigned i = 0; i < verdict->answer_count; i++) {
		const struct answer *answer = &verdict->answers[i];
		if (answer->state != ANSWER_GIVEN)
			continue;
		if (!decides || heavier(answer->report.status, decides->report.status))
			decides = answer;
	}
	if (!decides)
		return settle_unasked(verdict);
	show(verdict, &decides->report, decides->code, decides->engine->name);
	return 0;
}

/* No answer is expected any more. */
static void silence(struct verdict *verdict)
{
	for (unsigned i = 0; i < verdict->answer_count; i++)
		if (verdict->answers[i].state == ANSWER_GIVEN)
			verdict->answers[i].state = ANSWER_NOT_ASKED;
}

void verdict_take_report(struct verdict *verdict, struct report *take_report)
{
	silence(verdict);
	report_free(&verdict->own);
	verdict->own = *take_report;
	show(verdict, &verdict->own, NULL, NULL);
}

int verdict_refuse(struct verdict *verdict, const struct selection *selection)
{
	silence(verdict);
	return refuse(verdict, selection->refused, selection->code, selection->why.text);
}

int verdict_exit(const struct verdict *verdict)
{
	return verdict->unasked ? VERDICT_EXIT_UNASKED : ec_av_status_exit(verdict->status);
}

const char *verdict_word(const struct verdict *verdict)
{
	static const char *const words[] = {"clean", "infected", "error", "unscannable", "unscanned"};
	int number = verdict_exit(verdict);
	assert(number >= 0 && (size_t)number < sizeof words / sizeof words[0]);
	return words[number];
}
