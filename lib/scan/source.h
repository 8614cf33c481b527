/*
 * source.h - the message as bytes in memory: read from a descriptor that somebody else may still change, and undone
 * from its SMTP form.
 *
 * Called by decompose (worker) before anything else looks at the bytes.
 */
#ifndef CSAPI_SCAN_SOURCE_H
#define CSAPI_SCAN_SOURCE_H

#include "base/why.h"
#include "verdict/scan_code.h"

#include <stddef.h>
#include <stdint.h>

struct source {
	uint8_t *data; /* owned; never NULL, size 0 included; one NUL stands behind the last byte */
	size_t size;
};

/*
 * Copies the whole of a regular file or memfd (from offset 0, by pread) or reads any other readable descriptor to its
 * end (/proc files have size 0 too). The descriptor stays the caller's. On failure a negative errno with *ret_code:
 * DEC_RESULT_CONTAINER_ACCESS_FAILED, DEC_RESULT_FILE_SIZE_TOO_LARGE (over 2 GiB; told before reading where the size
 * is known), DEC_RESULT_OUT_OF_MEMORY.
 */
int source_read(int fd, struct source *ret_source, enum scan_code *ret_code, struct why *why);
/*
 * Undoes dot-stuffing in place (RFC 5321, 4.5.2): one dot at the start of a line is dropped when another character
 * follows it; a line of one dot ends the data, and what stands behind it is dropped. Lines end in CRLF or LF.
 */
void source_unstuff(struct source *source);
void source_free(struct source *source);

#endif
