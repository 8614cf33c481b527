/*
 * reply.h - the SMTP reply that a verdict proposes, by the action of its engines.
 *
 * With action = "reject" an engine refuses what it found infected or could not see whole, for good, and answers trouble of its own with
 * its error_code; with action = "pass" it proposes nothing. Pure. Called by lib/format.
 */
#ifndef CSAPI_VERDICT_REPLY_H
#define CSAPI_VERDICT_REPLY_H

#include "verdict/verdict.h"

#include <stdbool.h>

/* Bytes of the text with its NUL: with code and line end it fits into the 512 of a reply line (RFC 5321, 4.5.3.1.5). */
#define REPLY_TEXT_SIZE 480

struct reply {
	unsigned code;              /* 400..599 */
	const char *enhanced;       /* status code of RFC 3463; static */
	char text[REPLY_TEXT_SIZE]; /* one line of printable ASCII */
};

/* False: nothing is proposed. The refusal of one engine counts more than the trouble of another. */
bool reply_of(const struct verdict *verdict, struct reply *ret_reply);

#endif
