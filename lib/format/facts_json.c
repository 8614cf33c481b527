/*
 * facts_json.c - facts about engine and definitions as JSON; see facts_json.h.
 */
#include "format/facts_json.h"

#include "format/json_field.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

char *facts_json_encode(const struct facts *facts, enum scan_code code, const char *text)
{
	json_t *object = json_object();
	json_field_set_text(&object, "code", scan_code_name(code));
	json_field_set_text(&object, "text", text);
	json_field_set_text(&object, "engine", facts->engine_version);
	json_field_set_text(&object, "decomposer", facts->decomposer_version);
	json_field_set_text(&object, "source", facts->definitions_source);
	json_field_set_text(&object, "version", facts->definitions_version);
	json_field_set_number(&object, "built", facts->definitions_built < 0 ? 0 : (uint64_t)facts->definitions_built);
	json_field_set_number(&object, "signatures", facts->definitions_signatures);
	json_field_set(&object, "shipped", json_boolean(facts->definitions_shipped));
	return json_field_print(object);
}

static int decode(const json_t *object, struct facts *ret_facts, enum scan_code *ret_code, char **ret_text)
{
	const char *code, *text, *engine, *decomposer, *source, *version;
	uint64_t built;
	struct facts facts = {0};
	if (json_field_text_or_null(object, "code", 128, &code) ||
	    json_field_text_or_null(object, "text", REPORT_TEXT_MAX, &text) ||
	    json_field_text_or_null(object, "engine", REPORT_TEXT_MAX, &engine) ||
	    json_field_text_or_null(object, "decomposer", REPORT_TEXT_MAX, &decomposer) ||
	    json_field_text_or_null(object, "source", 4096, &source) ||
	    json_field_text_or_null(object, "version", REPORT_TEXT_MAX, &version) ||
	    json_field_number(object, "built", INT64_MAX, &built) ||
	    json_field_number(object, "signatures", INT64_MAX, &facts.definitions_signatures) ||
	    json_field_bool(object, "shipped", &facts.definitions_shipped))
		return -EBADMSG;
	*ret_code = code ? scan_code_find(code) : SCAN_CODE_NONE;
	if (code && *ret_code == SCAN_CODE_NONE)
		return -EBADMSG;
	facts.definitions_built = (int64_t)built;
	facts.engine_version = (char *)(uintptr_t)engine;
	facts.decomposer_version = (char *)(uintptr_t)decomposer;
	facts.definitions_source = (char *)(uintptr_t)source;
	facts.definitions_version = (char *)(uintptr_t)version;
	*ret_facts = (struct facts){0};
	*ret_text = strdup(text ? text : "");
	int error = *ret_text ? facts_copy(ret_facts, &facts) : -ENOMEM;
	if (error) {
		free(*ret_text);
		*ret_text = NULL;
	}
	return error;
}

int facts_json_decode(const char *text, size_t size, struct facts *ret_facts, enum scan_code *ret_code, char **ret_text)
{
	json_t *object = json_field_parse(text, size);
	int error = object ? decode(object, ret_facts, ret_code, ret_text) : -EBADMSG;
	json_decref(object);
	return error;
}
