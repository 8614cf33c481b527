/*
 * rewrite.h - an archive or compressed stream written anew, with some of its members changed.
 *
 * Only formats that libarchive both reads and writes, one layer at a time, in memory. Called by the editor.
 */
#ifndef CSAPI_SCAN_ARCHIVE_REWRITE_H
#define CSAPI_SCAN_ARCHIVE_REWRITE_H

#include "base/buffer.h"
#include "base/why.h"
#include "scan/budget.h"
#include "scan/detect.h"

#include <stddef.h>
#include <stdint.h>

/* What becomes of a member. */
enum rewrite_fate {
	REWRITE_KEEP,    /* as it is */
	REWRITE_CONTENT, /* it keeps its name, and gets the bytes given */
	REWRITE_NOTE,    /* it goes, and a text with the bytes given stands in its place, called after it */
	REWRITE_GIVE_UP, /* the archive cannot be written anew */
};

struct rewrite_visitor {
	/* `name` as stored, raw. *ret_data is freed by the caller. */
	enum rewrite_fate (*member)(void *context, const char *name, const uint8_t *data, size_t size,
				    struct buffer *ret_data);
	void *context;
};

/*
 * Reads the archive, and writes it with what the visitor says. Directories and links stay. Appends to `buffer`. 0; -ENOTSUP: the format, or how it is
 * packed, cannot be written; -EBADMSG: it cannot be read to its end; -ECANCELED: the visitor gave up; -EFBIG: the cap of the buffer; -EDQUOT: a
 * limit was reached; -ENOMEM; with why.
 */
int archive_rewrite(enum detect_format format, const uint8_t *data, size_t size, struct budget *budget,
		    const struct rewrite_visitor *visitor, struct buffer *buffer, struct why *why);

#endif
