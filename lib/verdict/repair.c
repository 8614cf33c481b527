/*
 * repair.c - plans and outcomes of repairs; see repair.h.
 *
 * A plan line: "remove" or "holds", reason, digest or "-", size, id, name, cause; an outcome line: "done", order, means; "trouble", order, code, text;
 * or "broken", signature. Fields are parted by tabs. Refuses lines of any other form.
 */
#include "verdict/repair.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MOST 7u
#define LINE_MOST   (4u * (REPAIR_FIELD_MOST + 1u))

struct word {
	const char *word, *text;
};

static const struct word reasons[] = {
#define REPAIR_REASON(name, word, text) {word, text},
#include "verdict/repair.def"
#undef REPAIR_REASON
};
static const struct word levels[] = {
	{NULL, NULL},
#define REPAIR_LEVEL(name, word, text) {word, text},
#include "verdict/repair.def"
#undef REPAIR_LEVEL
};
static const struct word means[] = {
#define REPAIR_MEANS(name, word, text) {word, text},
#include "verdict/repair.def"
#undef REPAIR_MEANS
};
static const struct word signatures[] = {
#define REPAIR_SIGNATURE(name, word, text) {word, text},
#include "verdict/repair.def"
#undef REPAIR_SIGNATURE
};

const char *repair_reason_word(enum repair_reason reason)
{
	assert(reason < REPAIR_REASON_COUNT);
	return reasons[reason].word;
}

const char *repair_reason_text(enum repair_reason reason)
{
	assert(reason < REPAIR_REASON_COUNT);
	return reasons[reason].text;
}

const char *repair_level_word(enum repair_level level)
{
	assert(level < REPAIR_LEVEL_COUNT);
	return levels[level].word;
}

const char *repair_means_word(enum repair_means mean)
{
	assert(mean < REPAIR_MEANS_COUNT);
	return means[mean].word;
}

const char *repair_signature_word(enum repair_signature signature)
{
	assert(signature < REPAIR_SIGNATURE_COUNT);
	return signatures[signature].word;
}

const char *repair_signature_text(enum repair_signature signature)
{
	assert(signature < REPAIR_SIGNATURE_COUNT);
	return signatures[signature].text;
}

/* The number of the word in a table of them; -EINVAL. */
static int word_find(const struct word *table, size_t count, const char *word, size_t length)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].word && strlen(table[i].word) == length && memcmp(table[i].word, word, length) == 0)
			return (int)i;
	return -EINVAL;
}

int repair_reason_find(const char *word, size_t length, enum repair_reason *ret)
{
	int number = word_find(reasons, REPAIR_REASON_COUNT, word, length);
	*ret = number < 0 ? REPAIR_REASON_COUNT : (enum repair_reason)number;
	return number < 0 ? number : 0;
}

int repair_level_find(const char *word, enum repair_level *ret)
{
	int number = word_find(levels, REPAIR_LEVEL_COUNT, word, strlen(word));
	*ret = number < 0 ? REPAIR_LEVEL_NONE : (enum repair_level)number;
	return number < 0 ? number : 0;
}

enum repair_reason repair_reason_of(enum scan_code code)
{
	switch (code) {
	case AVS_RESULT_VIRUS_FOUND:
		return REPAIR_INFECTED;
	case DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED:
	case DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED:
		return REPAIR_ENCRYPTED;
	case DEC_RESULT_MALFORMED_CONTAINER_DETECTED:
	case DEC_RESULT_OPEN_CONTAINER_FAILED:
	case DEC_RESULT_CONTAINER_EXTRACT_FAILED:
	case DEC_RESULT_FILE_EXTRACT_FAILED:
	case DEC_RESULT_MIME_PARSING_FAILED:
		return REPAIR_MALFORMED;
	default:
		return REPAIR_REASON_COUNT;
	}
}

