/*
 * note.h - what is written in place of what was removed, as a part of a message or as a file.
 *
 * Called by the editor. Names and causes come from hostile bytes: they come out as printable ASCII or as UTF-8 that shows what it is, and cut.
 */
#ifndef CSAPI_SCAN_REPAIR_NOTE_H
#define CSAPI_SCAN_REPAIR_NOTE_H

#include "base/buffer.h"
#include "verdict/repair.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest note, in bytes, with its header fields. */
#define NOTE_MOST (64u << 10)

struct note {
	const struct repair_plan *plan;
	uint32_t order; /* the one that is told, where `single`; else all that remove */
	bool single;
	bool body;                               /* it stands for the whole body */
	bool header;                             /* `body`, and for fields of the header */
	bool terse;                              /* without names: one of them may be what was found */
	bool signatures[REPAIR_SIGNATURE_COUNT]; /* that are broken by it */
	const char *line_end;
};

/* The text alone, appended. 0 or -ENOMEM. */
int note_text(const struct note *note, struct buffer *buffer);
/*
 * The MIME fields and the text, appended: what stands in the header of the part from Content-Type on, a blank line, and the body. `last_end`: a line end
 * stands behind the last line. As above.
 */
int note_part(const struct note *note, bool version, bool last_end, struct buffer *buffer);
/* Bytes as lines of base64. As above. */
int note_base64(const uint8_t *data, size_t size, const char *line_end, bool last_end, struct buffer *buffer);

#endif
