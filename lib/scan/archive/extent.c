/*
 * extent.c - bytes that lie in pieces, put together; see extent.h.
 */
#include "scan/archive/extent.h"

#include <string.h>

bool extent_read(extent_at *at, void *context, uint64_t offset, void *bytes, size_t size)
{
	uint8_t *to = bytes;
	while (size) {
		uint64_t got;
		const uint8_t *data = at(context, offset, size, &got);
		if (!got)
			return false;
		if (data)
			memcpy(to, data, (size_t)got);
		else
			memset(to, 0, (size_t)got);
		to += got;
		offset += got;
		size -= (size_t)got;
	}
	return true;
}

bool extent_append(extent_at *at, void *context, uint64_t offset, uint64_t size, struct walk *walk,
		   struct member *member)
{
	while (size) {
		uint64_t got;
		const uint8_t *data = at(context, offset, size, &got);
		if (!got || !member_append(walk, member, data, got))
			return false;
		offset += got;
		size -= got;
	}
	return true;
}
