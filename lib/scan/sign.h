/*
 * sign.h - signs that something cannot be seen into, where neither engine nor archive library says so.
 *
 * Called by node.c.
 */
#ifndef CSAPI_SCAN_SIGN_H
#define CSAPI_SCAN_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Is this the name of one volume of a set: "a.7z.001", "a.zip.002", "a.z01", "a.r00"? Volumes behind the first are
 * bytes without any mark, so the name is all that tells. NULL is none.
 */
bool sign_of_volume(const char *name);

/* Is this OLE2 file the envelope of an encrypted office document ([MS-OFFCRYPTO], 2.3.4: stream EncryptedPackage)? */
bool sign_of_encrypted_document(const uint8_t *data, size_t size);

#endif
