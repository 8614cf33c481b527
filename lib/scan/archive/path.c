/*
 * path.c - names of files in images; see path.h.
 */
#include "scan/archive/path.h"

#include "base/utf8.h"
#include "scan/mark.h"

#include <string.h>

void path_separate(struct path *path)
{
	if (path->size)
		path_add(path, '/');
}

void path_add(struct path *path, unsigned code)
{
	if (code && path->size + 4 <= PATH_MOST)
		path->size += utf8_write(code, path->text + path->size);
}

void path_add_bytes(struct path *path, const char *bytes, size_t size)
{
	if (size > PATH_MOST - path->size)
		size = PATH_MOST - path->size;
	memcpy(path->text + path->size, bytes, size);
	path->size += size;
}

void path_add_wide(struct path *path, const uint8_t *letters, size_t count, bool big)
{
	unsigned high = 0;
	for (size_t i = 0; i < count; i++) {
		unsigned letter = big ? mark_be16(letters + 2 * i) : mark_le16(letters + 2 * i);
		if (!letter)
			break;
		if (high && letter >= 0xdc00 && letter <= 0xdfff)
			letter = 0x10000 + ((high - 0xd800) << 10) + (letter - 0xdc00);
		high = letter >= 0xd800 && letter <= 0xdbff ? letter : 0;
		if (!high)
			path_add(path, letter);
	}
}
