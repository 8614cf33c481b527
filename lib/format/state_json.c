/*
 * state_json.c - what updates remember, and what lies beside a set; see state_json.h. Refuses documents of another version.
 */
#include "format/state_json.h"

#include "format/definition_json.h"
#include "format/json_field.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define VERSION "1.0"
#define ID_MOST 63

void state_free(struct state *state)
{
	free(state->text);
	for (uint32_t i = 0; i < state->mirror_count; i++)
		free(state->mirrors[i].url);
	for (uint32_t i = 0; i < state->source_count; i++) {
		free(state->sources[i].name);
		free(state->sources[i].etag);
		free(state->sources[i].url);
	}
	for (uint32_t i = 0; i < state->refused_count; i++)
		free(state->refused[i]);
	*state = (struct state){0};
}

struct state_mirror *state_find_mirror(const struct state *state, const char *url)
{
	for (uint32_t i = 0; i < state->mirror_count; i++)
		if (strcmp(state->mirrors[i].url, url) == 0)
			return (struct state_mirror *)(uintptr_t)&state->mirrors[i];
	return NULL;
}

struct state_source *state_find_source(const struct state *state, const char *name)
{
	for (uint32_t i = 0; i < state->source_count; i++)
		if (strcmp(state->sources[i].name, name) == 0)
			return (struct state_source *)(uintptr_t)&state->sources[i];
	return NULL;
}

struct state_mirror *state_put_mirror(struct state *state, const char *url)
{
	struct state_mirror *mirror = state_find_mirror(state, url);
	if (mirror || state->mirror_count == STATE_MIRRORS_MAX)
		return mirror;
	mirror = &state->mirrors[state->mirror_count];
	*mirror = (struct state_mirror){.url = strdup(url)};
	if (!mirror->url)
		return NULL;
	state->mirror_count++;
	return mirror;
}

struct state_source *state_put_source(struct state *state, const char *name)
{
	struct state_source *source = state_find_source(state, name);
	if (source || state->source_count == STATE_DATABASES_MAX)
		return source;
	source = &state->sources[state->source_count];
	*source = (struct state_source){.name = strdup(name)};
	if (!source->name)
		return NULL;
	state->source_count++;
	return source;
}

/* ---- writing ---- */

static json_t *encode_mirrors(const struct state *state)
{
	json_t *array = json_array();
	for (uint32_t i = 0; i < state->mirror_count; i++) {
		json_t *object = json_object();
		json_field_set_text(&object, "url", state->mirrors[i].url);
		json_field_set_time(&object, "retry_at", state->mirrors[i].retry_at);
		json_field_append(&array, object);
	}
	return array;
}

static json_t *encode_sources(const struct state *state)
{
	json_t *array = json_array();
	for (uint32_t i = 0; i < state->source_count; i++) {
		const struct state_source *source = &state->sources[i];
		json_t *object = json_object();
		json_field_set_text(&object, "name", source->name);
		json_field_set_number(&object, "remote", source->remote);
		json_field_set_time(&object, "changed", source->changed);
		json_field_set_text(&object, "etag", source->etag);
		json_field_set_text(&object, "url", source->url);
		json_field_set_number(&object, "refused", source->refused);
		json_field_append(&array, object);
	}
	return array;
}

static json_t *encode_refused(const struct state *state)
{
	json_t *array = json_array();
	for (uint32_t i = 0; i < state->refused_count; i++) {
		json_t *object = json_object();
		json_field_set_text(&object, "id", state->refused[i]);
		json_field_append(&array, object);
	}
	return array;
}

char *state_json_encode(const struct state *state)
{
	json_t *object = json_object();
	json_field_set_text(&object, "version", VERSION);
	json_field_set_time(&object, "tried", state->tried);
	json_field_set_time(&object, "checked", state->checked);
	json_field_set_time(&object, "updated", state->updated);
	json_field_set_text(&object, "outcome", update_outcome_word(state->outcome));
	json_field_set_text(&object, "text", state->text);
	json_field_set(&object, "mirrors", encode_mirrors(state));
	json_field_set(&object, "sources", encode_sources(state));
	json_field_set(&object, "refused", encode_refused(state));
	return json_field_print(object);
}

/* ---- reading ---- */

static int copy(const char *text, char **ret)
{
	free(*ret);
	*ret = text ? strdup(text) : NULL;
	return text && !*ret ? -ENOMEM : 0;
}

static int decode_mirrors(const json_t *object, struct state *state)
{
	const json_t *array;
	int error = json_field_objects(object, "mirrors", STATE_MIRRORS_MAX, &array);
	for (size_t i = 0; !error && i < json_array_size(array); i++) {
		const json_t *item = json_array_get(array, i);
		const char *url;
		int64_t retry_at;
		if (json_field_text(item, "url", STATE_TEXT_MAX, &url) || json_field_time(item, "retry_at", &retry_at))
			return -EBADMSG;
		struct state_mirror *mirror = state_put_mirror(state, url);
		if (!mirror)
			return -ENOMEM;
		mirror->retry_at = retry_at;
	}
	return error;
}

