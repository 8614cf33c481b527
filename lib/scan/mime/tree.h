/*
 * tree.h - the parts of a message in document order, each handed to the visitor.
 *
 * What returns a number: not 0 means that the walk is over, and walk->result says by what.
 */
#ifndef CSAPI_SCAN_MIME_TREE_H
#define CSAPI_SCAN_MIME_TREE_H

#include "base/buffer.h"
#include "scan/mime.h"
#include "scan/mime/message.h"

struct walk {
	const struct mime_visitor *visitor;
	struct budget *budget;
	unsigned depth;   /* of the outermost message, as a container */
	unsigned nesting; /* multiparts open now */
	int result;       /* of the callback that ended the walk */
};

/* Ends the walk with that result. */
int tree_end(struct walk *walk, int result);
/* One more part. */
int tree_count(struct walk *walk);
int tree_emit(struct walk *walk, const struct mime_part *part);
/* Are as many multiparts open as may be? */
bool tree_is_deep(const struct walk *walk);
/* Fills in data and size, charged; `buffer` holds what had to be decoded, the caller frees it. */
void tree_decode(struct walk *walk, enum transfer transfer, const uint8_t *window, size_t size, struct mime_part *part,
		 struct buffer *buffer);
/* An inner message, its bytes in `part`. */
int tree_inner(struct walk *walk, struct mime_part *part);
/* All parts of an opened message; `section` is that of the message, "" for the outermost. */
int tree_message(struct walk *walk, const struct message *message, const char *section, unsigned depth);

#endif
