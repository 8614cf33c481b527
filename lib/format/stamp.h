/*
 * stamp.h - a message on its way through a filter: fields put at the top of its header, fields of the same family that it brought taken out.
 *
 * All else passes as it is, to the byte. It reads lines, no more, and where mail programs differ in what a line and the end of a header is, a field
 * that only some of them would see is taken out for all: a CR alone begins a line too, and the header ends at the first empty line that ends as
 * the first line of the message does. So in a message of mixed line ends, lines of its body that look like such a field may go as well.
 * Called by csapi-scan.
 */
#ifndef CSAPI_FORMAT_STAMP_H
#define CSAPI_FORMAT_STAMP_H

#include <stdbool.h>
#include <stddef.h>

/* Where the message goes. 0, or a negative errno that ends it. */
typedef int stamp_sink(void *context, const void *data, size_t size);

struct stamp_options {
	const char *
		prefix; /* of the names of the family, such as "X-CSAPI-"; below STAMP_HOLD bytes; borrowed until stamp_end */
	const char *fields; /* whole lines; borrowed until stamp_end */
	bool crlf;          /* the first line of the message ends in CRLF */
	stamp_sink *sink;
	void *context;
};

#define STAMP_HOLD 16
#define STAMP_ROOM 4096

struct stamp { /* private */
	struct stamp_options options;
	enum { STAMP_FIRST, STAMP_FROM, STAMP_HEADER, STAMP_BODY } state;
	bool line_begins; /* the last byte was an LF, or there was none */
	bool after_cr;    /* it was a CR */
	bool blank;       /* nothing, or one CR, came since the last LF */
	bool matching;    /* the bytes held may become a name of the family */
	bool dropping;    /* they did */
	bool keep_end;    /* this line's end belongs to the line before it */
	size_t held;
	char hold[STAMP_HOLD];
	size_t used;
	char room[STAMP_ROOM];
};

void stamp_begin(struct stamp *ret_stamp, const struct stamp_options *options);
/* The next bytes. 0 or the sink's error. */
int stamp_feed(struct stamp *stamp, const void *data, size_t size);
/* There are no more: the rest goes out. 0 or the sink's error. */
int stamp_end(struct stamp *stamp);

#endif
