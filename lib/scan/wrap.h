/*
 * wrap.h - puts bytes back into a container that the engine can open.
 *
 * Signatures may ask for the container that a file lies in, or for its name there. Where the decomposer alone could open the real
 * one, the engine gets the file in a plain one of the same kind. Called by node.c.
 */
#ifndef CSAPI_SCAN_WRAP_H
#define CSAPI_SCAN_WRAP_H

#include "base/buffer.h"

#include <stddef.h>
#include <stdint.h>

/* A ZIP archive with one stored member; `name` is cut at 255 bytes. 0; -EFBIG (4 GiB); -ENOMEM. Caller: buffer_free. */
int wrap_zip(const uint8_t *data, size_t size, const char *name, struct buffer *ret_buffer);
/* A mail message whose body is the bytes in base64; NULL name: none. Same results. */
int wrap_mail(const uint8_t *data, size_t size, const char *name, struct buffer *ret_buffer);

#endif
