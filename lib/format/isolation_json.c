/*
 * isolation_json.c - the layers around a worker as JSON; see isolation_json.h. Refuses unknown layers, probes and words.
 */
#include "format/isolation_json.h"

#include "format/json_field.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const state_words[] = {
	[ISOLATION_MISSING] = "missing", [ISOLATION_ON] = "on", [ISOLATION_UNNEEDED] = "unneeded"};
static const char *const outcome_words[] = {
	[ISOLATION_UNTRIED] = "untried", [ISOLATION_STOPPED] = "stopped", [ISOLATION_POSSIBLE] = "possible"};
#define WORDS     3u
#define WORD_MOST 16

const char *isolation_state_word(enum isolation_state state)
{
	return state_words[state];
}

/* The number of a word; WORDS: it is none. */
static unsigned find_word(const char *const *words, const char *word)
{
	unsigned number = 0;
	while (number < WORDS && strcmp(words[number], word) != 0)
		number++;
	return number;
}

json_t *isolation_json_object(const struct isolation *isolation)
{
	json_t *object = json_object(), *layers = json_object(), *probes = json_object();
	for (int i = 0; i < ISOLATION_LAYER_COUNT; i++) {
		json_t *layer = json_object();
		json_field_set_text(&layer, "state", state_words[isolation->layers[i].state]);
		json_field_set_text(&layer, "detail", isolation->layers[i].detail);
		json_field_set(&layers, isolation_layer_row((enum isolation_layer)i)->key, layer);
	}
	for (int i = 0; i < ISOLATION_PROBE_COUNT; i++)
		json_field_set_text(&probes, isolation_probe_row((enum isolation_probe)i)->key,
				    outcome_words[isolation->probes[i]]);
	json_field_set(&object, "layers", layers);
	json_field_set(&object, "probes", probes);
	return object;
}

char *isolation_json_encode(const struct isolation *isolation)
{
	return json_field_print(isolation_json_object(isolation));
}

static int decode_layers(const json_t *layers, struct isolation *isolation)
{
	size_t known = 0;
	for (int i = 0; i < ISOLATION_LAYER_COUNT; i++) {
		const json_t *layer = json_object_get(layers, isolation_layer_row((enum isolation_layer)i)->key);
		const char *word, *detail;
		if (!layer)
			continue;
		if (json_field_text(layer, "state", WORD_MOST, &word) ||
		    json_field_text(layer, "detail", 4 * ISOLATION_DETAIL_MAX, &detail))
			return -EBADMSG;
		unsigned state = find_word(state_words, word);
		if (state == WORDS)
			return -EBADMSG;
		isolation->layers[i].state = (enum isolation_state)state;
		(void)snprintf(isolation->layers[i].detail, ISOLATION_DETAIL_MAX, "%s", detail);
		known++;
	}
	return known == json_object_size(layers) ? 0 : -EBADMSG;
}

static int decode_probes(const json_t *probes, struct isolation *isolation)
{
	size_t known = 0;
	for (int i = 0; i < ISOLATION_PROBE_COUNT; i++) {
		const char *key = isolation_probe_row((enum isolation_probe)i)->key, *word;
		if (!json_object_get(probes, key))
			continue;
		if (json_field_text(probes, key, WORD_MOST, &word))
			return -EBADMSG;
		unsigned outcome = find_word(outcome_words, word);
		if (outcome == WORDS)
			return -EBADMSG;
		isolation->probes[i] = (enum isolation_outcome)outcome;
		known++;
	}
	return known == json_object_size(probes) ? 0 : -EBADMSG;
}

int isolation_json_read(const json_t *object, struct isolation *ret_isolation)
{
	const json_t *layers = json_object_get(object, "layers"), *probes = json_object_get(object, "probes");
	struct isolation isolation = {0};
	if (!json_is_object(layers) || !json_is_object(probes) || decode_layers(layers, &isolation) ||
	    decode_probes(probes, &isolation))
		return -EBADMSG;
	*ret_isolation = isolation;
	return 0;
}

int isolation_json_decode(const char *text, size_t size, struct isolation *ret_isolation)
{
	json_t *object = json_field_parse(text, size);
	int error = isolation_json_read(object, ret_isolation);
	json_decref(object);
	return error;
}
