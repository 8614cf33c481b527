/*
 * update_json.c - what an update came to, as one document and as lines; see update_json.h.
 */
#include "format/update_json.h"

#include "base/clock.h"
#include "base/version.h"
#include "format/definition_json.h"
#include "format/json_field.h"
#include "format/text.h"

#include <inttypes.h>

#define NAME_WIDTH 12 /* columns of the names of sources and of outcomes, where they are not longer */

/* --- the document ----------------------------------------------------------------------------------------------- */

/* 0 is "unknown", or "none". */
static void set_number_or_null(json_t **object, const char *key, uint64_t number)
{
	if (number)
		json_field_set_number(object, key, number);
	else
		json_field_set(object, key, json_null());
}

static void set_code(json_t **object, enum scan_code code)
{
	json_field_set_text(object, "code", scan_code_name(code));
}

static json_t *encode_version(const char *id, const char *version)
{
	if (!*id)
		return json_null();
	json_t *object = json_object();
	json_field_set_text(&object, "id", id);
	json_field_set_text(&object, "version", *version ? version : NULL);
	return object;
}

static json_t *encode_source(const struct update_part *part)
{
	json_t *object = json_object();
	json_field_set_text(&object, "name", part->name);
	json_field_set_text(&object, "kind", part->feed ? "feed" : "database");
	json_field_set_text(&object, "outcome", update_outcome_word(part->outcome));
	set_code(&object, part->code);
	set_number_or_null(&object, "before", part->before);
	set_number_or_null(&object, "after", part->after);
	set_number_or_null(&object, "remote", part->remote);
	json_field_set_number(&object, "bytes", part->bytes);
	json_field_set(&object, "incremental", json_boolean(part->incremental));
	set_number_or_null(&object, "http", part->http);
	json_field_set_time(&object, "retry_at", part->retry_at);
	json_field_set_text(&object, "source", part->source);
	json_field_set_text(&object, "text", part->text);
	return object;
}

static json_t *encode_sources(const struct update_result *result)
{
	json_t *array = json_array();
	for (uint32_t i = 0; i < result->part_count; i++)
		json_field_append(&array, encode_source(&result->parts[i]));
	return array;
}

static json_t *encode_definitions(const struct definition_set *set)
{
	if (!set->count)
		return json_null();
	char version[32];
	definition_set_version(set, version, sizeof version);
	json_t *object = json_object();
	json_field_set_text(&object, "version", version);
	json_field_set_time(&object, "built", definition_set_built(set));
	json_field_set_number(&object, "signatures", definition_set_signatures(set));
	json_field_set(&object, "files", definition_json_encode(set));
	return object;
}

static json_t *encode_space(const struct update_result *result)
{
	json_t *object = json_object();
	set_number_or_null(&object, "needed", result->space_needed);
	/* Whoever computed what is needed looked at what is free, which may be nothing; the most is "unknown". */
	if (result->space_needed && result->space_free != UINT64_MAX)
		json_field_set_number(&object, "free", result->space_free);
	else
		json_field_set(&object, "free", json_null());
	return object;
}

static json_t *encode_scanner(const struct update_result *result)
{
	if (!result->scanner.running)
		return json_null();
	json_t *object = json_object();
	json_field_set(&object, "reloaded", json_boolean(result->scanner.asked));
	json_field_set(&object, "current", json_boolean(result->scanner.done));
	json_field_set_text(&object, "version", *result->scanner.version ? result->scanner.version : NULL);
	json_field_set_text(&object, "text", *result->scanner.text ? result->scanner.text : NULL);
	return object;
}

char *update_json_encode(const struct update_result *result)
{
	json_t *object = json_object();
	json_field_set_text(&object, "outcome", update_outcome_word(result->outcome));
	json_field_set_number(&object, "exit_status", (uint64_t)update_outcome_exit(result->outcome));
	set_code(&object, result->code);
	json_field_set_text(&object, "text", result->text);
	json_field_set_text(&object, "version", UPDATE_JSON_VERSION);
	json_field_set_text(&object, "csapi", CSAPI_VERSION);
	json_field_set_text(&object, "task", update_task_word(result->task));
	json_field_set_text(&object, "directory", *result->directory ? result->directory : NULL);
	json_field_set(&object, "before", encode_version(result->before_id, result->before));
	json_field_set(&object, "after", encode_version(result->after_id, result->after));
	json_field_set(&object, "sources", encode_sources(result));
	json_field_set(&object, "definitions", encode_definitions(&result->set));
	json_field_set(&object, "space", encode_space(result));
	json_field_set_number(&object, "pruned", result->pruned);
	json_field_set(&object, "scanner", encode_scanner(result));
	json_field_set_time(&object, "started", result->started);
	json_field_set_time(&object, "finished", result->finished);
	json_field_set_time(&object, "next", result->next);
	return json_field_print(object);
}

