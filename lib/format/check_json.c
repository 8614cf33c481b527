/*
 * check_json.c - the outcome of a check of definitions as JSON; see check_json.h. Refuses what no worker writes.
 */
#include "format/check_json.h"

#include "base/version.h"
#include "format/definition_json.h"
#include "format/json_field.h"
#include "format/versions_json.h"

#include <errno.h>
#include <stdio.h>

char *check_json_encode(const struct check *check)
{
	json_t *object = json_object();
	json_field_set_text(&object, "code", scan_code_name(check->code));
	json_field_set_text(&object, "text", check->text);
	json_field_set(&object, "loaded", json_boolean(check->loaded));
	json_field_set(&object, "finds_eicar", json_boolean(check->finds_eicar));
	json_field_set(&object, "harmless_clean", json_boolean(check->harmless_clean));
	versions_json_set(&object, &check->facts, CSAPI_VERSION);
	json_field_set(&object, "files", definition_json_encode(&check->set));
	return json_field_print(object);
}

static int decode(const json_t *object, struct check *check)
{
	const char *code, *text;
	if (json_field_text_or_null(object, "code", 128, &code) ||
	    json_field_text(object, "text", sizeof check->text * 3, &text) ||
	    json_field_bool(object, "loaded", &check->loaded) ||
	    json_field_bool(object, "finds_eicar", &check->finds_eicar) ||
	    json_field_bool(object, "harmless_clean", &check->harmless_clean))
		return -EBADMSG;
	check->code = code ? scan_code_find(code) : SCAN_CODE_NONE;
	if (code && check->code == SCAN_CODE_NONE)
		return -EBADMSG;
	/* What was found in an engine that was never loaded was not found. */
	if (!check->loaded && (check->finds_eicar || check->harmless_clean))
		return -EBADMSG;
	(void)snprintf(check->text, sizeof check->text, "%s", text);
	int error = versions_json_decode(object, &check->facts);
	return error ? error : definition_json_decode(object, "files", &check->set);
}

int check_json_decode(const char *text, size_t size, struct check *ret_check)
{
	*ret_check = (struct check){0};
	json_t *object = json_field_parse(text, size);
	int error = object ? decode(object, ret_check) : -EBADMSG;
	json_decref(object);
	if (error)
		check_free(ret_check);
	return error;
}
