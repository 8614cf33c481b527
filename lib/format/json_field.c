/*
 * json_field.c - checked reading and building of JSON; see json_field.h.
 */
#include "format/json_field.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "format/json_memory.h"
#include "verdict/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Digits of a fraction: as many as any double holds without rounding noise at their end. */
#define REAL_DIGITS  15
#define VERSION_MOST 16

json_t *json_field_parse(const char *text, size_t size)
{
	return json_memory_load(text, size);
}

/* The library leaves DEL as it is; a terminal would act on it. Takes over the text. */
static char *escape_del(char *take_text)
{
	static const char escape[] = "\\u007F";
	size_t count = 0;
	for (const char *c = take_text; c && *c; c++)
		count += *c == 0x7F;
	if (!count)
		return take_text;
	char *escaped = malloc(strlen(take_text) + count * sizeof escape + 1), *to = escaped;
	for (const char *c = take_text; to && *c; c++) {
		if (*c == 0x7F)
			to = stpcpy(to, escape);
		else
			*to++ = *c;
	}
	if (to)
		*to = '\0';
	free(take_text);
	return escaped;
}

/* What is printed. The library goes on when a piece could not be kept, so that is remembered. */
struct print {
	struct buffer buffer;
	bool failed;
};

static int keep(const char *piece, size_t size, void *context)
{
	struct print *print = context;
	print->failed = print->failed || buffer_append(&print->buffer, piece, size);
	return print->failed ? -1 : 0;
}

char *json_field_print(json_t *value)
{
	const size_t flags = JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY | JSON_REAL_PRECISION(REAL_DIGITS);
	struct print print = {.failed = false};
	if (!value)
		return NULL;
	buffer_init(&print.buffer, SIZE_MAX);
	int error = json_dump_callback(value, keep, &print, flags);
	json_decref(value);
	if (error || print.failed || keep("", 1, &print)) {
		buffer_free(&print.buffer);
		return NULL;
	}
	return escape_del((char *)buffer_take(&print.buffer, &(size_t){0}));
}

int json_field_number(const json_t *object, const char *key, uint64_t most, uint64_t *ret)
{
	const json_t *value = json_object_get(object, key);
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return -EBADMSG;
	uint64_t number = (uint64_t)json_integer_value(value);
	if (number > most)
		return -EBADMSG;
	*ret = number;
	return 0;
}

int json_field_bool(const json_t *object, const char *key, bool *ret)
{
	const json_t *value = json_object_get(object, key);
	if (!json_is_boolean(value))
		return -EBADMSG;
	*ret = json_is_true(value);
	return 0;
}

int json_field_text_or_null(const json_t *object, const char *key, size_t most, const char **ret)
{
	const json_t *value = json_object_get(object, key);
	*ret = NULL;
	if (json_is_null(value))
		return 0;
	if (!json_is_string(value) || json_string_length(value) > most)
		return -EBADMSG;
	*ret = json_string_value(value);
	/* A NUL inside would make two texts of one. */
	return strlen(*ret) == json_string_length(value) ? 0 : -EBADMSG;
}

int json_field_text(const json_t *object, const char *key, size_t most, const char **ret)
{
	int error = json_field_text_or_null(object, key, most, ret);
	return error || *ret ? error : -EBADMSG;
}

int json_field_version(const json_t *object, const char *version)
{
	const char *text;
	size_t major = strcspn(version, ".") + 1;
	if (json_field_text(object, "version", VERSION_MOST, &text) || strncmp(text, version, major) != 0)
		return -EBADMSG;
	return 0;
}

int json_field_time(const json_t *object, const char *key, int64_t *ret_wall)
{
	const char *text;
	struct tm parts = {0};
	*ret_wall = 0;
	if (json_field_text_or_null(object, key, CLOCK_TEXT_SIZE, &text))
		return -EBADMSG;
	if (!text)
		return 0;
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &parts);
	if (!end || *end)
		return -EBADMSG;
	*ret_wall = (int64_t)timegm(&parts);
	return 0;
}

int json_field_digest(const json_t *object, const char *key, uint8_t ret_digest[32], bool *ret_there)
{
	static const char digits[] = "0123456789abcdef";
	const char *text;
	if (json_field_text_or_null(object, key, 64, &text))
		return -EBADMSG;
	*ret_there = text != NULL;
	if (!text)
		return 0;
	if (strlen(text) != 64 || strspn(text, digits) != 64)
		return -EBADMSG;
	for (int i = 0; i < 32; i++) {
		long high = strchr(digits, text[2 * i]) - digits;
		long low = strchr(digits, text[2 * i + 1]) - digits;
		ret_digest[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

int json_field_objects(const json_t *object, const char *key, size_t most, const json_t **ret)
{
	const json_t *array = json_object_get(object, key);
	if (!json_is_array(array) || json_array_size(array) > most)
		return -EBADMSG;
	for (size_t i = 0; i < json_array_size(array); i++)
		if (!json_is_object(json_array_get(array, i)))
			return -EBADMSG;
	*ret = array;
	return 0;
}

void json_field_set(json_t **object, const char *key, json_t *value)
{
	if (*object && value && json_object_set_new(*object, key, value) == 0)
		return;
	if (!*object)
		json_decref(value);
	json_decref(*object);
	*object = NULL;
}

void json_field_set_number(json_t **object, const char *key, uint64_t value)
{
	/* JSON's integers are signed here; nothing we count comes near the end of their range. */
	json_field_set(object, key, json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value));
}

/*
 * Paths and the texts of libraries may be no UTF-8, or be cut within a character: what they come with must be said all
 * the same. The cleaned text is not longer than what readers take.
 */
static json_t *cleaned(const char *text)
{
	size_t size = strlen(text);
	char *clean = utf8_clean(text, size, size > REPORT_TEXT_MAX ? size : REPORT_TEXT_MAX);
	json_t *value = clean ? json_string(clean) : NULL;
	free(clean);
	return value;
}

void json_field_set_text(json_t **object, const char *key, const char *text_or_null)
{
	json_t *value = text_or_null ? json_string(text_or_null) : json_null();
	json_field_set(object, key, value ? value : cleaned(text_or_null));
}

void json_field_set_time(json_t **object, const char *key, int64_t wall)
{
	char text[CLOCK_TEXT_SIZE];
	clock_text(wall, text, sizeof text);
	json_field_set_text(object, key, wall > 0 && wall <= JSON_FIELD_TIME_MOST ? text : NULL);
}

void json_field_set_digest(json_t **object, const char *key, const uint8_t *digest_or_null)
{
	char text[65];
	for (int i = 0; digest_or_null && i < 32; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", digest_or_null[i]);
	json_field_set(object, key, digest_or_null ? json_string(text) : json_null());
}

void json_field_append(json_t **array, json_t *value)
{
	if (*array && value && json_array_append_new(*array, value) == 0)
		return;
	if (!*array)
		json_decref(value);
	json_decref(*array);
	*array = NULL;
}
