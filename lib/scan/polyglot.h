/*
 * polyglot.h - an archive that hides behind something that opens as something else.
 *
 * Called by node.c.
 */
#ifndef CSAPI_SCAN_POLYGLOT_H
#define CSAPI_SCAN_POLYGLOT_H

#include "scan/detect.h"
#include "verdict/evasion.h"

#include <stddef.h>
#include <stdint.h>

#define POLYGLOT_TEXT_MOST 128

/*
 * Is this a picture, a page or a document with an archive behind its end, or a ZIP archive behind bytes that are nothing? Programs and scripts with an
 * archive are ordinary, as is a document that holds one within. EVASION_NONE, or the evasion with what exactly in `ret_text`.
 */
enum evasion polyglot_judge(const uint8_t *data, size_t size, const struct detection *detection,
			    char ret_text[POLYGLOT_TEXT_MOST]);

#endif
