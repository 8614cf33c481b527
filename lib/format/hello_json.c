/*
 * hello_json.c - greetings as JSON; see hello_json.h. Refuses another version of the protocol.
 */
#include "format/hello_json.h"

#include "base/utf8.h"
#include "base/version.h"
#include "format/frame.h"
#include "format/json_field.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MOST 4096

char *hello_json_encode(const struct hello *hello)
{
	/* A path that is no UTF-8 would come out as another one: it is not told. */
	bool told = hello->directory && utf8_valid(hello->directory);
	json_t *object = json_object(), *limits = json_object();
	for (int i = 0; i < LIMIT_COUNT; i++)
		json_field_set_number(&limits, limits_row((enum limit)i)->key, hello->limits.value[i]);
	json_field_set_number(&object, "protocol", FRAME_PROTOCOL);
	json_field_set_text(&object, "version", CSAPI_VERSION);
	json_field_set_text(&object, "directory", told ? hello->directory : NULL);
	json_field_set_number(&object, "max_concurrency", hello->max_concurrency);
	json_field_set(&object, "limits", limits);
	return json_field_print(object);
}

/* Limits that we do not know are another version's affair; what we know must be in its range. */
static int decode_limits(const json_t *object, struct limits *ret_limits)
{
	const json_t *all = json_object_get(object, "limits");
	for (int i = 0; i < LIMIT_COUNT; i++) {
		enum limit limit = (enum limit)i;
		const char *key = limits_row(limit)->key;
		uint64_t value, most = limit == LIMIT_max_cumulative_extract_size ? LIMITS_CUMULATIVE_MOST : 0;
		if (!json_object_get(all, key))
			continue;
		if (json_field_number(all, key, INT64_MAX, &value) || limits_set(ret_limits, limit, value, most, NULL))
			return -EBADMSG;
	}
	return 0;
}

int hello_json_decode(const char *text, size_t size, struct hello *ret_hello)
{
	json_t *object = json_field_parse(text, size);
	uint64_t protocol = 0, concurrency = 0;
	const char *directory = NULL;
	int error = 0;
	*ret_hello = (struct hello){0};
	limits_defaults(&ret_hello->limits);
	if (json_field_number(object, "protocol", UINT32_MAX, &protocol) || protocol != FRAME_PROTOCOL ||
	    json_field_text_or_null(object, "directory", PATH_MOST, &directory) ||
	    decode_limits(object, &ret_hello->limits))
		error = -EBADMSG;
	if (!error && json_object_get(object, "max_concurrency") &&
	    json_field_number(object, "max_concurrency", UINT_MAX, &concurrency))
		error = -EBADMSG;
	ret_hello->max_concurrency = (unsigned)concurrency;
	if (!error && directory && !(ret_hello->directory = strdup(directory)))
		error = -ENOMEM;
	json_decref(object);
	return error;
}

int hello_json_greeted(const char *text, size_t size)
{
	json_t *object = json_field_parse(text, size);
	uint64_t protocol;
	int error = json_field_number(object, "protocol", UINT32_MAX, &protocol) || protocol != FRAME_PROTOCOL
			    ? -EBADMSG
			    : 0;
	json_decref(object);
	return error;
}

void hello_free(struct hello *hello)
{
	free(hello->directory);
	*hello = (struct hello){0};
}
