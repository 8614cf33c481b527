/*
 * verdict_header.h - a verdict as header fields of the message that it is about: X-CSAPI-Status and its like.
 *
 * Nothing in them comes from the message but as printable ASCII in one short line. Called by csapi-scan.
 */
#ifndef CSAPI_FORMAT_VERDICT_HEADER_H
#define CSAPI_FORMAT_VERDICT_HEADER_H

#include "verdict/verdict.h"

/* What the names of all our fields begin with; letters of any case count, as in all of mail. */
#define VERDICT_HEADER_PREFIX "X-CSAPI-"
/* Bytes of a field's body: with its name it stays below the 998 of a line (RFC 5322, 2.1.1). */
#define VERDICT_HEADER_VALUE_MOST 900

/*
 * -Status (the word of verdict_word), -Info, -Code, -Engine, -Definitions, and -Disinfected where something was removed, each only where there is something to say but for -Status, each line
 * ended by `line_end`. `verdict` must be settled. Caller frees; NULL: no memory.
 */
char *verdict_header_encode(const struct verdict *verdict, const char *line_end);

#endif
