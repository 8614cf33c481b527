/*
 * patch.h - changes to bytes in memory: ranges that give way to others, all else as it was.
 *
 * Called by the editor.
 */
#ifndef CSAPI_SCAN_REPAIR_PATCH_H
#define CSAPI_SCAN_REPAIR_PATCH_H

#include "base/buffer.h"

#include <stddef.h>
#include <stdint.h>

struct patch {
	size_t start, end; /* of what gives way; equal: something is put in */
	uint8_t *data;     /* owned */
	size_t size;
};

struct patches {
	struct patch *list;
	size_t count, room;
};

/* Takes the bytes over, whatever is returned; ranges come in any order, and none may overlap another. 0 or -ENOMEM. */
int patch_add(struct patches *patches, size_t start, size_t end, struct buffer *take_data);
/* Forgets all from number `count` on. */
void patch_forget(struct patches *patches, size_t count);
/* `data` with the changes made, appended. 0, -ENOMEM or -EFBIG. */
int patch_apply(struct patches *patches, const uint8_t *data, size_t size, struct buffer *buffer);
void patch_free(struct patches *patches);

#endif
