/*
 * engine_json.c - configured engines as JSON; see engine_json.h.
 */
#include "format/engine_json.h"

#include "format/json_field.h"

#include <string.h>

static json_t *encode_list(char *const *list)
{
	json_t *array = json_array();
	for (; list && *list; list++)
		json_field_append(&array, json_string(*list));
	return array;
}

static json_t *encode_value(const struct setting *row, const struct engine_settings *engine)
{
	const char *text;
	int length;
	switch (row->kind) {
	case SETTING_NUMBER:
		return json_integer((json_int_t)setting_number(row, engine));
	case SETTING_BOOL:
		return json_boolean(setting_bool(row, engine));
	case SETTING_WORD:
		text = setting_word_text(row, setting_word(row, engine), &length);
		return json_stringn(text, (size_t)length);
	case SETTING_LIST:
		return encode_list(setting_list(row, engine));
	default:
		text = setting_text(row, engine);
		return text ? json_string(text) : json_null();
	}
}

char *engine_json_encode(const struct engine_settings *engine)
{
	size_t count;
	const struct setting *rows = engine_settings_rows(engine->kind, &count);
	json_t *object = json_object();
	json_field_set_text(&object, "name", engine->name);
	json_field_set_text(&object, "kind", engine_kind_word(engine->kind));
	json_field_set_text(&object, "antivirus", engine->antivirus);
	for (size_t i = 0; i < count; i++)
		if (!engine_settings_void(engine->kind, &rows[i]))
			json_field_set(&object, rows[i].key, encode_value(&rows[i], engine));
	json_field_set_text(&object, "context_variable", engine_context_variable(engine));
	return json_field_print(object);
}
