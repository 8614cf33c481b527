/*
 * ole2.h - encryption of documents in OLE2 files, of which the engine says nothing, and where such a file ends.
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
/* Behind the last sector that it uses; `size`: as large a file's table is not read here. */
size_t ole2_end(const uint8_t *data, size_t size);

#endif
