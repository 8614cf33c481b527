/*
 * stray.h - files in a text that no header field declares: uuencode, and MIME parts that a reader of MIME does not see.
 *
 * A message that is not what it says is read in more than one way by mail programs; here the other ways are found. Only
 * finds: nothing is decoded. Called by mime.
 */
#ifndef CSAPI_SCAN_STRAY_H
#define CSAPI_SCAN_STRAY_H

#include "scan/transfer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stray {
	enum transfer transfer;
	size_t start; /* of the encoded data, in the text */
	size_t size;
	char name[256]; /* as given, cut; "" = none */
};

/* The next file between "begin 644 NAME" or "begin-base64 644 NAME" and its end, from *at on, which moves behind it. */
bool stray_file(const uint8_t *data, size_t size, size_t *at, struct stray *ret_stray);

/* The next header block with a Content-Transfer-Encoding that changes bytes, and what follows it up to a "--" line. */
bool stray_part(const uint8_t *data, size_t size, size_t *at, struct stray *ret_stray);

#endif
