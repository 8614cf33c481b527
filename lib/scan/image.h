/*
 * image.h - file systems, in images of disks and by themselves.
 *
 * People send such images where an archive would not pass. Nobody here reads them but for HFS+, and all programs that unpack archives do. Called by
 * detect.
 */
#ifndef CSAPI_SCAN_IMAGE_H
#define CSAPI_SCAN_IMAGE_H

#include "scan/detect.h"

#include <stddef.h>
#include <stdint.h>

#define IMAGE_SYSTEMS 14

/* Those that the bytes are, or that a partition of them is. How many. */
unsigned image_find(const uint8_t *data, size_t size, enum detect_format ret_formats[IMAGE_SYSTEMS]);

#endif
