/*
 * repair.c - a message from which parts are removed: the first byte chooses how much goes with them, the second which parts. The result is no
 * larger than allowed, is another message, and the same each time; what was done reads back the same. The bytes are read as a plan and as an
 * outcome, too, which a worker that was taken over may have written.
 */
#include "fuzz.h"
#include "mutator.h"

#include "scan/digest.h"
#include "scan/mime.h"
#include "scan/repair.h"
#include "scan/repair/editor.h"

#include <string.h>

#define MOST       (4u << 20)
#define PARTS_MOST 64u

struct choice {
	struct repair_plan plan;
	struct repair_order orders[PARTS_MOST];
	uint8_t chosen;
	unsigned met;
};

static int on_part(void *context, const struct mime_part *part)
{
	struct choice *choice = context;
	unsigned number = choice->met++;
	if (!part->data || choice->plan.count == PARTS_MOST || !(choice->chosen >> number % 8 & 1))
		return 0;
	struct repair_order *order = &choice->orders[choice->plan.count++];
	*order = (struct repair_order){
		.remove = true, .reason = REPAIR_INFECTED, .size = part->size, .has_sha256 = number % 3 != 2};
	PROMISE(digest_bytes(part->data, part->size, order->sha256) == 0);
	order->id = strdup(part->section);
	order->name = strdup(part->name ? part->name : "");
	order->what = strdup("Eicar-Test-Signature");
	return 0;
}

static int on_code(void *context, enum scan_code code, const char *text)
{
	(void)context, (void)code, (void)text;
	return 0;
}

static int on_evasion(void *context, enum evasion evasion, const char *text)
{
	(void)context, (void)evasion, (void)text;
	return 0;
}

/* One repair. The code of the editor. */
static enum scan_code repair_once(const uint8_t *data, size_t size, const struct choice *choice,
				  enum repair_level level, struct buffer *ret_message,
				  struct repair_outcome *ret_outcome)
{
	struct limits limits;
	struct budget budget;
	struct why why = {""};
	limits_defaults(&limits);
	budget_init(&budget, &limits);
	budget.most_size = budget.most_cumulative = MOST;
	buffer_init(ret_message, size + REPAIR_GROWTH_MOST);
	memset(ret_outcome, 0, sizeof *ret_outcome);
	return editor_run(data, size, &choice->plan, level, &budget, ret_message, ret_outcome, &why);
}

static void check_outcome(const struct choice *choice, const struct repair_outcome *outcome)
{
	struct buffer text, again;
	struct repair_outcome back;
	PROMISE(outcome->done_count > 0);
	for (uint32_t i = 0; i < outcome->done_count; i++)
		PROMISE(outcome->done[i].order < choice->plan.count);
	buffer_init(&text, REPAIR_TEXT_MOST);
	buffer_init(&again, REPAIR_TEXT_MOST);
	memset(&back, 0, sizeof back);
	PROMISE(repair_outcome_encode(outcome, &text) == 0);
	PROMISE(repair_outcome_decode(text.data, text.size, choice->plan.count, &back) == 0);
	PROMISE(repair_outcome_encode(&back, &again) == 0);
	PROMISE(text.size == again.size && memcmp(text.data, again.data, text.size) == 0);
	repair_outcome_free(&back);
	buffer_free(&text);
	buffer_free(&again);
}

static void check_repair(const uint8_t *data, size_t size, const struct choice *choice, enum repair_level level)
{
	struct buffer message, again;
	struct repair_outcome outcome, second;
	enum scan_code code = repair_once(data, size, choice, level, &message, &outcome);
	PROMISE(repair_once(data, size, choice, level, &again, &second) == code);
	if (code == SCAN_CODE_NONE) {
		PROMISE(message.size <= size + REPAIR_GROWTH_MOST);
		PROMISE(message.size != size || memcmp(message.data, data, size) != 0);
		PROMISE(message.size == again.size && memcmp(message.data, again.data, again.size) == 0);
		check_outcome(choice, &outcome);
	}
	repair_outcome_free(&outcome);
	repair_outcome_free(&second);
	buffer_free(&message);
	buffer_free(&again);
}

/* The bytes as what comes from, and goes to, a worker. */
static void check_texts(const uint8_t *data, size_t size)
{
	struct repair_plan plan, back;
	struct repair_outcome outcome;
	memset(&plan, 0, sizeof plan);
	memset(&outcome, 0, sizeof outcome);
	if (repair_outcome_decode(data, size, 4, &outcome) == 0)
		repair_outcome_free(&outcome);
	if (repair_plan_decode(data, size, &plan) != 0)
		return;
	struct buffer text;
	buffer_init(&text, REPAIR_TEXT_MOST);
	PROMISE(repair_plan_encode(&plan, &text) == 0);
	PROMISE(repair_plan_decode(text.size ? text.data : (const uint8_t *)"", text.size, &back) == 0);
	PROMISE(plan.count == back.count && plan.whole == back.whole);
	repair_plan_free(&plan);
	repair_plan_free(&back);
	buffer_free(&text);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	return mime_start();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct choice choice;
	struct limits limits;
	struct budget budget;
	const struct mime_visitor visitor = {on_part, on_code, on_evasion, &choice};
	check_texts(data, size);
	if (size < 2)
		return 0;
	memset(&choice, 0, sizeof choice);
	choice.chosen = data[1];
	choice.plan.orders = choice.orders;
	limits_defaults(&limits);
	budget_init(&budget, &limits);
	budget.most_size = budget.most_cumulative = MOST;
	PROMISE(mime_walk(data + 2, size - 2, 0, &budget, &visitor) == 0);
	if (choice.plan.count)
		check_repair(data + 2, size - 2, &choice,
			     (enum repair_level)(REPAIR_LEVEL_PARTS + data[0] % (REPAIR_LEVEL_COUNT - 1)));
	for (uint32_t i = 0; i < choice.plan.count; i++) {
		free(choice.orders[i].id);
		free(choice.orders[i].name);
		free(choice.orders[i].what);
	}
	return 0;
}

FUZZ_MUTATOR(mutate_lines)
