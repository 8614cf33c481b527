/*
 * verdict_json.c - reports as verdict documents; see verdict_json.h and share/schema/verdict-1.schema.json.
 */
#include "format/verdict_json.h"

#include "base/version.h"
#include "format/json_field.h"
#include "format/part_json.h"
#include "format/repair_json.h"
#include "format/versions_json.h"
#include "verdict/context.h"
#include "verdict/reply.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The id that stands for a part in the document; parts beyond REPORT_PARTS_MAX have none. */
static const char *part_id(const struct report *report, uint32_t part)
{
	return part < report->part_count ? report->parts[part].id : NULL;
}

static json_t *encode_codes(const struct report *report)
{
	json_t *array = json_array();
	for (uint32_t i = 0; i < report->code_count; i++) {
		const struct code_found *found = &report->codes[i];
		json_t *object = json_object();
		json_field_set_text(&object, "code", scan_code_name(found->code));
		json_field_set_text(&object, "part", part_id(report, found->part));
		json_field_set_text(&object, "text", found->text);
		json_field_set(&object, "information", json_boolean(scan_code_is_information(found->code)));
		json_field_append(&array, object);
	}
	return array;
}

static json_t *encode_viruses(const struct report *report)
{
	json_t *array = json_array();
	for (uint32_t i = 0; i < report->virus_count; i++) {
		json_t *object = json_object();
		json_field_set_text(&object, "name", report->viruses[i].name);
		json_field_set_text(&object, "part", part_id(report, report->viruses[i].part));
		json_field_set(&object, "official", json_boolean(report->viruses[i].official));
		json_field_append(&array, object);
	}
	return array;
}

static json_t *encode_evasions(const struct report *report)
{
	json_t *array = json_array();
	for (uint32_t i = 0; i < report->evasion_count; i++) {
		const struct evasion_found *found = &report->evasions[i];
		json_t *object = json_object();
		json_field_set_text(&object, "part", part_id(report, found->part));
		json_field_set_text(&object, "reason", evasion_word(found->evasion));
		json_field_set_text(&object, "text", found->text);
		json_field_append(&array, object);
	}
	return array;
}

/* A part's own informational string: its first virus, or the text of its code. */
static const char *part_info(const struct report *report, const struct part *part)
{
	if (part->status == EC_AV_INFECTED) {
		for (uint32_t i = 0; i < report->virus_count; i++)
			if (report->viruses[i].part == part->number)
				return report->viruses[i].name;
	}
	return part->code == SCAN_CODE_NONE ? "" : scan_code_row(part->code)->text;
}

static json_t *encode_parts(const struct report *report)
{
	json_t *array = json_array();
	for (uint32_t i = 0; i < report->part_count; i++) {
		const struct part *part = &report->parts[i];
		json_t *object = part_json_encode(part);
		json_field_set_text(&object, "parent",
				    part->parent == REPORT_NO_PART ? NULL : part_id(report, part->parent));
		json_field_set_text(&object, "status", ec_av_status_name(part->status));
		json_field_set_text(&object, "info", part_info(report, part));
		json_field_set_text(&object, "code", scan_code_name(part->code));
		json_field_append(&array, object);
	}
	return array;
}

/* Is it a clamd whose report is shown? It has limits of its own, of which only it knows. */
static bool is_foreign(const struct verdict *verdict)
{
	for (unsigned i = 0; verdict && i < verdict->answer_count; i++)
		if (verdict->report == &verdict->answers[i].report)
			return verdict->answers[i].engine->kind == ENGINE_CLAMAV;
	return false;
}

static json_t *encode_limits(const struct limits *limits, bool foreign)
{
	json_t *object = json_object();
	for (int i = 0; i < LIMIT_COUNT; i++) {
		uint64_t value = limits_effective(limits, (enum limit)i);
		const char *key = limits_row((enum limit)i)->key;
		if (value == UINT64_MAX || (foreign && i != LIMIT_timeout))
			json_field_set(&object, key, json_null());
		else
			json_field_set_number(&object, key, value);
	}
	return object;
}

static json_t *encode_usage(const struct usage *usage)
{
	json_t *object = json_object();
	json_field_set_number(&object, "extract_depth", usage->depth);
	json_field_set_number(&object, "extract_size", usage->largest);
	json_field_set_number(&object, "cumulative_extract_size", usage->cumulative);
	json_field_set_number(&object, "file_count", usage->files);
	return object;
}

static json_t *encode_times(const struct report *report)
{
	json_t *object = json_object();
	json_field_set_time(&object, "started", report->started);
	json_field_set_number(&object, "total_ms", report->total_ms);
	json_field_set_number(&object, "scan_ms", report->usage.scan_ms);
	json_field_set_number(&object, "extract_ms", report->usage.extract_ms);
	json_field_set(&object, "cached", json_boolean(report->cached));
	return object;
}

