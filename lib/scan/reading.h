/*
 * reading.h - in which other ways an encoded part could be read, and whether that would make a difference.
 *
 * Only what would become a container, a document or a program makes one: damaged text is ordinary. Called by mime.
 */
#ifndef CSAPI_SCAN_READING_H
#define CSAPI_SCAN_READING_H

#include "scan/detect.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Is this a container, a document or a program: something that somebody would take the trouble to hide? */
bool reading_matters(const uint8_t *data, size_t size);
/* The same of what was detected already. */
bool reading_detection_matters(const struct detection *detection);
/*
 * Does base64 go on behind padding or foreign characters, and does some reading of it matter? `decoded` is our own, the
 * longest one. *ret_at: where other readers stop.
 */
bool reading_base64_differs(const uint8_t *encoded, size_t size, const uint8_t *decoded, size_t decoded_size,
			    size_t *ret_at);
/* Does the beginning, as base64, matter? */
bool reading_base64_matters(const uint8_t *encoded, size_t size);
/* Does the beginning, as base64, hold this line's beginning? */
bool reading_base64_holds(const uint8_t *encoded, size_t size, const char *line);

#endif
