/*
 * reply.h - what a clamd says, as values. Pure; what comes is hostile.
 *
 * Called by session.c.
 */
#ifndef CSAPI_CLAMD_REPLY_H
#define CSAPI_CLAMD_REPLY_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of one reply; clamd's own are shorter by far. */
#define REPLY_LINE_MAX 4096
#define REPLY_NAME_MAX 512

enum reply_kind {
	REPLY_PONG,
	REPLY_VERSION,   /* text: "ClamAV 1.4.6/27000/..." */
	REPLY_CLEAN,     /* "stream: OK" */
	REPLY_EMPTY,     /* "stream: Empty file" */
	REPLY_FOUND,     /* text: the name of the signature */
	REPLY_TOO_LARGE, /* beyond StreamMaxLength */
	REPLY_ERROR,     /* text: what clamd says is wrong */
	REPLY_STRANGE,   /* nothing that a clamd says */
};

struct clamd_reply {
	enum reply_kind kind;
	char text[REPLY_NAME_MAX]; /* printable ASCII, cut where it is longer; "" for other kinds */
};

/* Reads one reply of a session ("3: stream: OK") without its end. */
void reply_parse(const char *line, size_t size, struct clamd_reply *ret_reply);

#endif
