/*
 * status_json.c - the state of a scanner as JSON; see status_json.h. Refuses what no encoder writes.
 */
#include "format/status_json.h"

#include "base/version.h"
#include "format/isolation_json.h"
#include "format/json_field.h"
#include "format/versions_json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const state_words[] = {
	[STATUS_LOADING] = "loading",
	[STATUS_READY] = "ready",
	[STATUS_FAILED] = "failed",
	[STATUS_STOPPING] = "stopping",
};
#define STATES    (sizeof state_words / sizeof *state_words)
#define WORD_MOST 16
/* A byte that is no UTF-8 takes three in the document. */
#define TEXT_MOST ((size_t)3 * STATUS_TEXT_MAX)

/* Figures that are one number each, in the order of the document. */
#define FIGURES(X) X(workers_most) X(busy) X(idle) X(queue) X(queue_most) X(clients) X(messages_per_worker)

const char *status_state_word(enum status_state state)
{
	return state_words[state];
}

static json_t *encode_reload(const struct status *status)
{
	if (!status->reload.when)
		return json_null();
	json_t *object = json_object();
	json_field_set_time(&object, "when", status->reload.when);
	json_field_set(&object, "done", json_boolean(status->reload.done));
	json_field_set_text(&object, "text", status->reload.text);
	return object;
}

char *status_json_encode(const struct status *status)
{
	json_t *object = json_object();
	json_field_set_text(&object, "version", STATUS_JSON_VERSION);
	json_field_set_text(&object, "state", state_words[status->state]);
	json_field_set(&object, "degraded", json_boolean(status->degraded));
	json_field_set_text(&object, "trouble", *status->trouble ? status->trouble : NULL);
	json_field_set(&object, "reloading", json_boolean(status->reloading));
	json_field_set_text(&object, "socket", *status->socket ? status->socket : NULL);
	json_field_set_number(&object, "pid", status->pid < 0 ? 0 : (uint64_t)status->pid);
	json_field_set_time(&object, "started", status->started);
	json_field_set_number(&object, "generation", status->generation);
	json_field_set_time(&object, "loaded", status->loaded);
	json_field_set(&object, "reload", encode_reload(status));
	json_field_set(&object, "low_memory", json_boolean(status->low_memory));
	if (status->engine_memory)
		json_field_set_number(&object, "engine_memory", status->engine_memory);
	else
		json_field_set(&object, "engine_memory", json_null());
#define FIGURE(key) json_field_set_number(&object, #key, status->key);
	FIGURES(FIGURE)
#undef FIGURE
	json_field_set(&object, "isolation",
		       isolation_known(&status->isolation) ? isolation_json_object(&status->isolation) : json_null());
	versions_json_set(&object, &status->facts, *status->version ? status->version : CSAPI_VERSION);
	return json_field_print(object);
}

/* "" for null; cut where it is longer than the field. */
static int decode_text(const json_t *object, const char *key, char *ret_text, size_t size)
{
	const char *text;
	if (json_field_text_or_null(object, key, TEXT_MOST, &text))
		return -EBADMSG;
	(void)snprintf(ret_text, size, "%s", text ? text : "");
	return 0;
}

static int decode_state(const json_t *object, struct status *status)
{
	const char *word;
	size_t state = 0;
	if (json_field_text(object, "state", WORD_MOST, &word))
		return -EBADMSG;
	while (state < STATES && strcmp(state_words[state], word) != 0)
		state++;
	if (state == STATES)
		return -EBADMSG;
	status->state = (enum status_state)state;
	return 0;
}

static int decode_reload(const json_t *object, struct status *status)
{
	const json_t *reload = json_object_get(object, "reload");
	if (json_is_null(reload))
		return 0;
	if (json_field_time(reload, "when", &status->reload.when) ||
	    json_field_bool(reload, "done", &status->reload.done) ||
	    decode_text(reload, "text", status->reload.text, sizeof status->reload.text))
		return -EBADMSG;
	return 0;
}

static int decode_figures(const json_t *object, struct status *status)
{
	uint64_t number;
	if (json_field_number(object, "pid", INT32_MAX, &number))
		return -EBADMSG;
	status->pid = (int32_t)number;
	if (json_field_number(object, "generation", UINT32_MAX, &number))
		return -EBADMSG;
	status->generation = (uint32_t)number;
#define FIGURE(key)                                                                                                    \
	if (json_field_number(object, #key, UINT32_MAX, &number))                                                      \
		return -EBADMSG;                                                                                       \
	status->key = (uint32_t)number;
	FIGURES(FIGURE)
#undef FIGURE
	if (json_is_null(json_object_get(object, "engine_memory")))
		return 0;
	return json_field_number(object, "engine_memory", INT64_MAX, &status->engine_memory);
}

static int decode(const json_t *object, struct status *status)
{
	const json_t *versions = json_object_get(object, "versions");
	if (json_field_version(object, STATUS_JSON_VERSION) || decode_state(object, status) ||
	    json_field_bool(object, "degraded", &status->degraded) ||
	    json_field_bool(object, "reloading", &status->reloading) ||
	    json_field_bool(object, "low_memory", &status->low_memory) ||
	    decode_text(object, "trouble", status->trouble, sizeof status->trouble) ||
	    decode_text(object, "socket", status->socket, sizeof status->socket) ||
	    decode_text(versions, "csapi", status->version, sizeof status->version) ||
	    json_field_time(object, "started", &status->started) ||
	    json_field_time(object, "loaded", &status->loaded) || decode_reload(object, status) ||
	    decode_figures(object, status))
		return -EBADMSG;
	const json_t *isolation = json_object_get(object, "isolation");
	if (!json_is_null(isolation) && isolation_json_read(isolation, &status->isolation))
		return -EBADMSG;
	return versions_json_decode(object, &status->facts);
}

int status_json_decode(const char *text, size_t size, struct status *ret_status)
{
	json_t *object = json_field_parse(text, size);
	struct status status = {0};
	int error = decode(object, &status);
	json_decref(object);
	if (!error)
		*ret_status = status;
	return error;
}
