/*
 * path.h - the name of a file in an image, with the folders around it; cut where it is too long. Called by udf, fat and ntfs.
 */
#ifndef CSAPI_SCAN_ARCHIVE_PATH_H
#define CSAPI_SCAN_ARCHIVE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PATH_MOST 1024u

struct path {
	char text[PATH_MOST];
	size_t size;
};

/* A slash, where something stands before it. */
void path_separate(struct path *path);
/* One character; NUL is none. */
void path_add(struct path *path, unsigned code);
/* Bytes as they are. */
void path_add_bytes(struct path *path, const char *bytes, size_t size);
/* So many letters of UTF-16, up to a NUL; what stands in two of them comes out as one character. */
void path_add_wide(struct path *path, const uint8_t *letters, size_t count, bool big);

#endif