/* What was scanned: the input is part 0, where the scan came that far. */
static void set_input(json_t **object, const struct report *report, const char *name)
{
	const struct part *input = report->part_count ? &report->parts[0] : NULL;
	json_t *digest = NULL;
	json_field_set_text(object, "name", name);
	if (input)
		digest = part_json_encode(input);
	if (input && (input->has_sha256 || input->route != ROUTE_UNSEEN)) {
		json_field_set_number(object, "size", input->size);
		json_field_set(object, "sha256", digest ? json_incref(json_object_get(digest, "sha256")) : NULL);
	} else {
		json_field_set(object, "size", json_null());
		json_field_set(object, "sha256", json_null());
	}
	json_decref(digest);
}

static json_t *encode_answer(const struct answer *answer)
{
	bool given = answer->state == ANSWER_GIVEN;
	const struct report *report = given ? &answer->report : NULL;
	const char *code = answer->code ? answer->code : report ? scan_code_name(report->code) : NULL;
	json_t *object = json_object();
	json_field_set_text(&object, "name", answer->engine->name);
	json_field_set_text(&object, "kind", engine_kind_word(answer->engine->kind));
	json_field_set_text(&object, "state", answer_state_word(answer->state));
	json_field_set_text(&object, "status", report ? ec_av_status_name(report->status) : NULL);
	json_field_set_text(&object, "info", report ? (report->info ? report->info : "") : NULL);
	json_field_set_text(&object, "code", code);
	json_field_set_text(&object, "address", answer->address);
	json_field_set_text(&object, "version", report ? report->facts.engine_version : NULL);
	json_field_set_text(&object, "definitions", report ? report->facts.definitions_version : NULL);
	json_field_set_number(&object, "attempts", answer->attempts);
	return object;
}

static json_t *encode_engines(const struct verdict *verdict)
{
	json_t *array = json_array();
	for (unsigned i = 0; verdict && i < verdict->answer_count; i++)
		json_field_append(&array, encode_answer(&verdict->answers[i]));
	return array;
}

static json_t *encode_context(const struct verdict *verdict)
{
	struct context_variable variables[ENGINES_MAX];
	unsigned count = verdict ? context_of(verdict, variables) : 0;
	json_t *object = json_object();
	for (unsigned i = 0; i < count; i++) {
		char name[128 + sizeof CONTEXT_INFO];
		if (!variables[i].set)
			continue;
		(void)snprintf(name, sizeof name, "%.128s%s", variables[i].name, CONTEXT_INFO);
		json_field_set_text(&object, variables[i].name, variables[i].value);
		json_field_set_text(&object, name, variables[i].info);
	}
	return object;
}

static json_t *encode_reply(const struct verdict *verdict)
{
	struct reply reply;
	if (!verdict || !reply_of(verdict, &reply))
		return json_null();
	json_t *object = json_object();
	json_field_set_number(&object, "code", reply.code);
	json_field_set_text(&object, "enhanced", reply.enhanced);
	json_field_set_text(&object, "text", reply.text);
	return object;
}

/* What all engines say, beside the report of the one that is shown. */
static void set_verdict(json_t **object, const struct verdict *verdict)
{
	json_field_set(object, "scanned", json_boolean(!verdict || !verdict->unasked));
	json_field_set(object, "engines", encode_engines(verdict));
	json_field_set(object, "context", encode_context(verdict));
	json_field_set(object, "reply", encode_reply(verdict));
	json_field_set(object, "repair",
		       verdict && verdict->repair ? repair_json_encode(verdict->repair) : json_null());
}

/* The four values of the seed. */
static void set_values(json_t **object, const struct report *report, const struct verdict *verdict)
{
	enum ec_av_status status = verdict ? verdict->status : report->status;
	const char *info = verdict ? verdict->info : report->info;
	json_field_set_text(object, "status", ec_av_status_name(status));
	json_field_set_text(object, "info", info ? info : "");
	json_field_set_text(object, "engine", verdict ? verdict->engine : report->engine);
	json_field_set_text(object, "code", verdict ? verdict->code : scan_code_name(report->code));
}

