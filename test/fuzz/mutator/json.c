/* json.c - a document with one to three of its values changed, for readers of JSON. Takes only what jansson takes. */
#include "mutator.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define NODES_MOST 512u

/* A value in its place. */
struct node {
	json_t *parent;
	const char *key; /* NULL: of an array */
	size_t index;
	json_t *value;
};

struct nodes {
	struct node node[NODES_MOST];
	unsigned count;
};

static void collect(struct nodes *nodes, json_t *parent)
{
	const char *key;
	json_t *value;
	size_t index;
	json_object_foreach(parent, key, value)
	{
		if (nodes->count == NODES_MOST)
			return;
		nodes->node[nodes->count++] = (struct node){parent, key, 0, value};
		collect(nodes, value);
	}
	json_array_foreach(parent, index, value)
	{
		if (nodes->count == NODES_MOST)
			return;
		nodes->node[nodes->count++] = (struct node){parent, NULL, index, value};
		collect(nodes, value);
	}
}

static json_t *odd_number(unsigned *seed)
{
	static const json_int_t numbers[] = {0,          1,         -1,         2,          255,        256,
					     65535,      65536,     2147483647, 2147483648, 4294967295, -2147483649,
					     4294967296, INT64_MAX, INT64_MIN,  5000,       86400,      1764249600};
	return json_integer(numbers[mutate_below(seed, sizeof numbers / sizeof *numbers)]);
}

static json_t *odd_text(unsigned *seed)
{
	static const char *const texts[] = {"",
					    "1",
					    "1.2",
					    "1.2.3",
					    "0.1",
					    "a\nb",
					    "\x1b[31m",
					    "'\"$(x)`",
					    "\xc3\xa9\xf0\x9f\x98\x80",
					    "a\\u00",
					    "on",
					    "2026-11-27T00:00:00Z",
					    "..",
					    "/",
					    "../x",
					    "http://[::1]:1/",
					    "true",
					    "EC_AV_CLEAN"};
	unsigned kind = mutate_below(seed, 8);
	if (kind)
		return json_string(texts[mutate_below(seed, sizeof texts / sizeof *texts)]);
	size_t size = mutate_below(seed, 3000);
	char *text = malloc(size + 1);
	if (!text)
		return json_null();
	memset(text, "a\"\n\\"[mutate_below(seed, 4)], size);
	text[size] = 0;
	json_t *value = json_string(text);
	free(text);
	return value;
}

/* Another value, or one of the document's own in a wrong place. */
static json_t *another(const struct nodes *nodes, unsigned *seed)
{
	switch (mutate_below(seed, 9)) {
	case 0:
		return json_null();
	case 1:
		return json_boolean(mutate_below(seed, 2));
	case 2:
		return mutate_below(seed, 2) ? json_array() : json_object();
	case 3:
	case 4:
		return odd_number(seed);
	case 5:
	case 6:
		return odd_text(seed);
	case 7:
		return json_real(mutate_below(seed, 2) ? -0.5 : 1e300);
	default:
		return json_deep_copy(nodes->node[mutate_below(seed, nodes->count)].value);
	}
}

/* Only once for each collection: it may take a value away that others stand in. */
static void change(const struct nodes *nodes, unsigned *seed)
{
	const struct node *node = &nodes->node[mutate_below(seed, nodes->count)];
	unsigned kind = mutate_below(seed, 8);
	if (kind == 0 && node->key)
		(void)json_object_del(node->parent, node->key);
	else if (kind == 0)
		(void)json_array_remove(node->parent, node->index);
	else if (kind == 1 && !node->key)
		(void)json_array_insert_new(node->parent, node->index, json_deep_copy(node->value));
	else if (kind == 1)
		(void)json_object_set_new(node->parent, nodes->node[mutate_below(seed, nodes->count)].key ? "a" : "b",
					  json_deep_copy(node->value));
	else if (node->key)
		(void)json_object_set_new(node->parent, node->key, another(nodes, seed));
	else
		(void)json_array_set_new(node->parent, node->index, another(nodes, seed));
}

size_t mutate_json(uint8_t *data, size_t size, size_t most, unsigned seed)
{
	static struct nodes nodes;
	json_t *root = json_loadb((const char *)data, size, 0, NULL);
	if (!root)
		return 0;
	for (unsigned i = 1 + mutate_below(&seed, 3); i; i--) {
		nodes.count = 0;
		collect(&nodes, root);
		if (!nodes.count)
			break;
		change(&nodes, &seed);
	}
	char *text = json_dumps(root, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(root);
	size_t left = text ? strlen(text) : 0;
	if (left > most)
		left = 0;
	if (left)
		memcpy(data, text, left);
	free(text);
	return left;
}