enum scan_code repair_deleted_code(enum repair_reason reason)
{
	return reason == REPAIR_ENCRYPTED   ? DEC_RESULT_ENCRYPTED_CONTAINER_DELETED
	       : reason == REPAIR_MALFORMED ? DEC_RESULT_MALFORMED_CONTAINER_DELETED
					    : SCAN_CODE_NONE;
}

/* --- plans ------------------------------------------------------------------------------------------------------ */

static void order_free(struct repair_order *order)
{
	free(order->id);
	free(order->name);
	free(order->what);
}

void repair_plan_free(struct repair_plan *plan)
{
	for (uint32_t i = 0; i < plan->count; i++)
		order_free(&plan->orders[i]);
	free(plan->orders);
	*plan = (struct repair_plan){.orders = NULL};
}

/* A copy without what could end a field or a line, cut at REPAIR_FIELD_MOST; caller frees. */
static char *field_copy(const char *text)
{
	char *copy = strndup(text ? text : "", REPAIR_FIELD_MOST);
	for (char *at = copy; at && *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = ' ';
	return copy;
}

/* One more order; its texts are copied. 0, -ENOMEM, -E2BIG. */
static int plan_add(struct repair_plan *plan, const struct repair_order *order)
{
	if (plan->count == REPAIR_ORDERS_MAX)
		return -E2BIG;
	if (!plan->orders) {
		plan->orders = calloc(REPAIR_ORDERS_MAX, sizeof *plan->orders);
		if (!plan->orders)
			return -ENOMEM;
	}
	struct repair_order copy = *order;
	copy.id = field_copy(order->id);
	copy.name = field_copy(order->name);
	copy.what = field_copy(order->what);
	if (!copy.id || !copy.name || !copy.what) {
		order_free(&copy);
		return -ENOMEM;
	}
	plan->orders[plan->count++] = copy;
	return 0;
}

/* What a plan is made from, for each part of the report. */
struct mark {
	bool found;  /* there is a reason to remove it */
	bool within; /* or something that lies in it */
	bool target; /* it is to be removed */
	bool holds;  /* something in it is */
	enum repair_reason reason;
	const char *what;
};

struct making {
	const struct report *report;
	struct mark *marks;
	struct repair_plan *plan;
};

static bool has_content(const struct part *part)
{
	return part->has_sha256 && part->size > 0;
}

/* A finding: on a part beyond those listed nobody knows where it lies. */
static void find(struct making *making, uint32_t part, enum repair_reason reason, const char *what)
{
	if (part >= making->report->part_count) {
		making->plan->whole = true;
		return;
	}
	struct mark *mark = &making->marks[part];
	/* A virus goes before what is only not known. */
	if (!mark->found || reason < mark->reason) {
		mark->reason = reason;
		mark->what = what;
	}
	mark->found = true;
	for (uint32_t at = making->report->parts[part].parent; at != REPORT_NO_PART;
	     at = making->report->parts[at].parent)
		making->marks[at].within = true;
}

static void find_all(struct making *making, const struct repair_policy *policy)
{
	const struct report *report = making->report;
	for (uint32_t i = 0; i < report->virus_count; i++)
		find(making, report->viruses[i].part, REPAIR_INFECTED, report->viruses[i].name);
	if (report->viruses_omitted)
		making->plan->whole = true;
	for (uint32_t i = 0; i < report->code_count; i++) {
		enum repair_reason reason = repair_reason_of(report->codes[i].code);
		if (reason != REPAIR_INFECTED && reason < REPAIR_REASON_COUNT && policy->remove[reason])
			find(making, report->codes[i].part, reason, scan_code_name(report->codes[i].code));
	}
}

/* From a part that cannot be removed by itself to the one around it that can; 0: none but the message. */
static uint32_t removable(const struct report *report, uint32_t part)
{
	while (part) {
		const struct part *at = &report->parts[part];
		bool section = at->kind == PART_MULTIPART && !strchr(at->id, '/');
		if (has_content(at) || section)
			break;
		part = at->parent;
	}
	return part;
}

static void choose_targets(struct making *making)
{
	const struct report *report = making->report;
	for (uint32_t i = 0; i < report->part_count; i++) {
		const struct mark *mark = &making->marks[i];
		if (!mark->found || mark->within)
			continue;
		uint32_t target = removable(report, i);
		if (!target)
			making->plan->whole = true;
		struct mark *to = &making->marks[target];
		if (!to->target || mark->reason < to->reason) {
			to->reason = mark->reason;
			to->what = mark->what;
		}
		to->target = true;
	}
}

/* What holds a target is told what for. */
static void choose_holders(struct making *making)
{
	const struct report *report = making->report;
	for (uint32_t i = 0; i < report->part_count; i++) {
		const struct mark *target = &making->marks[i];
		if (!target->target || !i)
			continue;
		for (uint32_t at = report->parts[i].parent; at != REPORT_NO_PART && at; at = report->parts[at].parent) {
			struct mark *mark = &making->marks[at];
			if (!mark->target && (!mark->holds || target->reason < mark->reason)) {
				mark->reason = target->reason;
				mark->what = target->what;
			}
			mark->holds = true;
		}
	}
}

static int add_orders(struct making *making)
{
	const struct report *report = making->report;
	int error = 0;
	for (uint32_t i = 0; i < report->part_count && !error; i++) {
		const struct mark *mark = &making->marks[i];
		const struct part *part = &report->parts[i];
		/* A part without content holds by its id only what is removed by its own content. */
		bool holds = mark->holds && i && has_content(part);
		if (!mark->target && !holds)
			continue;
		struct repair_order order = {.remove = mark->target,
					     .reason = mark->reason,
					     .has_sha256 = i && has_content(part),
					     .size = part->size,
					     .id = part->id,
					     .name = part->name,
					     .what = (char *)(uintptr_t)mark->what};
		memcpy(order.sha256, part->sha256, sizeof order.sha256);
		error = plan_add(making->plan, &order);
	}
	if (error == -E2BIG) {
		making->plan->whole = true;
		error = 0;
	}
	return error;
}

int repair_plan_make(const struct report *report, const struct repair_policy *policy, struct repair_plan *ret_plan)
{
	*ret_plan = (struct repair_plan){.orders = NULL};
	struct making making = {.report = report, .plan = ret_plan};
	making.marks = calloc((size_t)report->part_count + 1, sizeof *making.marks);
	if (!making.marks)
		return -ENOMEM;
	find_all(&making, policy);
	choose_targets(&making);
	choose_holders(&making);
	int error = add_orders(&making);
	/* Nothing to point to, and a virus all the same. */
	if (!error && ret_plan->whole && !ret_plan->count) {
		struct repair_order order = {.remove = true,
					     .id = (char *)(uintptr_t) "0",
					     .what = report->virus_count ? report->viruses[0].name : NULL};
		error = plan_add(ret_plan, &order);
	}
	free(making.marks);
	if (error)
		repair_plan_free(ret_plan);
	return error;
}

/* --- as text ---------------------------------------------------------------------------------------------------- */

static void hex(const uint8_t digest[32], char ret_hex[65])
{
	for (unsigned i = 0; i < 32; i++)
		(void)snprintf(ret_hex + 2 * i, 3, "%02x", digest[i]);
}

static int unhex(const char *text, uint8_t ret_digest[32])
{
	if (strlen(text) != 64 || strspn(text, "0123456789abcdef") != 64)
		return -EBADMSG;
	for (unsigned i = 0; i < 32; i++) {
		char byte[3] = {text[2 * i], text[2 * i + 1], '\0'};
		ret_digest[i] = (uint8_t)strtoul(byte, NULL, 16);
	}
	return 0;
}

int repair_plan_encode(const struct repair_plan *plan, struct buffer *buffer)
{
	int error = 0;
	for (uint32_t i = 0; i < plan->count && !error; i++) {
		const struct repair_order *order = &plan->orders[i];
		char digest[65] = "-", line[LINE_MOST];
		if (order->has_sha256)
			hex(order->sha256, digest);
		(void)snprintf(line, sizeof line, "%s\t%s\t%s\t%" PRIu64 "\t%s\t%s\t%s\n",
			       order->remove ? "remove" : "holds", repair_reason_word(order->reason), digest,
			       order->size, order->id, order->name, order->what);
		error = buffer_append_text(buffer, line);
	}
	return error;
}

/* The next line of the text as fields, in `line`; how many there are: 0 at the end, -EBADMSG. */
static int fields_next(const uint8_t *text, size_t size, size_t *at, char line[LINE_MOST],
		       const char *ret_fields[FIELDS_MOST])
{
	if (*at >= size)
		return 0;
	const uint8_t *end = memchr(text + *at, '\n', size - *at);
	size_t length = end ? (size_t)(end - (text + *at)) : 0;
	if (!end || length >= LINE_MOST || memchr(text + *at, '\0', length))
		return -EBADMSG;
	memcpy(line, text + *at, length);
	line[length] = '\0';
	*at += length + 1;
	unsigned count = 0;
	for (char *field = line; field;) {
		char *tab = strchr(field, '\t');
		if (count == FIELDS_MOST)
			return -EBADMSG;
		if (tab)
			*tab = '\0';
		ret_fields[count++] = field;
		field = tab ? tab + 1 : NULL;
	}
	return (int)count;
}

/* A decimal number up to `most`. */
static int number(const char *text, uint64_t most, uint64_t *ret)
{
	if (!*text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 19)
		return -EBADMSG;
	*ret = strtoull(text, NULL, 10);
	return *ret > most ? -EBADMSG : 0;
}

static int decode_order(const char *const fields[FIELDS_MOST], struct repair_plan *plan)
{
	struct repair_order order = {.remove = strcmp(fields[0], "remove") == 0,
				     .has_sha256 = strcmp(fields[2], "-") != 0,
				     .id = (char *)(uintptr_t)fields[4],
				     .name = (char *)(uintptr_t)fields[5],
				     .what = (char *)(uintptr_t)fields[6]};
	if ((!order.remove && strcmp(fields[0], "holds") != 0) ||
	    repair_reason_find(fields[1], strlen(fields[1]), &order.reason) ||
	    (order.has_sha256 && unhex(fields[2], order.sha256)) || number(fields[3], INT64_MAX, &order.size))
		return -EBADMSG;
	int error = plan_add(plan, &order);
	return error == -E2BIG ? -EBADMSG : error;
}

int repair_plan_decode(const uint8_t *text, size_t size, struct repair_plan *ret_plan)
{
	const char *fields[FIELDS_MOST];
	char line[LINE_MOST];
	size_t at = 0;
	int count = 0, error = size > REPAIR_TEXT_MOST ? -EBADMSG : 0;
	*ret_plan = (struct repair_plan){.orders = NULL};
	while (!error && (count = fields_next(text, size, &at, line, fields)) != 0)
		error = count == FIELDS_MOST ? decode_order(fields, ret_plan) : -EBADMSG;
	if (error)
		repair_plan_free(ret_plan);
	return error;
}

/* --- outcomes --------------------------------------------------------------------------------------------------- */

void repair_outcome_free(struct repair_outcome *outcome)
{
	free(outcome->done);
	free(outcome->troubles);
	*outcome = (struct repair_outcome){.done = NULL};
}

/* Room for one more in an array of elements of `size`. 0 or -ENOMEM. */
static int grow(void *array, uint32_t count, uint32_t *room, size_t size)
{
	void *old, *larger;
	if (count < *room)
		return 0;
	uint32_t wanted = *room ? *room * 2 : 16;
	memcpy(&old, array, sizeof old);
	larger = reallocarray(old, wanted, size);
	if (!larger)
		return -ENOMEM;
	memcpy(array, &larger, sizeof larger);
	*room = wanted;
	return 0;
}

int repair_outcome_done(struct repair_outcome *outcome, uint32_t order, enum repair_means mean)
{
	int error = grow(&outcome->done, outcome->done_count, &outcome->done_room, sizeof *outcome->done);
	if (!error)
		outcome->done[outcome->done_count++] = (struct repair_done){order, mean};
	return error;
}

int repair_outcome_trouble(struct repair_outcome *outcome, uint32_t order, enum scan_code code, const char *text)
{
	int error = grow(&outcome->troubles, outcome->trouble_count, &outcome->trouble_room, sizeof *outcome->troubles);
	if (error)
		return error;
	struct repair_trouble *trouble = &outcome->troubles[outcome->trouble_count++];
	*trouble = (struct repair_trouble){.order = order, .code = code};
	(void)snprintf(trouble->text, sizeof trouble->text, "%s", text);
	for (char *at = trouble->text; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	return 0;
}

int repair_outcome_encode(const struct repair_outcome *outcome, struct buffer *buffer)
{
	char line[512];
	int error = 0;
	for (uint32_t i = 0; i < outcome->done_count && !error; i++) {
		(void)snprintf(line, sizeof line, "done\t%" PRIu32 "\t%s\n", outcome->done[i].order,
			       repair_means_word(outcome->done[i].means));
		error = buffer_append_text(buffer, line);
	}
	for (uint32_t i = 0; i < outcome->trouble_count && !error; i++) {
		const struct repair_trouble *trouble = &outcome->troubles[i];
		(void)snprintf(line, sizeof line, "trouble\t%" PRIu32 "\t%s\t%s\n", trouble->order,
			       scan_code_name(trouble->code), trouble->text);
		error = buffer_append_text(buffer, line);
	}
	for (int i = 0; i < REPAIR_SIGNATURE_COUNT && !error; i++) {
		if (!outcome->broken[i])
			continue;
		(void)snprintf(line, sizeof line, "broken\t%s\n", signatures[i].word);
		error = buffer_append_text(buffer, line);
	}
	return error;
}

static int decode_done(const char *const fields[FIELDS_MOST], uint32_t orders, struct repair_outcome *outcome)
{
	uint64_t order;
	int mean = word_find(means, REPAIR_MEANS_COUNT, fields[2], strlen(fields[2]));
	if (mean < 0 || !orders || number(fields[1], orders - 1, &order))
		return -EBADMSG;
	return repair_outcome_done(outcome, (uint32_t)order, (enum repair_means)mean);
}

static int decode_trouble(const char *const fields[FIELDS_MOST], uint32_t orders, struct repair_outcome *outcome)
{
	uint64_t order;
	enum scan_code code = scan_code_find(fields[2]);
	if (code == SCAN_CODE_NONE || !orders || number(fields[1], orders - 1, &order))
		return -EBADMSG;
	return repair_outcome_trouble(outcome, (uint32_t)order, code, fields[3]);
}

static int decode_broken(const char *word, struct repair_outcome *outcome)
{
	int signature = word_find(signatures, REPAIR_SIGNATURE_COUNT, word, strlen(word));
	if (signature < 0)
		return -EBADMSG;
	outcome->broken[signature] = true;
	return 0;
}

int repair_outcome_decode(const uint8_t *text, size_t size, uint32_t orders, struct repair_outcome *ret_outcome)
{
	const char *fields[FIELDS_MOST];
	char line[LINE_MOST];
	size_t at = 0;
	int count, error = size > REPAIR_TEXT_MOST ? -EBADMSG : 0;
	*ret_outcome = (struct repair_outcome){.done = NULL};
	while (!error && (count = fields_next(text, size, &at, line, fields)) != 0) {
		/* No honest worker says more than a few things of each order. */
		bool many = ret_outcome->done_count + ret_outcome->trouble_count >= 4 * REPAIR_ORDERS_MAX;
		if (count == 3 && !many && strcmp(fields[0], "done") == 0)
			error = decode_done(fields, orders, ret_outcome);
		else if (count == 4 && !many && strcmp(fields[0], "trouble") == 0)
			error = decode_trouble(fields, orders, ret_outcome);
		else if (count == 2 && strcmp(fields[0], "broken") == 0)
			error = decode_broken(fields[1], ret_outcome);
		else
			error = -EBADMSG;
	}
	if (error)
		repair_outcome_free(ret_outcome);
	return error;
}

/* --- results ---------------------------------------------------------------------------------------------------- */

const char *repair_end_word(enum repair_end end)
{
	static const char *const words[] = {
		[REPAIR_UNCHANGED] = "unchanged", [REPAIR_DONE] = "repaired", [REPAIR_FAILED] = "failed"};
	assert(end < REPAIR_END_COUNT);
	return words[end];
}

void repair_result_free(struct repair_result *result)
{
	for (uint32_t i = 0; i < result->removed_count; i++)
		order_free(&result->removed[i].order);
	for (uint32_t i = 0; i < result->trouble_count; i++)
		free(result->trouble_ids[i]);
	free(result->removed);
	free(result->troubles);
	free(result->trouble_ids);
	*result = (struct repair_result){.end = REPAIR_UNCHANGED};
}

static int add_removed(struct repair_result *result, const struct repair_order *order, enum repair_means mean,
		       unsigned round)
{
	struct repair_removed removed = {.order = *order, .means = mean, .round = round};
	if (grow(&result->removed, result->removed_count, &result->removed_room, sizeof *result->removed))
		return -ENOMEM;
	removed.order.id = field_copy(order->id);
	removed.order.name = field_copy(order->name);
	removed.order.what = field_copy(order->what);
	if (!removed.order.id || !removed.order.name || !removed.order.what) {
		order_free(&removed.order);
		return -ENOMEM;
	}
	result->removed[result->removed_count++] = removed;
	return 0;
}

static int add_trouble(struct repair_result *result, const struct repair_trouble *trouble, const char *id)
{
	uint32_t room = result->trouble_room;
	if (grow(&result->troubles, result->trouble_count, &result->trouble_room, sizeof *result->troubles) ||
	    grow(&result->trouble_ids, result->trouble_count, &room, sizeof *result->trouble_ids))
		return -ENOMEM;
	result->trouble_ids[result->trouble_count] = field_copy(id);
	if (!result->trouble_ids[result->trouble_count])
		return -ENOMEM;
	result->troubles[result->trouble_count++] = *trouble;
	return 0;
}

int repair_result_add(struct repair_result *result, const struct repair_plan *plan,
		      const struct repair_outcome *outcome, unsigned round)
{
	int error = 0;
	for (uint32_t i = 0; i < outcome->done_count && !error; i++)
		error = add_removed(result, &plan->orders[outcome->done[i].order], outcome->done[i].means, round);
	for (uint32_t i = 0; i < outcome->trouble_count && !error; i++)
		error = add_trouble(result, &outcome->troubles[i], plan->orders[outcome->troubles[i].order].id);
	for (int i = 0; i < REPAIR_SIGNATURE_COUNT; i++)
		result->broken[i] |= outcome->broken[i];
	return error;
}

uint32_t repair_result_cured(const struct repair_result *result)
{
	uint32_t cured = 0;
	for (uint32_t i = 0; i < result->removed_count; i++)
		cured += result->removed[i].order.reason == REPAIR_INFECTED;
	return cured < REPORT_FINDINGS_MAX ? cured : REPORT_FINDINGS_MAX;
}

void repair_result_fail(struct repair_result *result, enum scan_code code, const char *text)
{
	result->end = REPAIR_FAILED;
	result->code = code;
	(void)snprintf(result->text, sizeof result->text, "%s", text ? text : scan_code_row(code)->text);
}
