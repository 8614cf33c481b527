/*
 * repair_json.c - what became of a message that was to be repaired; see repair_json.h and share/schema/verdict-1.schema.json.
 */
#include "format/repair_json.h"

#include "format/json_field.h"

static json_t *encode_removed(const struct repair_removed *removed)
{
	const struct repair_order *order = &removed->order;
	json_t *object = json_object();
	json_field_set_text(&object, "part", order->id);
	json_field_set_text(&object, "name", *order->name ? order->name : NULL);
	json_field_set_number(&object, "size", order->size);
	json_field_set_digest(&object, "sha256", order->has_sha256 ? order->sha256 : NULL);
	json_field_set_text(&object, "reason", repair_reason_word(order->reason));
	json_field_set_text(&object, "found", order->what);
	json_field_set_text(&object, "means", repair_means_word(removed->means));
	json_field_set_number(&object, "round", removed->round);
	return object;
}

static json_t *encode_troubles(const struct repair_result *result)
{
	json_t *array = json_array();
	for (uint32_t i = 0; i < result->trouble_count; i++) {
		json_t *object = json_object();
		json_field_set_text(&object, "part", result->trouble_ids[i]);
		json_field_set_text(&object, "code", scan_code_name(result->troubles[i].code));
		json_field_set_text(&object, "text", result->troubles[i].text);
		json_field_append(&array, object);
	}
	return array;
}

static json_t *encode_rescan(const struct repair_result *result)
{
	if (!result->judged)
		return json_null();
	json_t *object = json_object();
	json_field_set_text(&object, "status", ec_av_status_name(result->status));
	json_field_set_text(&object, "code", scan_code_name(result->rescan_code));
	return object;
}

json_t *repair_json_encode(const struct repair_result *result)
{
	json_t *object = json_object(), *removed = json_array(), *broken = json_array();
	for (uint32_t i = 0; i < result->removed_count; i++)
		json_field_append(&removed, encode_removed(&result->removed[i]));
	for (int i = 0; i < REPAIR_SIGNATURE_COUNT; i++)
		if (result->broken[i])
			json_field_append(&broken, json_string(repair_signature_word((enum repair_signature)i)));
	json_field_set_text(&object, "outcome", repair_end_word(result->end));
	json_field_set_text(&object, "code", result->end == REPAIR_FAILED ? scan_code_name(result->code) : NULL);
	json_field_set_text(&object, "text", result->text);
	json_field_set_number(&object, "rounds", result->rounds);
	json_field_set(&object, "rescan", encode_rescan(result));
	json_field_set(&object, "removed", removed);
	json_field_set(&object, "troubles", encode_troubles(result));
	json_field_set(&object, "signatures_broken", broken);
	if (result->measured)
		json_field_set_number(&object, "size", result->size);
	else
		json_field_set(&object, "size", json_null());
	json_field_set_digest(&object, "sha256", result->measured ? result->sha256 : NULL);
	return object;
}
