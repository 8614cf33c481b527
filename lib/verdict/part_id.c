/*
 * part_id.c - a set of ids in a search tree of the C library; see part_id.h.
 */
#include "verdict/part_id.h"

#include "verdict/request.h"

#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

int part_ids_take(struct part_ids *ids, const char *id)
{
	if (tfind(id, &ids->tree, compare))
		return -EEXIST;
	char *copy = strdup(id);
	if (!copy)
		return -ENOMEM;
	if (!tsearch(copy, &ids->tree, compare)) {
		free(copy);
		return -ENOMEM;
	}
	return 0;
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

char *part_ids_unique(struct part_ids *ids, const char *id, uint32_t number)
{
	char unique[REQUEST_PART_MAX + 1];
	char suffix[16] = "";
	/* A number is used once, so more than two tries happen only where a name imitates a suffix. */
	for (uint32_t n = number;; n++) {
		(void)snprintf(unique, sizeof unique, "%.*s%s", fitting(id, REQUEST_PART_MAX - strlen(suffix)), id,
			       suffix);
		int error = part_ids_take(ids, unique);
		if (!error)
			return strdup(unique);
		if (error != -EEXIST)
			return NULL;
		(void)snprintf(suffix, sizeof suffix, "#%" PRIu32, n);
	}
}

void part_ids_free(struct part_ids *ids)
{
	tdestroy(ids->tree, free);
	ids->tree = NULL;
}
