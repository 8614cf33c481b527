/*
 * dmg.h - methods in an Apple disk image that the engine passes over without a word.
 *
 * Called by node.c.
 */
#ifndef CSAPI_SCAN_DMG_H
#define CSAPI_SCAN_DMG_H

#include <stddef.h>
#include <stdint.h>

/*
 * How a piece of it is packed that the engine leaves out ("LZFSE"): it undoes ADC, Deflate and bzip2 only. NULL: there is none, or no list of
 * pieces that could be read. Static.
 */
const char *dmg_unread_method(const uint8_t *data, size_t size);

#endif
