/*
 * filter.h - the filters of PDF, undone; see filter.c. Private to this folder.
 */
#ifndef CSAPI_SCAN_ARCHIVE_FILTER_H
#define CSAPI_SCAN_ARCHIVE_FILTER_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum filter {
	FILTER_FLATE,
	FILTER_LZW,
	FILTER_HEXADECIMAL,
	FILTER_BASE85,
	FILTER_RUNS,
	FILTER_CRYPT,   /* of a file that is encrypted; else it does nothing */
	FILTER_PICTURE, /* DCT, JPX, JBIG2, CCITT: left as it is */
	FILTER_UNKNOWN,
};

/* What stands in /DecodeParms. */
struct filter_parameters {
	uint32_t predictor, columns, colours, bits;
	bool late; /* /EarlyChange 0 */
};

/* By its name or the short form of it. */
enum filter filter_find(const char *name);
/*
 * Undoes one, and the predictor that its parameters name. *out is set up by the caller, whose cap is the most that is wanted. 0 or -ENOMEM.
 */
int filter_undo(enum filter filter, const struct filter_parameters *parameters, const uint8_t *data, size_t size,
		struct buffer *out);

#endif
