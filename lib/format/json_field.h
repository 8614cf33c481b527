/*
 * json_field.h - reading JSON objects that may be hostile, and building ones that fail as a whole.
 *
 * Inside lib/format only: it speaks jansson. Getters check type and range, and take a missing field for wrong. Setters
 * steal their value, and accept NULL for "no memory", so that a chain of them needs one check at its end.
 */
#ifndef CSAPI_FORMAT_JSON_FIELD_H
#define CSAPI_FORMAT_JSON_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Parses one document. NULL: not JSON, deeper than jansson goes, or with duplicate keys. Caller: json_decref. */
json_t *json_field_parse(const char *text, size_t size);
/* One line, ASCII only, without a newline. Caller frees; NULL: no memory, or `value` was NULL. Steals `value`. */
char *json_field_print(json_t *value);

/* 0, or -EBADMSG. Numbers are 0..most. */
int json_field_number(const json_t *object, const char *key, uint64_t most, uint64_t *ret);
int json_field_bool(const json_t *object, const char *key, bool *ret);
/* The member "version" of a document: 0 when its number before the dot is that of `version`. */
int json_field_version(const json_t *object, const char *version);
/* "2026-11-22T16:07:10Z", or null for 0: seconds on the wall's clock. */
int json_field_time(const json_t *object, const char *key, int64_t *ret_wall);
/* Borrowed from the object; at most `most` bytes. */
int json_field_text(const json_t *object, const char *key, size_t most, const char **ret);
/* The same; null is allowed and gives NULL. */
int json_field_text_or_null(const json_t *object, const char *key, size_t most, const char **ret);
/* 64 hexadecimal digits, or null: *ret_there is false then. */
int json_field_digest(const json_t *object, const char *key, uint8_t ret_digest[32], bool *ret_there);
/* Borrowed; at most `most` elements, each of which must be an object. */
int json_field_objects(const json_t *object, const char *key, size_t most, const json_t **ret);

/* Marks *object as failed (frees it and sets it to NULL) when there is no memory; a NULL *object stays NULL. */
void json_field_set(json_t **object, const char *key, json_t *value);
void json_field_set_number(json_t **object, const char *key, uint64_t value);
/* The last second that has a date with four digits for the year; later ones, 0 and what lies before it come out as null. */
#define JSON_FIELD_TIME_MOST 253402300799
void json_field_set_time(json_t **object, const char *key, int64_t wall);
/* What is no UTF-8 in the text becomes U+FFFD. */
void json_field_set_text(json_t **object, const char *key, const char *text_or_null);
/* NULL comes out as null. */
void json_field_set_digest(json_t **object, const char *key, const uint8_t *digest_or_null);
void json_field_append(json_t **array, json_t *value);

#endif
