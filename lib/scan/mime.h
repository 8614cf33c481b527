/*
 * mime.h - the MIME structure of a message: GMime behind one door.
 *
 * Walks a message once, in document order, and hands every part to the visitor, contents decoded into memory under the
 * budget. Called by decompose.
 */
#ifndef CSAPI_SCAN_MIME_H
#define CSAPI_SCAN_MIME_H

#include "scan/budget.h"
#include "verdict/evasion.h"
#include "verdict/report.h"
#include "verdict/request.h"
#include "verdict/scan_code.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mime_part {
	enum part_kind kind; /* MULTIPART, MESSAGE, BODY or ATTACHMENT */
	const char *section; /* "1", "1.2": IMAP section numbers inside this message (RFC 3501, 6.4.5); borrowed */
	const char *parent;  /* section of the part it lies in; "" = the message itself */
	unsigned depth;      /* messages inside messages above it; 0 for a part of the outermost message */
	const char *name;    /* file name as given (Content-Disposition, then Content-Type), decoded; NULL: none */
	const char *type;    /* "text/plain", lower case; borrowed */
	bool holds;          /* parts that lie in it follow: files that its text holds, encoded */
	bool text;           /* an unnamed text part: the engine may have seen it with other white space */
	bool tentative;      /* only another reader sees it: worth telling only if there is something in it */
	bool decoded;        /* with tentative: not just a stretch of the message */
	const uint8_t *data; /* decoded content; for MESSAGE the bytes of the inner message; NULL for MULTIPART */
	size_t size;
	struct evasion_list evasions;
	unsigned code_count; /* what is wrong with this part */
	struct {
		enum scan_code code;
		char text[160];
	} codes[4];
};

struct mime_visitor {
	int (*part)(void *context, const struct mime_part *part);          /* 0 goes on; anything else ends the walk */
	int (*code)(void *context, enum scan_code code, const char *text); /* about the message itself */
	int (*evasion)(void *context, enum evasion evasion, const char *text); /* likewise */
	void *context;
};

/*
 * Walks one message. What stands in front of the first header field (a "From " line of mbox, blank lines, stray lines)
 * is passed over; a mailbox of several messages is walked message by message (sections "1", "2" as messages). Never
 * fails: trouble is a code. `depth` is the message's own as a container, charged by the caller; a message in it is
 * charged at depth + 1. A multipart that is the whole message is no part: its children have the message as parent, its
 * trouble is told with the message. Files that a text holds undeclared (uuencode) follow it as "2.1"; encoded parts that
 * lie outside every part, and what other readers get out of the message (readings.h), follow at the end as "stray1". Needs mime_start. Returns what a callback returned to end the walk, else 0.
 */
int mime_walk(const uint8_t *data, size_t size, unsigned depth, struct budget *budget,
	      const struct mime_visitor *visitor);

/*
 * The same for a text that is no message: what other readers get out of it (readings.h), as "stray1" and so on. A mail that
 * nobody here takes for one may be one to somebody else.
 */
int mime_walk_text(const uint8_t *data, size_t size, unsigned depth, struct budget *budget,
		   const struct mime_visitor *visitor);

/* Does a header as that of a message begin here, or behind a few stray lines? */
bool mime_begins(const uint8_t *data, size_t size);

/* Once per process, before the first walk; loads what must not be loaded later. 0 or -errno. */
int mime_start(void);
/* "GMime 3.2.13"; static. */
const char *mime_version(void);

#endif
