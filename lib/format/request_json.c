/*
 * request_json.c - requests as JSON; see request_json.h. Refuses unknown limits and values out of range.
 */
#include "format/request_json.h"

#include "format/json_field.h"
#include "verdict/repair.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static json_t *encode_passwords(const struct password_list *passwords)
{
	json_t *array = json_array();
	for (const char *at = NULL; (at = password_list_next(passwords, at)) != NULL;)
		json_field_append(&array, json_string(at));
	return array;
}

char *request_json_encode(const struct request *request, bool all_limits)
{
	json_t *object = json_object(), *limits = json_object(), *avoid = json_array();
	for (int i = 0; i < LIMIT_COUNT; i++)
		if (all_limits || request->limits.set[i])
			json_field_set_number(&limits, limits_row((enum limit)i)->key, request->limits.value[i]);
	for (unsigned i = 0; i < request->avoid_count; i++)
		json_field_append(&avoid, json_string(request->avoid[i]));
	json_field_set_text(&object, "part", *request->part ? request->part : NULL);
	json_field_set(&object, "wire", json_boolean(request->wire));
	json_field_set(&object, "first_threat", json_boolean(request->first_threat));
	json_field_set(&object, "paranoid", json_boolean(request->paranoid));
	json_field_set(&object, "part_by_part", json_boolean(request->part_by_part));
	json_field_set(&object, "measure", json_boolean(request->measure));
	json_field_set(&object, "extract", json_boolean(request->extract));
	json_field_set_text(&object, "repair", repair_level_word(request->repair));
	if (request->repair)
		json_field_set_number(&object, "orders_size", request->orders_size);
	if (request->extract || request->repair)
		json_field_set_number(&object, "message_size", request->message_size);
	json_field_set_number(&object, "cured", request->cured);
	json_field_set(&object, "limits", limits);
	if (request->passwords.size)
		json_field_set(&object, "passwords", encode_passwords(&request->passwords));
	json_field_set(&object, "avoid_whole", json_boolean(request->avoid_whole));
	json_field_set(&object, "avoid", avoid);
	return json_field_print(object);
}

static int decode_limits(const json_t *object, struct limits *limits, struct why *why)
{
	const char *key;
	json_t *value;
	json_t *all = json_object_get(object, "limits");
	if (!json_is_object(all))
		return why_set(why, -EBADMSG, "the request has no limits");
	json_object_foreach(all, key, value)
	{
		enum limit limit = limits_find(key);
		if (limit == LIMIT_COUNT || !json_is_integer(value) || json_integer_value(value) < 0)
			return why_set(why, -EBADMSG, "the request has an invalid limit \"%.64s\"", key);
		uint64_t most = limit == LIMIT_max_cumulative_extract_size ? LIMITS_CUMULATIVE_MOST : 0;
		if (limits_set(limits, limit, (uint64_t)json_integer_value(value), most, why))
			return -EBADMSG;
	}
	return 0;
}

static int decode_avoid(const json_t *object, struct request *request)
{
	const json_t *avoid = json_object_get(object, "avoid");
	if (!json_is_array(avoid) || json_array_size(avoid) > REQUEST_AVOID_MAX ||
	    json_field_bool(object, "avoid_whole", &request->avoid_whole))
		return -EBADMSG;
	for (size_t i = 0; i < json_array_size(avoid); i++) {
		const char *id = json_string_value(json_array_get(avoid, i));
		if (!id || strlen(id) > REQUEST_PART_MAX)
			return -EBADMSG;
		(void)snprintf(request->avoid[request->avoid_count++], sizeof *request->avoid, "%s", id);
	}
	return 0;
}

/* As the wishes: whoever does not know of them has none. */
static int decode_passwords(const json_t *object, struct request *request)
{
	const json_t *passwords = json_object_get(object, "passwords");
	if (!passwords)
		return 0;
	if (!json_is_array(passwords))
		return -EBADMSG;
	for (size_t i = 0; i < json_array_size(passwords); i++) {
		const char *password = json_string_value(json_array_get(passwords, i));
		if (!password || !password_valid(password) || password_list_add(&request->passwords, password))
			return -EBADMSG;
	}
	return 0;
}

static int decode_part(const json_t *object, struct request *request)
{
	const char *part;
	/* Four bytes a character at most: an id that is too long is told as such, not as a broken request. */
	if (json_field_text_or_null(object, "part", 4 * REQUEST_PART_MAX, &part))
		return -EBADMSG;
	if (part && !request_part_valid(part))
		return -EINVAL;
	(void)snprintf(request->part, sizeof request->part, "%s", part ? part : "");
	return 0;
}

/* The wish to repair, and what was repaired before. */
static int decode_repair(const json_t *object, struct request *request)
{
	const char *level = NULL;
	uint64_t cured = 0;
	if ((json_object_get(object, "repair") && json_field_text_or_null(object, "repair", 32, &level)) ||
	    (level && repair_level_find(level, &request->repair)) ||
	    (json_object_get(object, "cured") && json_field_number(object, "cured", REPORT_FINDINGS_MAX, &cured)))
		return -EBADMSG;
	request->cured = (uint32_t)cured;
	return request->repair ? json_field_number(object, "orders_size", REPAIR_TEXT_MOST, &request->orders_size) : 0;
}

/* Wishes that came later than the protocol: a client that does not know one does not have it. */
static int decode_wishes(const json_t *object, struct request *request)
{
	const struct {
		const char *key;
		bool *wish;
	} wishes[] = {{"paranoid", &request->paranoid},
		      {"part_by_part", &request->part_by_part},
		      {"measure", &request->measure},
		      {"extract", &request->extract}};
	for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++)
		if (json_object_get(object, wishes[i].key) && json_field_bool(object, wishes[i].key, wishes[i].wish))
			return -EBADMSG;
	if (decode_repair(object, request))
		return -EBADMSG;
	if (!request->extract && !request->repair)
		return 0;
	return json_field_number(object, "message_size", LIMITS_MESSAGE_MOST, &request->message_size);
}

int request_json_decode(const char *text, size_t size, struct request *ret_request, enum scan_code *ret_code,
			struct why *why)
{
	json_t *object = json_field_parse(text, size);
	int error = 0;
	request_init(ret_request);
	*ret_code = GEN_RESULT_PARAMETER_INVALID;
	(void)why_set(why, 0, "the request is invalid");
	if (!object || json_field_bool(object, "wire", &ret_request->wire) ||
	    json_field_bool(object, "first_threat", &ret_request->first_threat) || decode_wishes(object, ret_request) ||
	    decode_avoid(object, ret_request) || decode_passwords(object, ret_request))
		error = -EBADMSG;
	if (!error && decode_limits(object, &ret_request->limits, why)) {
		*ret_code = DEC_RESULT_POLICY_INVALID;
		error = -EBADMSG;
	}
	if (!error && (error = decode_part(object, ret_request)) == -EINVAL) {
		*ret_code = DEC_RESULT_PARAMETER_INVALID;
		error = why_set(why, -EBADMSG, "the id of the part is not one");
	}
	json_decref(object);
	return error;
}
