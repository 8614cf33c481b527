/*
 * definition_json.c - files of definitions as JSON; see definition_json.h.
 */
#include "format/definition_json.h"

#include "format/json_field.h"
#include "verdict/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static json_t *encode(const struct definition_file *file)
{
	json_t *object = json_object();
	json_field_set_text(&object, "name", file->name);
	json_field_set_text(&object, "trust", definition_trust_word(file->trust));
	json_field_set_number(&object, "version", file->version);
	json_field_set_time(&object, "built", file->built);
	json_field_set_number(&object, "signatures", file->signatures);
	json_field_set_number(&object, "level", file->level);
	json_field_set_number(&object, "size", file->size);
	json_field_set_digest(&object, "sha256", file->has_sha256 ? file->sha256 : NULL);
	json_field_set_text(&object, "source", file->source);
	json_field_set_text(&object, "fault", file->fault);
	return object;
}

json_t *definition_json_encode(const struct definition_set *set)
{
	json_t *array = json_array();
	for (uint32_t i = 0; i < set->count; i++)
		json_field_append(&array, encode(&set->files[i]));
	return array;
}

static int decode(const json_t *object, struct definition_set *set)
{
	struct definition_file file = {0};
	const char *name, *trust, *source, *fault;
	uint64_t version, level;
	if (json_field_text(object, "name", DEFINITION_NAME_MAX - 1, &name) ||
	    json_field_text(object, "trust", 32, &trust) ||
	    json_field_number(object, "version", UINT32_MAX, &version) ||
	    json_field_time(object, "built", &file.built) ||
	    json_field_number(object, "signatures", INT64_MAX, &file.signatures) ||
	    json_field_number(object, "level", UINT32_MAX, &level) ||
	    json_field_number(object, "size", INT64_MAX, &file.size) ||
	    json_field_digest(object, "sha256", file.sha256, &file.has_sha256) ||
	    json_field_text_or_null(object, "source", REPORT_TEXT_MAX, &source) ||
	    json_field_text_or_null(object, "fault", REPORT_TEXT_MAX, &fault))
		return -EBADMSG;
	/* Loaders take any name with an extension that they know. */
	if (strchr(name, '/') || name[0] == '.' || !definition_name_known(name) ||
	    definition_trust_find(trust, &file.trust) || definition_set_find(set, name))
		return -EBADMSG;
	(void)snprintf(file.name, sizeof file.name, "%s", name);
	file.version = (uint32_t)version;
	file.level = (uint32_t)level;
	/* The set copies them; the structure has no const twin. */
	file.source = (char *)(uintptr_t)source;
	file.fault = (char *)(uintptr_t)fault;
	int error = definition_set_put(set, &file);
	return error == -E2BIG ? -EBADMSG : error;
}

int definition_json_decode(const json_t *object, const char *key, struct definition_set *ret_set)
{
	const json_t *array;
	*ret_set = (struct definition_set){NULL, 0};
	int error = json_field_objects(object, key, DEFINITION_FILES_MAX, &array);
	for (size_t i = 0; !error && i < json_array_size(array); i++)
		error = decode(json_array_get(array, i), ret_set);
	if (error)
		definition_set_free(ret_set);
	return error;
}
