/*
 * mailbox.h - several messages in one file, each behind a "From " line (mbox).
 */
#ifndef CSAPI_SCAN_MIME_MAILBOX_H
#define CSAPI_SCAN_MIME_MAILBOX_H

#include "scan/mime/tree.h"

/* Are they a mailbox of more than one message? */
bool mailbox_begins(const uint8_t *data, size_t size);
/*
 * Each message, and where the first one is not at its end when the second begins, also the whole as the single message that it would be to a
 * reader who knows no mailboxes.
 */
void mailbox_walk(struct walk *walk, const uint8_t *data, size_t size);

#endif
