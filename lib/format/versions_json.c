/*
 * versions_json.c - facts as members of a document; see versions_json.h. Refuses what no encoder writes.
 */
#include "format/versions_json.h"

#include "base/clock.h"
#include "format/json_field.h"

#include <errno.h>

#define DAY         86400
#define SOURCE_MOST 4096 /* a path */

json_t *versions_json_encode(const struct facts *facts, const char *csapi)
{
	json_t *object = json_object();
	json_field_set_text(&object, "csapi", csapi);
	json_field_set_text(&object, "engine", facts->engine_version);
	json_field_set_text(&object, "decomposer", facts->decomposer_version);
	return object;
}

static json_t *encode_definitions(const struct facts *facts)
{
	if (!facts->definitions_source)
		return json_null();
	int64_t age = clock_wall() - facts->definitions_built;
	json_t *object = json_object();
	json_field_set_text(&object, "source", facts->definitions_source);
	json_field_set_text(&object, "version", facts->definitions_version);
	json_field_set_time(&object, "built", facts->definitions_built);
	if (facts->definitions_built > 0 && facts->definitions_built <= JSON_FIELD_TIME_MOST)
		json_field_set_number(&object, "age_days", age < 0 ? 0 : (uint64_t)(age / DAY));
	else
		json_field_set(&object, "age_days", json_null());
	json_field_set_number(&object, "signatures", facts->definitions_signatures);
	json_field_set(&object, "shipped", json_boolean(facts->definitions_shipped));
	return object;
}

void versions_json_set(json_t **object, const struct facts *facts, const char *csapi)
{
	json_field_set(object, "versions", versions_json_encode(facts, csapi));
	json_field_set(object, "definitions", encode_definitions(facts));
}

int versions_json_decode(const json_t *object, struct facts *facts)
{
	const json_t *versions = json_object_get(object, "versions"), *set = json_object_get(object, "definitions");
	struct facts read = {0};
	const char *engine, *decomposer, *source = NULL, *version = NULL;
	if (json_field_text_or_null(versions, "engine", REPORT_TEXT_MAX, &engine) ||
	    json_field_text_or_null(versions, "decomposer", REPORT_TEXT_MAX, &decomposer))
		return -EBADMSG;
	if (!json_is_null(set) && (json_field_text(set, "source", SOURCE_MOST, &source) ||
				   json_field_text_or_null(set, "version", REPORT_TEXT_MAX, &version) ||
				   json_field_time(set, "built", &read.definitions_built) ||
				   json_field_number(set, "signatures", INT64_MAX, &read.definitions_signatures) ||
				   json_field_bool(set, "shipped", &read.definitions_shipped)))
		return -EBADMSG;
	read.engine_version = (char *)(uintptr_t)engine;
	read.decomposer_version = (char *)(uintptr_t)decomposer;
	read.definitions_source = (char *)(uintptr_t)source;
	read.definitions_version = (char *)(uintptr_t)version;
	return facts_copy(facts, &read);
}
