/*
 * object.h - what one object of GMime's, a part of a message, says of itself.
 */
#ifndef CSAPI_SCAN_MIME_OBJECT_H
#define CSAPI_SCAN_MIME_OBJECT_H

#include "scan/mime/message.h"

/* "text/plain" in lower case; caller frees with g_free. */
char *object_type(GMimeObject *object);
/* `*ret_known`: every encoding that the header names is one that is undone here, and all are the same. */
enum transfer object_transfer(GMimeObject *object, bool *ret_known);
/* The value of the field that object_transfer goes by; borrowed from the object. */
const char *object_encoding(GMimeObject *object);
/* Where the header of a part begins: before its first field come lines that are none. `size` of the message: it has no field. */
size_t object_start(const struct message *message, GMimeObject *object);
/* The encoded content of a leaf, as it stands in the message; borrowed from that. */
const uint8_t *object_window(const struct message *message, GMimeObject *leaf, size_t *ret_size);
/* Is it a multipart with that boundary? */
bool object_has_boundary(GMimeObject *part, const char *boundary);

#endif
