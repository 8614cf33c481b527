/*
 * verdict_text.c - reports as lines for people; see verdict_text.h. Refuses to print what a terminal would act on.
 */
#include "format/verdict_text.h"

#include "format/text.h"

#include <inttypes.h>
#include <string.h>

static const char *color_of(enum ec_av_status status)
{
	switch (status) {
	case EC_AV_CLEAN:
		return "\033[32m";
	case EC_AV_INFECTED:
		return "\033[1;31m";
	default:
		return "\033[33m";
	}
}

static void add_status(struct text *text, enum ec_av_status status, bool color)
{
	if (color)
		text_add(text, "%s%s\033[0m", color_of(status), ec_av_status_name(status));
	else
		text_add(text, "%s", ec_av_status_name(status));
}

static void add_part(struct text *text, const struct report *report, const struct part *part, bool color)
{
	text_add(text, "    ");
	text_add_visible(text, part->id);
	const char *type = part->detected_type ? part->detected_type : part->mime_type;
	text_add(text, "  ");
	text_add_visible(text, type ? type : "-");
	text_add(text, "  %" PRIu64 " bytes  %s  ", part->size, part_route_word(part->route));
	add_status(text, part->status, color);
	for (uint32_t i = 0; i < report->virus_count; i++) {
		if (report->viruses[i].part != part->number)
			continue;
		text_add(text, " ");
		text_add_visible(text, report->viruses[i].name);
	}
	for (uint32_t i = 0; i < report->code_count; i++) {
		const struct code_found *found = &report->codes[i];
		if (found->part != part->number || scan_code_is_information(found->code))
			continue;
		text_add(text, " %s", scan_code_name(found->code));
		if (!found->text)
			continue;
		text_add(text, " (");
		text_add_visible(text, found->text);
		text_add(text, ")");
	}
	if (part->password != PASSWORD_NONE)
		text_add(text, " (%s)", part_password_text(part->password));
	for (uint32_t i = 0; i < report->evasion_count; i++)
		if (report->evasions[i].part == part->number)
			text_add(text, " evasion: %s", evasion_word(report->evasions[i].evasion));
	text_add(text, "\n");
}

static void add_values(struct text *text, enum ec_av_status status, const char *info, const char *code, bool color)
{
	add_status(text, status, color);
	if (info && *info) {
		text_add(text, " ");
		text_add_visible(text, info);
	}
	/* A clamd's code is the name of the virus once more, or "OK". */
	if (code && (!info || strcmp(code, info) != 0)) {
		text_add(text, " [");
		text_add_visible(text, code);
		text_add(text, "]");
	}
}

static void add_answer(struct text *text, const struct answer *answer, bool color)
{
	text_add(text, "    engine ");
	text_add_visible(text, answer->engine->name);
	text_add(text, ": ");
	if (answer->state == ANSWER_GIVEN)
		add_values(text, answer->report.status, answer->report.info,
			   answer->code ? answer->code : scan_code_name(answer->report.code), color);
	else
		text_add(text, "%s",
			 answer->state == ANSWER_NOT_ASKED ? "not asked" : answer_state_word(answer->state));
	if (answer->address) {
		text_add(text, ", at ");
		text_add_visible(text, answer->address);
	}
	text_add(text, "\n");
}

/* Of one engine on this machine the first line says all. */
static void add_answers(struct text *text, const struct verdict *verdict, bool color)
{
	bool told = verdict && (verdict->answer_count > 1 ||
				(verdict->answer_count && verdict->answers[0].engine->kind != ENGINE_CSAPI));
	for (unsigned i = 0; told && i < verdict->answer_count; i++)
		add_answer(text, &verdict->answers[i], color);
}

/* What became of the message, and what of it is gone. */
static void add_repair(struct text *text, const struct repair_result *repair)
{
	if (!repair)
		return;
	text_add(text, "    %s", repair_end_word(repair->end));
	if (repair->end == REPAIR_FAILED)
		text_add(text, " [%s]", scan_code_name(repair->code));
	if (*repair->text) {
		text_add(text, ": ");
		text_add_visible(text, repair->text);
	}
	text_add(text, "\n");
	for (uint32_t i = 0; i < repair->removed_count; i++) {
		const struct repair_removed *removed = &repair->removed[i];
		text_add(text, "    removed (%s) ", repair_means_word(removed->means));
		text_add_visible(text, removed->order.id);
		text_add(text, ": ");
		text_add_visible(text, removed->order.what);
		text_add(text, "\n");
	}
	for (int i = 0; i < REPAIR_SIGNATURE_COUNT; i++)
		if (repair->broken[i])
			text_add(text, "    a signature (%s) does not hold any more\n",
				 repair_signature_text((enum repair_signature)i));
}

static bool evades(const struct report *report, const struct part *part)
{
	for (uint32_t i = 0; i < report->evasion_count; i++)
		if (report->evasions[i].part == part->number)
			return true;
	return false;
}

char *verdict_text_encode(const struct report *report, const struct verdict_text_options *options)
{
	const struct verdict *verdict = options->verdict;
	struct text text;
	text_init(&text);
	text_add_visible(&text, options->name ? options->name : "-");
	text_add(&text, ": ");
	if (verdict)
		add_values(&text, verdict->status, verdict->info, verdict->code, options->color);
	else
		add_values(&text, report->status, report->info, scan_code_name(report->code), options->color);
	text_add(&text, "\n");
	add_answers(&text, verdict, options->color);
	for (uint32_t i = 0; i < report->part_count; i++)
		if (options->all_parts || report->parts[i].status != EC_AV_CLEAN || evades(report, &report->parts[i]))
			add_part(&text, report, &report->parts[i], options->color);
	if (report->parts_omitted)
		text_add(&text, "    ... and %" PRIu32 " more parts\n", report->parts_omitted);
	add_repair(&text, verdict ? verdict->repair : NULL);
	return text_take(&text);
}
