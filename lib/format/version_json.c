/*
 * version_json.c - versions as a document; see version_json.h.
 */
#include "format/version_json.h"

#include "base/version.h"
#include "format/definition_json.h"
#include "format/json_field.h"
#include "format/status_json.h"
#include "format/versions_json.h"

/* null for 0. */
static void set_number(json_t **object, const char *key, uint64_t value)
{
	if (value)
		json_field_set_number(object, key, value);
	else
		json_field_set(object, key, json_null());
}

static void set_age(json_t **object, int64_t built, int64_t now)
{
	int64_t age = age_of(built, now);
	if (age >= 0)
		json_field_set_number(object, "age_days", (uint64_t)(age / AGE_DAY));
	else
		json_field_set(object, "age_days", json_null());
}

/* NULL for "". */
static const char *said(const char *text)
{
	return text[0] ? text : NULL;
}

static json_t *encode_definitions(const struct version *version)
{
	const struct version_definitions *definitions = &version->definitions;
	if (!definitions->directory)
		return json_null();
	json_t *object = json_object();
	json_field_set_text(&object, "directory", definitions->directory);
	json_field_set_text(&object, "store", definitions->store);
	json_field_set_text(&object, "set", definitions->id);
	json_field_set_text(&object, "version", said(version->number));
	json_field_set_time(&object, "built", version->built);
	set_age(&object, version->built, version->now);
	set_number(&object, "signatures", version->signatures);
	json_field_set(&object, "shipped", json_boolean(definitions->shipped));
	json_field_set_text(&object, "basis", version_basis_word(definitions->basis));
	json_field_set_text(&object, "tested_with", definitions->tested_with);
	json_field_set(&object, "finds_eicar",
		       definitions->tested_with ? json_boolean(definitions->finds_eicar) : json_null());
	json_field_set_text(&object, "fault", said(definitions->fault));
	json_field_set(&object, "files", definition_json_encode(&definitions->set));
	return object;
}

static json_t *encode_updates(const struct version_updates *updates)
{
	if (!updates->directory)
		return json_null();
	json_t *object = json_object();
	json_field_set_text(&object, "directory", updates->directory);
	json_field_set_time(&object, "tried", updates->tried);
	json_field_set_time(&object, "checked", updates->checked);
	json_field_set_time(&object, "updated", updates->updated);
	json_field_set_text(&object, "outcome", updates->tried ? update_outcome_word(updates->outcome) : NULL);
	json_field_set_text(&object, "text", updates->text);
	json_field_set_time(&object, "retry_at", updates->retry_at);
	json_field_set(&object, "behind", json_boolean(updates->behind));
	return object;
}

/* What one that answers says of itself. */
static void set_status(json_t **object, const struct version_scanner *scanner)
{
	const struct status *status = &scanner->status;
	json_field_set_text(object, "state", status_state_word(status->state));
	json_field_set(object, "reloading", json_boolean(status->reloading));
	json_field_set_text(object, "socket", said(status->socket));
	json_field_set_number(object, "pid", status->pid < 0 ? 0 : (uint64_t)status->pid);
	json_field_set_number(object, "generation", status->generation);
	json_field_set_time(object, "loaded", status->loaded);
	json_field_set(object, "same", status->facts.definitions_source ? json_boolean(scanner->same) : json_null());
	versions_json_set(object, &status->facts, status->version);
}

static json_t *encode_scanner(const struct version_scanner *scanner)
{
	if (scanner->state == VERSION_SCANNER_UNASKED)
		return json_null();
	bool answers = scanner->state == VERSION_SCANNER_ANSWERS;
	json_t *object = json_object();
	json_field_set(&object, "running", json_boolean(scanner->state != VERSION_SCANNER_NONE));
	json_field_set(&object, "answers", json_boolean(answers));
	json_field_set_text(&object, "trouble", said(answers ? scanner->status.trouble : scanner->text));
	if (answers)
		set_status(&object, scanner);
	return object;
}

static json_t *encode_demand(const struct version *version)
{
	if (!version->max_age)
		return json_null();
	json_t *object = json_object();
	json_field_set_number(&object, "seconds", version->max_age);
	json_field_set(&object, "exceeded", json_boolean(version->exceeded));
	json_field_set_text(&object, "text", said(version->excess));
	return object;
}

char *version_json_encode(const struct version *version)
{
	json_t *object = json_object();
	json_field_set_text(&object, "version", VERSION_JSON_VERSION);
	json_field_set_text(&object, "currency", currency_word(version->currency));
	json_field_set_text(&object, "text", version->text);
	json_field_set(&object, "versions", versions_json_encode(&version->programs, CSAPI_VERSION));
	json_field_set_text(&object, "trouble", said(version->trouble));
	json_field_set(&object, "definitions", encode_definitions(version));
	json_field_set(&object, "updates", encode_updates(&version->updates));
	json_field_set(&object, "scanner", encode_scanner(&version->scanner));
	json_field_set(&object, "max_age", encode_demand(version));
	json_field_set_time(&object, "time", version->now);
	return json_field_print(object);
}
