/*
 * fetch_json.c - jobs for csapi-fetch and its events as JSON; see fetch_json.h. Refuses relative directories, names that are no plain file names, and
 * lists that are longer than agreed.
 */
#include "format/fetch_json.h"

#include "format/json_field.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MOST 4096u
#define TEXT_MOST 4096u /* any other text of a job */
#define WORD_MOST 64u

static const char *const kind_words[] = {
	[FETCH_PROGRESS] = "progress",
	[FETCH_MESSAGE] = "message",
	[FETCH_RESULT] = "result",
	[FETCH_DONE] = "done",
};
static const char *const level_words[] = {
	[FETCH_ERROR] = "error",
	[FETCH_WARNING] = "warning",
	[FETCH_INFO] = "info",
	[FETCH_DEBUG] = "debug",
};
static const char *const method_words[] = {
	[FETCH_NONE] = "none",
	[FETCH_INCREMENTAL] = "incremental",
	[FETCH_WHOLE] = "whole",
};
#define COUNT(words) (sizeof(words) / sizeof *(words))

/* ---- jobs ---- */

static void feed_free(struct fetch_feed *feed)
{
	free(feed->name);
	free(feed->url);
	free(feed->shown);
	free(feed->file);
	free(feed->header);
	free(feed->etag);
}

static void list_free(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

void fetch_job_free(struct fetch_job *job)
{
	free(job->directory);
	free(job->temporary);
	free(job->dns);
	free(job->proxy);
	free(job->proxy_user);
	free(job->proxy_password);
	free(job->user_agent);
	free(job->local_address);
	list_free(job->mirrors);
	list_free(job->databases);
	free(job->cooling);
	free(job->refused);
	for (uint32_t i = 0; i < job->feed_count; i++)
		feed_free(&job->feeds[i]);
	free(job->feeds);
	*job = (struct fetch_job){0};
}

static uint32_t list_count(char *const *list)
{
	uint32_t count = 0;
	while (list && list[count])
		count++;
	return count;
}

uint32_t fetch_job_mirrors(const struct fetch_job *job)
{
	return list_count(job->mirrors);
}

uint32_t fetch_job_databases(const struct fetch_job *job)
{
	return list_count(job->databases);
}

/* The texts of a job that may be missing, and its numbers, in the order of the document. */
#define JOB_TEXTS(X) X(dns) X(proxy) X(proxy_user) X(proxy_password) X(user_agent) X(local_address)
#define JOB_BOOLS(X) X(private) X(incremental) X(check_only)

static json_t *encode_mirrors(const struct fetch_job *job)
{
	json_t *array = json_array();
	for (uint32_t i = 0; i < fetch_job_mirrors(job); i++) {
		json_t *object = json_object();
		json_field_set_text(&object, "url", job->mirrors[i]);
		json_field_set(&object, "cooling", json_boolean(job->cooling && job->cooling[i]));
		json_field_append(&array, object);
	}
	return array;
}

static json_t *encode_databases(const struct fetch_job *job)
{
	json_t *array = json_array();
	for (uint32_t i = 0; i < fetch_job_databases(job); i++) {
		json_t *object = json_object();
		json_field_set_text(&object, "name", job->databases[i]);
		json_field_set_number(&object, "refused", job->refused ? job->refused[i] : 0);
		json_field_append(&array, object);
	}
	return array;
}

static json_t *encode_feeds(const struct fetch_job *job)
{
	json_t *array = json_array();
	for (uint32_t i = 0; i < job->feed_count; i++) {
		const struct fetch_feed *feed = &job->feeds[i];
		json_t *object = json_object();
		json_field_set_text(&object, "name", feed->name);
		json_field_set_text(&object, "url", feed->url);
		json_field_set_text(&object, "shown", feed->shown);
		json_field_set_text(&object, "file", feed->file);
		json_field_set_text(&object, "header", feed->header);
		json_field_set(&object, "licensed", json_boolean(feed->licensed));
		json_field_set_text(&object, "etag", feed->etag);
		json_field_set_time(&object, "changed", feed->changed);
		json_field_append(&array, object);
	}
	return array;
}

char *fetch_json_job(const struct fetch_job *job)
{
	json_t *object = json_object();
	json_field_set_text(&object, "directory", job->directory);
	json_field_set_text(&object, "temporary", job->temporary);
	json_field_set(&object, "mirrors", encode_mirrors(job));
	json_field_set(&object, "databases", encode_databases(job));
	json_field_set(&object, "feeds", encode_feeds(job));
#define SET(key) json_field_set(&object, #key, json_boolean(job->key));
	JOB_BOOLS(SET)
#undef SET
#define SET(key) json_field_set_text(&object, #key, job->key);
	JOB_TEXTS(SET)
#undef SET
	json_field_set_number(&object, "connect_timeout", job->connect_timeout);
	json_field_set_number(&object, "request_timeout", job->request_timeout);
	json_field_set_number(&object, "attempts", job->attempts);
	json_field_set_number(&object, "max_size", job->max_size);
	return json_field_print(object);
}

/* 0, -EBADMSG, -ENOMEM; null gives NULL. */
static int copy_text_or_null(const json_t *object, const char *key, size_t most, char **ret)
{
	const char *text;
	if (json_field_text_or_null(object, key, most, &text))
		return -EBADMSG;
	*ret = text ? strdup(text) : NULL;
	return text && !*ret ? -ENOMEM : 0;
}

static int copy_text(const json_t *object, const char *key, size_t most, char **ret)
{
	int error = copy_text_or_null(object, key, most, ret);
	return error || (*ret && **ret) ? error : -EBADMSG;
}

static int copy_path(const json_t *object, const char *key, char **ret)
{
	int error = copy_text(object, key, PATH_MOST, ret);
	return error || **ret == '/' ? error : -EBADMSG;
}

static int decode_mirrors(const json_t *object, struct fetch_job *job)
{
	const json_t *array;
	if (json_field_objects(object, "mirrors", FETCH_SOURCES_MAX, &array))
		return -EBADMSG;
	size_t count = json_array_size(array);
	job->mirrors = calloc(count + 1, sizeof *job->mirrors);
	job->cooling = calloc(count + 1, sizeof *job->cooling);
	int error = job->mirrors && job->cooling ? 0 : -ENOMEM;
	for (size_t i = 0; i < count && !error; i++) {
		const json_t *mirror = json_array_get(array, i);
		error = copy_text(mirror, "url", FETCH_URL_MAX - 1, &job->mirrors[i]);
		if (!error)
			error = json_field_bool(mirror, "cooling", &job->cooling[i]);
	}
	return error;
}

/* It becomes the first part of file names. */
static bool is_base(const char *name)
{
	size_t length = strlen(name);
	return length < FETCH_BASE_MAX && length == strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
								 "0123456789_-");
}

