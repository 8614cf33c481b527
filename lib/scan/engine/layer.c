/*
 * layer.c - what the engine takes out of containers that only it opens; see layer.h.
 *
 * Refuses to keep what the decomposer would do nothing about, for a message may have thousands of layers. Called by engine.c.
 */
#include "scan/engine/layer.h"

#include "scan/image.h"
#include "scan/mark.h"
#include "scan/script.h"
#include "scan/sign.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The library's words for the formats whose members archive.c and mime.c take out themselves, all of them. (Of an ISO 9660 image they see one tree.) */
static bool opened_here(const char *type)
{
	static const char *const types[] = {
		"CL_TYPE_MAIL",      "CL_TYPE_ZIP",      "CL_TYPE_7Z",         "CL_TYPE_RAR",       "CL_TYPE_GZ",
		"CL_TYPE_BZ",        "CL_TYPE_XZ",       "CL_TYPE_POSIX_TAR",  "CL_TYPE_OLD_TAR",   "CL_TYPE_CPIO_OLD",
		"CL_TYPE_CPIO_ODC",  "CL_TYPE_CPIO_CRC", "CL_TYPE_CPIO_NEWC",  "CL_TYPE_MSCAB",     "CL_TYPE_XAR",
		"CL_TYPE_TNEF",      "CL_TYPE_BINHEX",   "CL_TYPE_OOXML_WORD", "CL_TYPE_OOXML_PPT", "CL_TYPE_OOXML_XL",
		"CL_TYPE_OOXML_HWP", "CL_TYPE_UDF",
	};
	for (size_t i = 0; type && i < sizeof types / sizeof *types; i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

/* A disk whose partitions the decomposer reads, but for tables that only the engine sees in it. */
static bool is_read_disk(const struct layer *layer)
{
	bool table =
		layer->type && (strcmp(layer->type, "CL_TYPE_MBR") == 0 || strcmp(layer->type, "CL_TYPE_GPT") == 0);
	return table && layer->data && image_is(DETECT_DISK, layer->data, layer->size);
}

/* Mail programs keep the header of a message by itself in their files: that is no message. */
static bool has_body(const uint8_t *data, size_t size)
{
	size_t body = mark_blank_line(data, size);
	while (body < size && (isspace(data[body]) || !data[body]))
		body++;
	return body < size;
}

/* Would the decomposer do anything about it? What the engine opens and is more than a container, the engine alone sees to. */
static bool matters(const struct layer *layer, const struct detection *detection)
{
	for (unsigned i = 0; i < detection->count; i++) {
		enum detect_format format = detection->formats[i];
		if (format != DETECT_PE && format != DETECT_ONENOTE)
			return true;
	}
	if (detection->mail && has_body(layer->data, layer->size))
		return true;
	if (sign_of_volume(layer->name) || sign_of_format(layer->name))
		return true;
	bool text = !detection->count &&
		    (strncmp(detection->type, "text/", 5) == 0 || script_is_wide(layer->data, layer->size));
	return text && sign_of_encoded_text(layer->name, layer->data, layer->size);
}

/*
 * The library calls a file after a temporary one of its own ("clamav-" and digits of hexadecimal), or a stream after a digest, where it knows no
 * name: that is none.
 */
static bool is_name(const char *name)
{
	static const char digits[] = "0123456789abcdef";
	size_t length = strspn(name, digits);
	return strncmp(name, "clamav-", 7) != 0 && !(length == 32 && (name[length] == '_' || !name[length]));
}

/* Remembers the pair; true if it was known before. What cannot be remembered is taken twice. */
static bool is_known(struct layer_list *list, const uint8_t *owner, const uint8_t *digest)
{
	uint8_t pair[DIGEST_SIZE];
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		pair[i] = owner[i] ^ digest[i];
	if (digest_set_has(list->pairs, pair))
		return true;
	(void)digest_set_add(list->pairs, pair);
	return false;
}

static enum scan_code keep(struct layer_list *list, const uint8_t *owner, const struct layer *layer,
			   const struct detection *detection)
{
	if (is_known(list, owner, layer->digest))
		return SCAN_CODE_NONE;
	if (layer->size > list->bytes_most - list->bytes)
		return DEC_RESULT_MAXIMUM_CUMULATIVE_EXTRACT_SIZE_EXCEEDED;
	struct engine_layer *kept = calloc(1, sizeof *kept);
	uint8_t *data = malloc(layer->size);
	bool named = layer->name && is_name(layer->name);
	char *name = named ? strdup(layer->name) : NULL;
	if (!kept || !data || (named && !name)) {
		free(kept);
		free(data);
		free(name);
		return DEC_RESULT_OUT_OF_MEMORY;
	}
	memcpy(kept->owner, owner, DIGEST_SIZE);
	memcpy(data, layer->data, layer->size);
	kept->name = name;
	kept->data = data;
	kept->size = layer->size;
	kept->detection = *detection;
	list->bytes += layer->size;
	if (list->last)
		list->last->next = kept;
	else
		list->first = kept;
	list->last = kept;
	return SCAN_CODE_NONE;
}

/*
 * The layer that it lies in. The library does not tell of each: looking at what stands behind a mark somewhere in a file it begins a level without
 * a word, and that file is meant then. The size of what the level holds gives it away.
 */
static const struct layer_level *parent_find(const struct layer_list *list, const struct layer *layer)
{
	for (uint32_t i = layer->level; i > 0; i--)
		if (list->levels[i - 1].size == layer->parent_size)
			return &list->levels[i - 1];
	return &list->levels[layer->level > 1 ? layer->level - 2 : 0];
}

static enum scan_code keep_if_wanted(struct layer_list *list, struct layer_level *level, const struct layer *layer)
{
	struct detection detection;
	detect(layer->data, layer->size, &detection);
	if (!matters(layer, &detection))
		return SCAN_CODE_NONE;
	enum scan_code code = keep(list, level->owner, layer, &detection);
	level->met = code == SCAN_CODE_NONE;
	return code;
}

enum scan_code layer_meet(struct layer_list *list, const struct layer *layer)
{
	if (!list->pairs)
		return SCAN_CODE_NONE;
	if (layer->level >= LAYER_LEVELS_MOST)
		return DEC_RESULT_MAXIMUM_DEPTH_REACHED;
	enum scan_code code = SCAN_CODE_NONE;
	struct layer_level *level = &list->levels[layer->level];
	if (layer->level > 0) {
		const struct layer_level *parent = parent_find(list, layer);
		memcpy(level->owner, parent->met ? parent->digest : parent->owner, DIGEST_SIZE);
		level->met = layer->digest && parent->met && parent->opened;
		if (layer->digest && !level->met)
			code = keep_if_wanted(list, level, layer);
	} else {
		level->met = layer->digest != NULL;
	}
	level->size = layer->size;
	level->opened = opened_here(layer->type) || is_read_disk(layer);
	if (layer->digest)
		memcpy(level->digest, layer->digest, DIGEST_SIZE);
	return code;
}

void layer_free(struct layer_list *list)
{
	for (struct engine_layer *layer = list->first, *next; layer; layer = next) {
		next = layer->next;
		free(layer->name);
		free(layer->data);
		free(layer);
	}
	digest_set_free(list->pairs);
	list->pairs = NULL;
	list->first = list->last = NULL;
}

int layer_clear(struct layer_list *list, uint64_t bytes_most)
{
	layer_free(list);
	list->bytes = 0;
	list->bytes_most = bytes_most;
	list->pairs = digest_set_new();
	return list->pairs ? 0 : -ENOMEM;
}
