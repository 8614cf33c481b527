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
 * Is this the name of one volume of a set: "a.7z.001", "a.zip.002", "a.z01", "a.r00", "a.part2.rar"? Volumes behind the first are
 * bytes without any mark, so the name is all that tells. NULL is none.
 */
bool sign_of_volume(const char *name);

/* Does an ARJ archive say that it is one of several volumes: that others follow, or that its first file began in another? */
bool sign_of_arj_volume(const uint8_t *data, size_t size);

/*
 * The format of a file that only its name gives away, and that nobody here opens: "Brotli stream" for "a.tar.br". NULL: none. Such
 * a name says nothing of a file that is told by its bytes, or is a text. Static.
 */
const char *sign_of_format(const char *name);

/*
 * Is this text, a file in an archive, one in which a program for archives, a browser or an office program would find a file: by its name
 * ("a.uue"; NULL: it has none), or by what carve finds?
 */
bool sign_of_encoded_text(const char *name, const uint8_t *data, size_t size);

/*
 * Does this member of a ZIP archive say that others are encrypted, though not by the archive? So OpenDocument, EPUB and Apple's iWork have it. What it is of
 * ("OpenDocument file"); NULL: it does not. Static.
 */
const char *sign_of_encrypted_members(const char *name, const uint8_t *data, size_t size);

#endif
