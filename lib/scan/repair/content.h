/*
 * content.h - the content of a part, of a member of an archive or of a file, without what is to be removed from it.
 *
 * Called by parts.c and editor.c.
 */
#ifndef CSAPI_SCAN_REPAIR_CONTENT_H
#define CSAPI_SCAN_REPAIR_CONTENT_H

#include "base/buffer.h"
#include "scan/repair/edit.h"

#include <stdint.h>

/* What content is said to be. */
enum content { CONTENT_ANY, CONTENT_TEXT, CONTENT_MESSAGE };

/* What came of looking into something. */
enum fate {
	FATE_SAME,    /* nothing in it has to go */
	FATE_CHANGED, /* what had to go is gone */
	FATE_GO,      /* it has to go itself, for the order told */
};

struct finding {
	enum fate fate;
	uint32_t order;
	struct buffer bytes; /* FATE_CHANGED: in place of the old ones, the caller's to free; else empty */
};

/* Decoded bytes: do they stay, and as what? 0 or -ENOMEM, -EIO. */
int content_edit(struct editor *editor, const uint8_t *data, size_t size, enum content content, struct finding *ret);
/* The same for content that holds what has to go, FATE_GO: it stays so where the content cannot be changed. */
int content_look_into(struct editor *editor, const uint8_t *data, size_t size, enum content content,
		      struct finding *finding);

#endif
