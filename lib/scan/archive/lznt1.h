/*
 * lznt1.h - what NTFS packs compressed files with ([MS-XCA], 2.5). Called by ntfs.
 */
#ifndef CSAPI_SCAN_ARCHIVE_LZNT1_H
#define CSAPI_SCAN_ARCHIVE_LZNT1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fills `ret` with what the chunks stand for, and zeros behind it. False: they are damaged, or stand for more. */
bool lznt1_undo(const uint8_t *data, size_t size, uint8_t *ret, size_t ret_size);

#endif
