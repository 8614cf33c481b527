/*
 * part_id.c - a set of ids in a search tree of the C library; see part_id.h.
 */
#include "verdict/part_id.h"

#include "verdict/request.h"

#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An id, and the number that the next part of the same id gets. */
struct id_entry {
	uint32_t next;
	char id[];
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct id_entry *)a)->id, ((const struct id_entry *)b)->id);
}

/* The entry of an id, made if there is none; *ret_new tells. NULL: no memory. */
static struct id_entry *entry_of(struct part_ids *ids, const char *id, bool *ret_new)
{
	size_t size = strlen(id) + 1;
	struct id_entry *entry = malloc(sizeof *entry + size);
	if (!entry)
		return NULL;
	entry->next = 2;
	memcpy(entry->id, id, size);
	struct id_entry **found = tsearch(entry, &ids->tree, compare);
	*ret_new = found && *found == entry;
	if (!*ret_new)
		free(entry);
	return found ? *found : NULL;
}

int part_ids_take(struct part_ids *ids, const char *id)
{
	bool is_new;
	if (!entry_of(ids, id, &is_new))
		return -ENOMEM;
	return is_new ? 0 : -EEXIST;
}

/* Bytes of `id` that fit into `most`, ending at a character's end. */
static int fitting(const char *id, size_t most)
{
	size_t size = strnlen(id, most + 1);
	if (size <= most)
		return (int)size;
	size = most;
	while (size && ((unsigned char)id[size] & 0xC0) == 0x80)
		size--;
	return (int)size;
}

char *part_ids_unique(struct part_ids *ids, const char *id)
{
	char unique[REQUEST_PART_MAX + 1];
	char suffix[16] = "";
	bool is_new;
	(void)snprintf(unique, sizeof unique, "%.*s", fitting(id, REQUEST_PART_MAX), id);
	struct id_entry *first = entry_of(ids, unique, &is_new);
	/* The count makes the next try good, unless a name imitates it. */
	while (first && !is_new) {
		(void)snprintf(suffix, sizeof suffix, "#%" PRIu32, first->next++);
		(void)snprintf(unique, sizeof unique, "%.*s%s", fitting(id, REQUEST_PART_MAX - strlen(suffix)), id,
			       suffix);
		if (!entry_of(ids, unique, &is_new))
			return NULL;
	}
	return first ? strdup(unique) : NULL;
}

void part_ids_free(struct part_ids *ids)
{
	tdestroy(ids->tree, free);
	ids->tree = NULL;
}
