/*
 * ole2.h - encryption of documents in OLE2 files and streams that are not there whole, of which the engine says nothing, and where such a
 * file ends.
 *
 * Called by node.c.
 */
#ifndef CSAPI_SCAN_OLE2_H
#define CSAPI_SCAN_OLE2_H

#include <stddef.h>
#include <stdint.h>

/*
 * What is encrypted in it ("Word document"): by [MS-OFFCRYPTO] the envelope of an Office Open XML document, by [MS-DOC], [MS-XLS] and
 * [MS-PPT] an old document of Word, Excel or PowerPoint. NULL: nothing. Static.
 */
const char *ole2_encrypted(const uint8_t *data, size_t size);
/* Behind the last sector that it uses. */
size_t ole2_end(const uint8_t *data, size_t size);
/* Why not all bytes of its streams are there: it is cut, or its table of sectors is broken. NULL: they are. Static. */
const char *ole2_damage(const uint8_t *data, size_t size);

#endif