char *verdict_json_encode(const struct report *report, const struct verdict_json_options *options)
{
	json_t *object = json_object();
	set_values(&object, report, options->verdict);
	json_field_set_text(&object, "version", VERDICT_JSON_VERSION);
	set_input(&object, report, options->name);
	json_field_set(&object, "viruses", encode_viruses(report));
	json_field_set_number(&object, "viruses_omitted", report->viruses_omitted);
	json_field_set(&object, "codes", encode_codes(report));
	json_field_set_number(&object, "codes_omitted", report->codes_omitted);
	json_field_set(&object, "evasions", encode_evasions(report));
	json_field_set_number(&object, "evasions_omitted", report->evasions_omitted);
	json_field_set(&object, "parts", encode_parts(report));
	json_field_set_number(&object, "parts_omitted", report->parts_omitted);
	json_field_set(&object, "complete", json_boolean(report->complete));
	json_field_set(&object, "wire", json_boolean(report->wire));
	json_field_set_number(&object, "attempts", report->attempts);
	json_field_set(&object, "limits", encode_limits(&report->limits, is_foreign(options->verdict)));
	json_field_set(&object, "usage", encode_usage(&report->usage));
	versions_json_set(&object, &report->facts, CSAPI_VERSION);
	set_verdict(&object, options->verdict);
	if (!options->without_times)
		json_field_set(&object, "times", encode_times(report));
	return json_field_print(object);
}

/* Ids to numbers, for the parts that codes, viruses and children name. */
struct id_entry {
	const char *id;
	uint32_t number;
};

struct ids {
	void *tree;
	struct id_entry *entries;
};

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct id_entry *)a)->id, ((const struct id_entry *)b)->id);
}

static void keep_entry(void *entry)
{
	(void)entry; /* belongs to the array */
}

/* null stands for a part beyond those listed; the first such number serves for all of them. */
static int number_of(const struct ids *ids, const struct report *report, const char *id, uint32_t *ret_number)
{
	if (!id) {
		*ret_number = report->parts_omitted ? report->part_count : 0;
		return 0;
	}
	const struct id_entry wanted = {.id = id};
	struct id_entry *const *found = tfind(&wanted, &ids->tree, compare_entries);
	if (!found)
		return -EBADMSG;
	*ret_number = (*found)->number;
	return 0;
}

static int decode_parts(const json_t *array, struct report *report, struct ids *ids)
{
	size_t count = json_array_size(array);
	ids->entries = calloc(count + 1, sizeof *ids->entries);
	if (!ids->entries)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		const json_t *object = json_array_get(array, i);
		struct part part;
		const char *parent;
		if (part_json_decode(object, &part) ||
		    json_field_text_or_null(object, "parent", REQUEST_PART_MAX, &parent))
			return -EBADMSG;
		part.number = i;
		part.parent = REPORT_NO_PART;
		if (parent && number_of(ids, report, parent, &part.parent))
			return -EBADMSG;
		int error = report_part(report, &part);
		if (error)
			return error;
		ids->entries[i] = (struct id_entry){report->parts[i].id, i};
		if (!tsearch(&ids->entries[i], &ids->tree, compare_entries))
			return -ENOMEM;
	}
	return 0;
}

static int decode_codes(const json_t *array, struct report *report, const struct ids *ids)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *object = json_array_get(array, i);
		const char *name, *id, *text;
		uint32_t part;
		if (json_field_text(object, "code", 128, &name) ||
		    json_field_text_or_null(object, "part", REQUEST_PART_MAX, &id) ||
		    json_field_text_or_null(object, "text", REPORT_TEXT_MAX, &text) ||
		    number_of(ids, report, id, &part))
			return -EBADMSG;
		int error = report_code(report, part, scan_code_find(name), text);
		if (error)
			return error;
	}
	return 0;
}

static int decode_viruses(const json_t *array, struct report *report, const struct ids *ids)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *object = json_array_get(array, i);
		const char *name, *id;
		bool official;
		uint32_t part;
		if (json_field_text(object, "name", REPORT_TEXT_MAX, &name) ||
		    json_field_text_or_null(object, "part", REQUEST_PART_MAX, &id) ||
		    json_field_bool(object, "official", &official) || number_of(ids, report, id, &part))
			return -EBADMSG;
		int error = report_virus(report, part, name, official);
		if (error)
			return error;
	}
	return 0;
}

/* A scanner that was started before an update may not know them. */
static int decode_evasions(const json_t *document, struct report *report, const struct ids *ids)
{
	const json_t *array;
	uint64_t omitted;
	if (!json_object_get(document, "evasions"))
		return 0;
	if (json_field_objects(document, "evasions", REPORT_EVASIONS_MAX, &array) ||
	    json_field_number(document, "evasions_omitted", UINT32_MAX, &omitted))
		return -EBADMSG;
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *object = json_array_get(array, i);
		const char *word, *id, *text;
		uint32_t part;
		if (json_field_text(object, "reason", 64, &word) ||
		    json_field_text_or_null(object, "part", REQUEST_PART_MAX, &id) ||
		    json_field_text(object, "text", REPORT_TEXT_MAX, &text) || number_of(ids, report, id, &part))
			return -EBADMSG;
		int error = report_evasion(report, part, evasion_find(word), text);
		if (error)
			return error;
	}
	report->evasions_omitted = (uint32_t)omitted;
	return 0;
}

