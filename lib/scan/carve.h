/*
 * carve.h - encoded files in a text that nothing declares: base64, xxencode, and uuencode that is not written as it should be.
 *
 * Somebody with an editor, a script or a lenient mail program gets at them. What stray_file finds is not repeated. Only
 * finds: nothing is decoded. Called by readings and sign.
 */
#ifndef CSAPI_SCAN_CARVE_H
#define CSAPI_SCAN_CARVE_H

#include "scan/transfer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct carving {
	enum transfer transfer; /* TRANSFER_BASE64, _UUENCODE or _XXENCODE */
	size_t start, size;     /* in the text */
};

/* The next one from *at on, which moves behind it. False: there is no more. */
bool carve_next(const uint8_t *data, size_t size, size_t *at, struct carving *ret_carving);
/* Where the last of the blocks of base64 ends that follow this one with nothing but blank lines between; its own end: none does. */
size_t carve_blocks_end(const uint8_t *data, size_t size, const struct carving *carving);

#endif
