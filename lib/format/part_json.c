/*
 * part_json.c - parts as JSON; see part_json.h.
 */
#include "format/part_json.h"

#include "format/json_field.h"

#include <errno.h>

json_t *part_json_encode(const struct part *part)
{
	json_t *object = json_object();
	json_field_set_text(&object, "id", part->id);
	json_field_set_text(&object, "kind", part_kind_word(part->kind));
	json_field_set_text(&object, "name", part->name);
	json_field_set_text(&object, "mime_type", part->mime_type);
	json_field_set_text(&object, "detected_type", part->detected_type);
	json_field_set_number(&object, "size", part->size);
	json_field_set_digest(&object, "sha256", part->has_sha256 ? part->sha256 : NULL);
	json_field_set_text(&object, "route", part_route_word(part->route));
	if (part->password != PASSWORD_NONE)
		json_field_set_text(&object, "password", part_password_word(part->password));
	if (part->written)
		json_field_set_number(&object, "offset", part->offset);
	return object;
}

int part_json_decode(const json_t *object, struct part *ret_part)
{
	struct part part = {0};
	const char *id, *kind, *route, *name, *mime_type, *detected_type;
	if (json_field_text(object, "id", REQUEST_PART_MAX, &id) || json_field_text(object, "kind", 32, &kind) ||
	    json_field_text(object, "route", 32, &route) ||
	    json_field_text_or_null(object, "name", REPORT_TEXT_MAX, &name) ||
	    json_field_text_or_null(object, "mime_type", REPORT_TEXT_MAX, &mime_type) ||
	    json_field_text_or_null(object, "detected_type", REPORT_TEXT_MAX, &detected_type) ||
	    json_field_digest(object, "sha256", part.sha256, &part.has_sha256) ||
	    json_field_number(object, "size", INT64_MAX, &part.size))
		return -EBADMSG;
	const char *password = NULL;
	if (json_object_get(object, "password") &&
	    (json_field_text(object, "password", 32, &password) || part_password_find(password, &part.password)))
		return -EBADMSG;
	part.written = json_object_get(object, "offset") != NULL;
	if (part.written && json_field_number(object, "offset", INT64_MAX, &part.offset))
		return -EBADMSG;
	if (part_kind_find(kind, &part.kind) || part_route_find(route, &part.route))
		return -EBADMSG;
	/* The report copies them; the structure has no const twin. */
	part.id = (char *)(uintptr_t)id;
	part.name = (char *)(uintptr_t)name;
	part.mime_type = (char *)(uintptr_t)mime_type;
	part.detected_type = (char *)(uintptr_t)detected_type;
	*ret_part = part;
	return 0;
}
