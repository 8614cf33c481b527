/*
 * limits_line.h - what the lines about limits are made of: figures and names. Inside lib/format only.
 */
#ifndef CSAPI_FORMAT_LIMITS_LINE_H
#define CSAPI_FORMAT_LIMITS_LINE_H

#include "format/text.h"
#include "verdict/limits.h"

#include <stdbool.h>
#include <stddef.h>

/* "983 bytes", "1.4 MiB" */
void limits_line_size(uint64_t bytes, char *ret_text, size_t size);
/* A value with its unit, exactly, and for many bytes shorter as well: "104857600 bytes (100 MiB)". UINT64_MAX: "none". */
void limits_line_value(enum limit limit, uint64_t value, char *ret_text, size_t size);
/* Text from elsewhere, visible; with `ascii` what is beyond that as \u{...}. */
void limits_line_name(struct text *text, const char *foreign, bool ascii);

#endif