static int decode_source(const json_t *item, struct state *state)
{
	const char *name, *etag, *url;
	uint64_t remote, refused;
	int64_t changed;
	if (json_field_text(item, "name", DEFINITION_NAME_MAX - 1, &name) ||
	    json_field_number(item, "remote", UINT32_MAX, &remote) || json_field_time(item, "changed", &changed) ||
	    json_field_text_or_null(item, "etag", STATE_TEXT_MAX, &etag) ||
	    json_field_text_or_null(item, "url", STATE_TEXT_MAX, &url) ||
	    json_field_number(item, "refused", UINT32_MAX, &refused))
		return -EBADMSG;
	struct state_source *source = state_put_source(state, name);
	if (!source || copy(etag, &source->etag) || copy(url, &source->url))
		return -ENOMEM;
	source->remote = (uint32_t)remote;
	source->changed = changed;
	source->refused = (uint32_t)refused;
	return 0;
}

static int decode_sources(const json_t *object, struct state *state)
{
	const json_t *array;
	int error = json_field_objects(object, "sources", STATE_DATABASES_MAX, &array);
	for (size_t i = 0; !error && i < json_array_size(array); i++)
		error = decode_source(json_array_get(array, i), state);
	return error;
}

static int decode_refused(const json_t *object, struct state *state)
{
	const json_t *array;
	const char *id;
	int error = json_field_objects(object, "refused", STATE_REFUSED_MAX, &array);
	for (size_t i = 0; !error && i < json_array_size(array); i++) {
		error = json_field_text(json_array_get(array, i), "id", ID_MOST, &id);
		error = error ? error : copy(id, &state->refused[state->refused_count]);
		state->refused_count += !error;
	}
	return error;
}

static int decode_state(const json_t *object, struct state *state)
{
	const char *outcome, *text;
	if (!object || json_field_version(object, VERSION) || json_field_time(object, "tried", &state->tried) ||
	    json_field_time(object, "checked", &state->checked) ||
	    json_field_time(object, "updated", &state->updated) || json_field_text(object, "outcome", 64, &outcome) ||
	    update_outcome_find(outcome, &state->outcome) ||
	    json_field_text_or_null(object, "text", STATE_TEXT_MAX, &text))
		return -EBADMSG;
	int error = copy(text, &state->text);
	error = error ? error : decode_mirrors(object, state);
	error = error ? error : decode_sources(object, state);
	return error ? error : decode_refused(object, state);
}

int state_json_decode(const char *text, size_t size, struct state *ret_state)
{
	json_t *object = json_field_parse(text, size);
	*ret_state = (struct state){0};
	int error = decode_state(object, ret_state);
	json_decref(object);
	if (error)
		state_free(ret_state);
	return error;
}

/* ---- the manifest ---- */

void manifest_free(struct manifest *manifest)
{
	free(manifest->id);
	free(manifest->tested_with);
	definition_set_free(&manifest->set);
	*manifest = (struct manifest){0};
}

char *manifest_json_encode(const struct manifest *manifest)
{
	json_t *object = json_object();
	json_field_set_text(&object, "version", VERSION);
	json_field_set_text(&object, "id", manifest->id);
	json_field_set_time(&object, "created", manifest->created);
	json_field_set_text(&object, "tested_with", manifest->tested_with);
	json_field_set(&object, "finds_eicar", json_boolean(manifest->finds_eicar));
	json_field_set(&object, "files", definition_json_encode(&manifest->set));
	return json_field_print(object);
}

int manifest_json_decode(const char *text, size_t size, struct manifest *ret_manifest)
{
	const char *id, *tested_with;
	json_t *object = json_field_parse(text, size);
	*ret_manifest = (struct manifest){0};
	int error = -EBADMSG;
	if (object && !json_field_version(object, VERSION) && !json_field_text(object, "id", ID_MOST, &id) &&
	    !json_field_time(object, "created", &ret_manifest->created) &&
	    !json_field_text(object, "tested_with", STATE_TEXT_MAX, &tested_with) &&
	    !json_field_bool(object, "finds_eicar", &ret_manifest->finds_eicar)) {
		error = definition_json_decode(object, "files", &ret_manifest->set);
		error = error ? error : copy(id, &ret_manifest->id);
		error = error ? error : copy(tested_with, &ret_manifest->tested_with);
	}
	json_decref(object);
	if (error)
		manifest_free(ret_manifest);
	return error;
}
