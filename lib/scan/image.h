/*
 * image.h - file systems, in images of disks and by themselves.
 *
 * People send such images where an archive would not pass, and Windows shows what is in them like a folder. Those that are read are read in
 * archive/volume.c; the others are told. Called by detect and volume.
 */
#ifndef CSAPI_SCAN_IMAGE_H
#define CSAPI_SCAN_IMAGE_H

#include "scan/detect.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_SYSTEMS 16

/* Those that the bytes are: a file system, or a disk with partitions. How many. */
unsigned image_find(const uint8_t *data, size_t size, enum detect_format ret_formats[IMAGE_SYSTEMS]);
/* Is it that one of them? */
bool image_is(enum detect_format format, const uint8_t *data, size_t size);
/* Is this sector the begin of a disk of so many bytes, with a table of partitions (MBR) that is possible? */
bool image_has_partitions(const uint8_t *data, size_t size, uint64_t bytes);

#endif
