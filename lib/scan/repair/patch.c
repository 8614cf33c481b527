/*
 * patch.c - changes to bytes in memory; see patch.h. Refuses ranges that overlap: that is a mistake of the editor's.
 */
#include "scan/repair/patch.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

int patch_add(struct patches *patches, size_t start, size_t end, struct buffer *take_data)
{
	struct patch patch = {.start = start, .end = end};
	assert(start <= end);
	patch.data = buffer_take(take_data, &patch.size);
	if (patches->count == patches->room) {
		size_t room = patches->room ? patches->room * 2 : 8;
		struct patch *list = reallocarray(patches->list, room, sizeof *list);
		if (!list) {
			free(patch.data);
			return -ENOMEM;
		}
		patches->list = list;
		patches->room = room;
	}
	patches->list[patches->count++] = patch;
	return 0;
}

void patch_forget(struct patches *patches, size_t count)
{
	while (patches->count > count)
		free(patches->list[--patches->count].data);
}

static int compare(const void *a, const void *b)
{
	const struct patch *one = a, *other = b;
	if (one->start != other->start)
		return one->start < other->start ? -1 : 1;
	return one->end < other->end ? -1 : one->end > other->end;
}

int patch_apply(struct patches *patches, const uint8_t *data, size_t size, struct buffer *buffer)
{
	size_t at = 0;
	int error = 0;
	if (patches->count)
		qsort(patches->list, patches->count, sizeof *patches->list, compare);
	for (size_t i = 0; i < patches->count && !error; i++) {
		const struct patch *patch = &patches->list[i];
		assert(patch->start >= at && patch->end <= size);
		error = buffer_append(buffer, data + at, patch->start - at);
		if (!error && patch->size)
			error = buffer_append(buffer, patch->data, patch->size);
		at = patch->end;
	}
	return error ? error : buffer_append(buffer, data + at, size - at);
}

void patch_free(struct patches *patches)
{
	patch_forget(patches, 0);
	free(patches->list);
	*patches = (struct patches){.list = NULL};
}