static int decode_databases(const json_t *object, struct fetch_job *job)
{
	const json_t *array;
	if (json_field_objects(object, "databases", FETCH_SOURCES_MAX, &array))
		return -EBADMSG;
	size_t count = json_array_size(array);
	job->databases = calloc(count + 1, sizeof *job->databases);
	job->refused = calloc(count + 1, sizeof *job->refused);
	int error = job->databases && job->refused ? 0 : -ENOMEM;
	for (size_t i = 0; i < count && !error; i++) {
		const json_t *database = json_array_get(array, i);
		error = copy_text(database, "name", FETCH_BASE_MAX - 1, &job->databases[i]);
		if (!error && !is_base(job->databases[i]))
			error = -EBADMSG;
		if (!error)
			error = json_field_number(database, "refused", UINT32_MAX, &job->refused[i]);
	}
	return error;
}

static int decode_feed(const json_t *object, struct fetch_feed *feed)
{
	int error = copy_text(object, "name", DEFINITION_NAME_MAX - 1, &feed->name);
	error = error ? error : copy_text(object, "url", FETCH_URL_MAX - 1, &feed->url);
	error = error ? error : copy_text(object, "shown", FETCH_URL_MAX - 1, &feed->shown);
	error = error ? error : copy_text(object, "file", DEFINITION_NAME_MAX - 1, &feed->file);
	error = error ? error : copy_text_or_null(object, "header", TEXT_MOST, &feed->header);
	error = error ? error : json_field_bool(object, "licensed", &feed->licensed);
	error = error ? error : copy_text_or_null(object, "etag", TEXT_MOST, &feed->etag);
	error = error ? error : json_field_time(object, "changed", &feed->changed);
	if (!error && !definition_name_good(feed->file))
		error = -EBADMSG;
	/* A line break in a header would be two headers. */
	if (!error && ((feed->header && strpbrk(feed->header, "\r\n")) || (feed->etag && strpbrk(feed->etag, "\r\n"))))
		error = -EBADMSG;
	return error;
}

static int decode_feeds(const json_t *object, struct fetch_job *job)
{
	const json_t *array;
	if (json_field_objects(object, "feeds", FETCH_SOURCES_MAX, &array))
		return -EBADMSG;
	job->feeds = calloc(json_array_size(array) + 1, sizeof *job->feeds);
	int error = job->feeds ? 0 : -ENOMEM;
	for (size_t i = 0; i < json_array_size(array) && !error; i++) {
		job->feed_count++;
		error = decode_feed(json_array_get(array, i), &job->feeds[i]);
	}
	return error;
}

static int decode_numbers(const json_t *object, struct fetch_job *job)
{
	uint64_t connect, request, attempts;
	if (json_field_number(object, "connect_timeout", INT32_MAX / 1000, &connect) ||
	    json_field_number(object, "request_timeout", INT32_MAX / 1000, &request) ||
	    json_field_number(object, "attempts", UINT32_MAX, &attempts) ||
	    json_field_number(object, "max_size", INT64_MAX, &job->max_size))
		return -EBADMSG;
	job->connect_timeout = (uint32_t)connect;
	job->request_timeout = (uint32_t)request;
	job->attempts = (uint32_t)attempts;
	return connect && request && attempts && job->max_size ? 0 : -EBADMSG;
}

