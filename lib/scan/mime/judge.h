/*
 * judge.h - what is wrong, or ambiguous, with a part: its codes and evasions.
 */
#ifndef CSAPI_SCAN_MIME_JUDGE_H
#define CSAPI_SCAN_MIME_JUDGE_H

#include "scan/mime.h"
#include "scan/mime/message.h"

/* Multiparts inside multiparts, all inner messages together. Ours; GMime itself gives up at 1024. */
#define JUDGE_NESTING_MOST 256u

/* Where an object stands. */
struct position {
	const struct message *message;
	const char *section;
	const char *parent;
	const char *boundary;         /* of the multipart that it lies in; NULL: in none */
	unsigned depth;               /* messages above it */
	bool behind;                  /* a multipart with the same boundary ended before it */
	const struct position *above; /* of that multipart; NULL: it is the message's own */
};

/* One more code; there is room for those that are told below (assert). */
void judge_add(struct mime_part *part, enum scan_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The limit that cut a part, or SCAN_CODE_NONE. */
void judge_limit(struct mime_part *part, enum scan_code code);
/* What is ambiguous in the header of a part; that of a message is judged with the message. */
void judge_header(struct mime_part *part, const struct position *position, GMimeObject *object);
void judge_leaf(struct mime_part *part, GMimeObject *leaf);
/* `deep`: there are JUDGE_NESTING_MOST around it. */
void judge_multipart(struct mime_part *part, const struct message *message, GMimeObject *object, const char *type,
		     bool deep);
/* What is wrong with a message as a whole; its outermost multipart is no part of its own. */
void judge_message(struct mime_part *part, const struct message *message, bool deep);
/* To some readers the message is over where an inner multipart ends that has its boundary. */
void judge_position(struct mime_part *part, const struct position *position);
/* Does the encoding leave open what the content is? `known`: of object_transfer. */
void judge_encoding(struct mime_part *part, GMimeObject *leaf, const uint8_t *encoded, size_t size, bool known);

#endif
