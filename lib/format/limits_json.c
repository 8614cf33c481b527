/*
 * limits_json.c - limits, and what a message takes of them, as JSON; see limits_json.h.
 */
#include "format/limits_json.h"

#include "format/json_field.h"
#include "format/part_json.h"

#include <stdlib.h>

const char *limit_origin_word(enum limit_origin_kind kind)
{
	static const char *const words[ORIGIN_COUNT] = {[ORIGIN_DEFAULT] = "default",
							[ORIGIN_FILE] = "file",
							[ORIGIN_OPTION] = "option",
							[ORIGIN_SCANNER] = "scanner"};
	return words[kind];
}

static const char *need_word(enum limit_need need)
{
	static const char *const words[] = {[NEED_NOTHING] = "nothing",
					    [NEED_EXACT] = "exactly",
					    [NEED_MORE] = "more_than",
					    [NEED_NEVER] = "no_value_suffices"};
	return words[need];
}

/* null stands for no limit. */
static json_t *number_or_null(uint64_t value)
{
	return value == UINT64_MAX ? json_null() : json_integer((json_int_t)value);
}

static json_t *encode_origin(const struct limit_origin *origin)
{
	json_t *object = json_object();
	json_field_set_text(&object, "kind", limit_origin_word(origin->kind));
	json_field_set_text(&object, "where", origin->where);
	json_field_set(&object, "line", origin->line ? json_integer(origin->line) : json_null());
	return object;
}

static void set_use(json_t **object, enum limit limit, uint64_t most, const struct limit_use *use)
{
	if (!use) {
		json_field_set(object, "used", json_null());
		json_field_set(object, "ratio", json_null());
		json_field_set(object, "exceeded", json_null());
		json_field_set(object, "need", json_null());
		json_field_set(object, "needs", json_null());
		return;
	}
	double used = limit_is_time(limit) ? (double)use->used / 1000 : (double)use->used;
	json_field_set(object, "used", limit_is_time(limit) ? json_real(used) : json_integer((json_int_t)use->used));
	json_field_set(object, "ratio", most == UINT64_MAX ? json_null() : json_real(used / (double)most));
	json_field_set(object, "exceeded", json_boolean(use->exceeded));
	json_field_set_text(object, "need", need_word(use->need));
	bool figure = use->need == NEED_EXACT || use->need == NEED_MORE;
	json_field_set(object, "needs", figure ? json_integer((json_int_t)use->needs) : json_null());
}

static json_t *encode_limits(const struct limits_in_force *in_force, const struct limit_uses *uses)
{
	json_t *all = json_object();
	for (int i = 0; i < LIMIT_COUNT; i++) {
		const struct limit_row *row = limits_row((enum limit)i);
		uint64_t most = limits_effective(&in_force->limits, (enum limit)i);
		json_t *object = json_object();
		json_field_set(&object, "value", number_or_null(most));
		json_field_set_number(&object, "setting", in_force->limits.value[i]);
		json_field_set_text(&object, "unit", row->unit);
		json_field_set_number(&object, "min", row->min);
		json_field_set_number(&object, "max", row->max);
		json_field_set_number(&object, "default", row->def);
		json_field_set_text(&object, "code", scan_code_name(row->code));
		json_field_set_text(&object, "text", row->text);
		json_field_set(&object, "origin", encode_origin(&in_force->origin[i]));
		set_use(&object, (enum limit)i, most, uses ? &uses->use[i] : NULL);
		json_field_set(&all, row->key, object);
	}
	return all;
}

static const char *part_id(const struct report *report, uint32_t part)
{
	return part < report->part_count ? report->parts[part].id : NULL;
}

/* All but the word that this was no scan, which is said of every message. */
static json_t *encode_codes(const struct report *report)
{
	json_t *array = json_array();
	for (uint32_t i = 0; i < report->code_count; i++) {
		const struct code_found *found = &report->codes[i];
		if (report->complete && found->code == AVS_RESULT_SCANNER_NOT_INITIALIZED)
			continue;
		enum limit limit = limit_of_code(found);
		json_t *object = json_object();
		json_field_set_text(&object, "code", scan_code_name(found->code));
		json_field_set_text(&object, "part", part_id(report, found->part));
		json_field_set_text(&object, "text", found->text);
		json_field_set_text(&object, "limit", limit < LIMIT_COUNT ? limits_row(limit)->key : NULL);
		json_field_set(&object, "information", json_boolean(scan_code_is_information(found->code)));
		json_field_append(&array, object);
	}
	return array;
}

static json_t *encode_parts(const struct report *report)
{
	json_t *array = json_array();
	unsigned *depths = calloc(report->part_count + 1, sizeof *depths);
	if (!depths) {
		json_decref(array);
		return NULL;
	}
	for (uint32_t i = 0; i < report->part_count; i++) {
		const struct part *part = &report->parts[i];
		bool child = part->parent < i;
		depths[i] = limit_depth_of(report, part, child ? depths[part->parent] : 0);
		json_t *object = part_json_encode(part);
		json_field_set_text(&object, "parent", child ? part_id(report, part->parent) : NULL);
		json_field_set_number(&object, "depth", depths[i]);
		json_field_append(&array, object);
	}
	free(depths);
	return array;
}

static void set_message(json_t **object, const struct measurement *measurement)
{
	const struct report *walk = measurement->walk;
	const struct part *input = walk->part_count ? &walk->parts[0] : NULL;
	json_field_set_text(object, "name", measurement->name);
	json_field_set(object, "size", input ? json_integer((json_int_t)input->size) : json_null());
	json_field_set_digest(object, "sha256", input && input->has_sha256 ? input->sha256 : NULL);
	json_field_set(object, "fits", measurement->uses->failed ? json_null() : json_boolean(measurement->uses->fits));
	json_field_set(object, "whole", json_boolean(measurement->uses->whole));
	json_field_set(object, "codes", encode_codes(walk));
	json_field_set_number(object, "codes_omitted", walk->codes_omitted);
	json_field_set(object, "parts", encode_parts(walk));
	json_field_set_number(object, "parts_omitted", walk->parts_omitted);
}

char *limits_json_encode(const struct limits_in_force *in_force, const struct measurement *measurement)
{
	json_t *object = json_object();
	json_field_set_text(&object, "version", LIMITS_JSON_VERSION);
	json_field_set_text(&object, "scanner", in_force->scanner);
	json_field_set_text(&object, "note", *in_force->note ? in_force->note : NULL);
	json_field_set(&object, "limits",
		       encode_limits(in_force, measurement && !measurement->uses->failed ? measurement->uses : NULL));
	if (measurement)
		set_message(&object, measurement);
	return json_field_print(object);
}