static int decode_job(const json_t *object, struct fetch_job *job)
{
	int error = copy_path(object, "directory", &job->directory);
	error = error ? error : copy_path(object, "temporary", &job->temporary);
	error = error ? error : decode_mirrors(object, job);
	error = error ? error : decode_databases(object, job);
	error = error ? error : decode_feeds(object, job);
#define GET(key) error = error ? error : json_field_bool(object, #key, &job->key);
	JOB_BOOLS(GET)
#undef GET
#define GET(key) error = error ? error : copy_text_or_null(object, #key, TEXT_MOST, &job->key);
	JOB_TEXTS(GET)
#undef GET
	return error ? error : decode_numbers(object, job);
}

int fetch_json_job_decode(const char *text, size_t size, struct fetch_job *ret_job)
{
	json_t *object = json_field_parse(text, size);
	struct fetch_job job = {0};
	int error = object ? decode_job(object, &job) : -EBADMSG;
	json_decref(object);
	if (error)
		fetch_job_free(&job);
	else
		*ret_job = job;
	return error;
}

/* ---- events ---- */

/* Numbers of a result with their widest value, and texts, in the order of the document. */
#define EVENT_NUMBERS(X) X(before) X(after) X(remote) X(http) X(mirror_number)
#define EVENT_TEXTS(X)   X(name) X(etag) X(mirror) X(text)

char *fetch_json_event(const struct fetch_event *event)
{
	json_t *object = json_object();
	json_field_set_text(&object, "event", kind_words[event->kind]);
	json_field_set(&object, "feed", json_boolean(event->feed));
	json_field_set_number(&object, "got", event->got);
	json_field_set_number(&object, "total", event->total);
	json_field_set_text(&object, "level", level_words[event->level]);
	json_field_set_text(&object, "outcome", update_outcome_word(event->outcome));
	json_field_set_text(&object, "code", scan_code_name(event->code));
	json_field_set_text(&object, "method", method_words[event->method]);
#define SET(key) json_field_set_number(&object, #key, event->key);
	EVENT_NUMBERS(SET)
#undef SET
	json_field_set_time(&object, "retry_at", event->retry_at);
	json_field_set_time(&object, "changed", event->changed);
#define SET(key) json_field_set_text(&object, #key, event->key);
	EVENT_TEXTS(SET)
#undef SET
	return json_field_print(object);
}

static int find_word(const json_t *object, const char *key, const char *const *words, size_t count, unsigned *ret)
{
	const char *word;
	if (json_field_text(object, key, WORD_MOST, &word))
		return -EBADMSG;
	for (unsigned i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0) {
			*ret = i;
			return 0;
		}
	return -EBADMSG;
}

static int decode_words(const json_t *object, struct fetch_event *event)
{
	unsigned kind, level, method;
	const char *outcome, *code;
	if (find_word(object, "event", kind_words, COUNT(kind_words), &kind) ||
	    find_word(object, "level", level_words, COUNT(level_words), &level) ||
	    find_word(object, "method", method_words, COUNT(method_words), &method) ||
	    json_field_text(object, "outcome", WORD_MOST, &outcome) ||
	    json_field_text_or_null(object, "code", WORD_MOST, &code) || update_outcome_find(outcome, &event->outcome))
		return -EBADMSG;
	event->kind = (enum fetch_event_kind)kind;
	event->level = (enum fetch_level)level;
	event->method = (enum fetch_method)method;
	event->code = code ? scan_code_find(code) : SCAN_CODE_NONE;
	return code && event->code == SCAN_CODE_NONE ? -EBADMSG : 0;
}

/* Cut where it is longer than the field: cleaning makes three bytes of one that is no UTF-8. */
static int decode_text(const json_t *object, const char *key, char *ret_text, size_t size)
{
	const char *text;
	if (json_field_text(object, key, 3 * size, &text))
		return -EBADMSG;
	(void)snprintf(ret_text, size, "%s", text);
	return 0;
}

static int decode_event(const json_t *object, struct fetch_event *event)
{
	if (decode_words(object, event) || json_field_bool(object, "feed", &event->feed) ||
	    json_field_number(object, "got", INT64_MAX, &event->got) ||
	    json_field_number(object, "total", INT64_MAX, &event->total) ||
	    json_field_time(object, "retry_at", &event->retry_at) ||
	    json_field_time(object, "changed", &event->changed))
		return -EBADMSG;
	uint64_t number;
#define GET(key)                                                                                                       \
	if (json_field_number(object, #key, UINT32_MAX, &number))                                                      \
		return -EBADMSG;                                                                                       \
	event->key = (uint32_t)number;
	EVENT_NUMBERS(GET)
#undef GET
#define GET(key)                                                                                                       \
	if (decode_text(object, #key, event->key, sizeof event->key))                                                  \
		return -EBADMSG;
	EVENT_TEXTS(GET)
#undef GET
	return 0;
}

int fetch_json_event_decode(const char *text, size_t size, struct fetch_event *ret_event)
{
	json_t *object = json_field_parse(text, size);
	struct fetch_event event = {0};
	int error = object ? decode_event(object, &event) : -EBADMSG;
	json_decref(object);
	if (!error)
		*ret_event = event;
	return error;
}