/* --- lines ------------------------------------------------------------------------------------------------------ */

static void add_size(struct text *text, uint64_t bytes)
{
	if (bytes >= (uint64_t)1 << 20)
		text_add(text, "%" PRIu64 " MiB", bytes >> 20);
	else if (bytes >= 1024)
		text_add(text, "%" PRIu64 " KiB", bytes >> 10);
	else
		text_add(text, "%" PRIu64 " bytes", bytes);
}

static void add_time(struct text *text, int64_t wall)
{
	char time[CLOCK_TEXT_SIZE];
	clock_text(wall, time, sizeof time);
	text_add(text, "%s", time);
}

/* "5 to 6", "5 (6 there)", "5", or nothing. */
static void add_versions(struct text *text, const struct update_part *part)
{
	uint32_t now = part->after ? part->after : part->before;
	if (!now && !part->remote)
		return;
	text_add(text, "  version ");
	if (part->before && part->after && part->before != part->after)
		text_add(text, "%" PRIu32 " to %" PRIu32, part->before, part->after);
	else if (now)
		text_add(text, "%" PRIu32, now);
	else
		text_add(text, "none");
	if (part->remote && part->remote != now)
		text_add(text, ", there is %" PRIu32, part->remote);
}

static void add_part(struct text *text, const struct update_part *part)
{
	text_add(text, "%-*s ", NAME_WIDTH, part->name);
	text_add(text, "%-*s", NAME_WIDTH, update_outcome_word(part->outcome));
	add_versions(text, part);
	if (part->bytes) {
		text_add(text, "  ");
		add_size(text, part->bytes);
		text_add(text, "%s", part->incremental ? " of patches" : "");
	}
	if (part->source) {
		text_add(text, "  from ");
		text_add_visible(text, part->source);
	}
	/* Of what went well it says what stands there already. */
	bool well =
		part->outcome == UPDATE_UPDATED || part->outcome == UPDATE_AVAILABLE || part->outcome == UPDATE_CURRENT;
	if (part->text && *part->text && !well) {
		text_add(text, "  ");
		text_add_visible(text, part->text);
	}
	if (part->code != SCAN_CODE_NONE)
		text_add(text, "  [%s]", scan_code_name(part->code));
}

char *update_text_source(const struct update_part *part)
{
	struct text text;
	text_init(&text);
	add_part(&text, part);
	return text_take(&text);
}

static void add_set(struct text *text, const struct update_result *result)
{
	if (!result->set.count)
		return;
	text_add(text, "%-*s ", NAME_WIDTH, "in use");
	text_add_visible(text, *result->after ? result->after : "a set of no version");
	text_add(text, ", %" PRIu64 " signatures\n", definition_set_signatures(&result->set));
}

/* What an update would need is asked for by a dry run. */
static void add_space(struct text *text, const struct update_result *result)
{
	if (result->task != UPDATE_DRY_RUN || !result->space_needed)
		return;
	text_add(text, "%-*s an update may take ", NAME_WIDTH, "space");
	add_size(text, result->space_needed);
	if (result->space_free != UINT64_MAX) {
		text_add(text, " for a while, free are ");
		add_size(text, result->space_free);
	}
	text_add(text, "\n");
}

static void add_scanner(struct text *text, const struct update_result *result)
{
	if (!result->scanner.running)
		return;
	text_add(text, "%-*s %s", NAME_WIDTH, "scanner", result->scanner.done ? "uses them" : "does not use them");
	if (*result->scanner.text) {
		text_add(text, ": ");
		text_add_visible(text, result->scanner.text);
	}
	text_add(text, "\n");
}

static void add_closing(struct text *text, const struct update_result *result)
{
	text_add(text, "%s: ", update_outcome_word(result->outcome));
	text_add_visible(text, *result->text ? result->text : update_outcome_text(result->outcome));
	if (result->next > 0) {
		text_add(text, "; next try from ");
		add_time(text, result->next);
		text_add(text, " on");
	}
	text_add(text, "\n");
}

char *update_text_encode(const struct update_result *result, bool closing)
{
	struct text text;
	text_init(&text);
	for (uint32_t i = 0; i < result->part_count; i++) {
		add_part(&text, &result->parts[i]);
		text_add(&text, "\n");
	}
	add_set(&text, result);
	add_space(&text, result);
	add_scanner(&text, result);
	if (closing)
		add_closing(&text, result);
	return text_take(&text);
}
