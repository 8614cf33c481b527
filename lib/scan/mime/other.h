/*
 * other.h - what other readers get out of a message (scan/readings.h), as parts of it.
 */
#ifndef CSAPI_SCAN_MIME_OTHER_H
#define CSAPI_SCAN_MIME_OTHER_H

#include "scan/mime/tree.h"

/* `*count`: parts numbered as strays so far. */
int other_walk(struct walk *walk, const struct message *message, const char *section, unsigned depth, unsigned *count);

#endif