static int decode_limits(const json_t *object, struct limits *limits)
{
	const json_t *all = json_object_get(object, "limits");
	for (int i = 0; i < LIMIT_COUNT; i++) {
		const char *key = limits_row((enum limit)i)->key;
		uint64_t value = 0;
		if (!json_is_null(json_object_get(all, key)) && json_field_number(all, key, INT64_MAX, &value))
			return -EBADMSG;
		limits->value[i] = value;
	}
	return 0;
}

static int decode_figures(const json_t *object, struct report *report)
{
	const json_t *usage = json_object_get(object, "usage"), *times = json_object_get(object, "times");
	uint64_t attempts;
	if (json_field_number(usage, "extract_depth", INT64_MAX, &report->usage.depth) ||
	    json_field_number(usage, "extract_size", INT64_MAX, &report->usage.largest) ||
	    json_field_number(usage, "cumulative_extract_size", INT64_MAX, &report->usage.cumulative) ||
	    json_field_number(usage, "file_count", INT64_MAX, &report->usage.files) ||
	    json_field_number(times, "total_ms", INT64_MAX, &report->total_ms) ||
	    json_field_number(times, "scan_ms", INT64_MAX, &report->usage.scan_ms) ||
	    json_field_number(times, "extract_ms", INT64_MAX, &report->usage.extract_ms) ||
	    json_field_time(times, "started", &report->started) ||
	    json_field_number(object, "attempts", UINT32_MAX, &attempts) ||
	    (json_object_get(times, "cached") && json_field_bool(times, "cached", &report->cached)))
		return -EBADMSG;
	report->attempts = (unsigned)attempts;
	return decode_limits(object, &report->limits);
}

/*
 * The scanner settled already, and its word stands when it refused or when codes were left out of the document; else
 * settling again must come to the same, or the document contradicts itself.
 */
static int decode_settled(const json_t *object, struct report *report)
{
	const char *status_word, *info, *code_word;
	enum ec_av_status status;
	if (json_field_text(object, "status", 64, &status_word) ||
	    json_field_text(object, "info", 2 * REPORT_TEXT_MAX + REQUEST_PART_MAX, &info) ||
	    json_field_text_or_null(object, "code", 128, &code_word) || ec_av_status_find(status_word, &status))
		return -EBADMSG;
	int error = status >= EC_AV_PART_IS_CONTAINER ? report_refuse(report, status, info) : 0;
	enum scan_code code = code_word ? scan_code_find(code_word) : SCAN_CODE_NONE;
	error = error ? error : report_settle(report);
	return error ? error : report->status == status && report->code == code ? 0 : -EBADMSG;
}

static int decode_report(const json_t *object, struct report *report, struct ids *ids)
{
	const json_t *parts, *codes, *viruses;
	uint64_t parts_omitted, codes_omitted, viruses_omitted;
	if (json_field_objects(object, "parts", REPORT_PARTS_MAX, &parts) ||
	    json_field_objects(object, "codes", REPORT_FINDINGS_MAX, &codes) ||
	    json_field_objects(object, "viruses", REPORT_FINDINGS_MAX, &viruses) ||
	    json_field_number(object, "parts_omitted", UINT32_MAX - REPORT_PARTS_MAX, &parts_omitted) ||
	    json_field_number(object, "codes_omitted", UINT32_MAX, &codes_omitted) ||
	    json_field_number(object, "viruses_omitted", UINT32_MAX, &viruses_omitted) ||
	    json_field_bool(object, "wire", &report->wire) || json_field_bool(object, "complete", &report->complete))
		return -EBADMSG;
	int error = decode_parts(parts, report, ids);
	report->parts_omitted = (uint32_t)parts_omitted;
	error = error ? error : decode_codes(codes, report, ids);
	/* A list of which something was omitted takes nothing more, and the codes of viruses stand in it already. */
	report->codes_omitted = (uint32_t)codes_omitted;
	error = error ? error : decode_viruses(viruses, report, ids);
	report->codes_omitted = (uint32_t)codes_omitted;
	report->viruses_omitted = (uint32_t)viruses_omitted;
	error = error ? error : decode_evasions(object, report, ids);
	error = error ? error : decode_figures(object, report);
	error = error ? error : versions_json_decode(object, &report->facts);
	return error ? error : decode_settled(object, report);
}

int verdict_json_decode(const char *text, size_t size, struct report *ret_report, struct why *why)
{
	json_t *object = json_field_parse(text, size);
	struct ids ids = {0};
	report_init(ret_report);
	int error = object ? decode_report(object, ret_report, &ids) : -EBADMSG;
	tdestroy(ids.tree, keep_entry);
	free(ids.entries);
	json_decref(object);
	if (error) {
		report_free(ret_report);
		if (error != -ENOMEM)
			error = why_set(why, -EBADMSG, "the scanner's answer is not a verdict");
	}
	return error;
}
