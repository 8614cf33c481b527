/*
 * verdict_line.h - a verdict as one line, for mail programs that read no more: Sieve scripts, and whatever knows clamscan's lines.
 *
 * What a virus, a part or an input is called cannot end the line nor add a word that the reader looks for. Called by csapi-scan.
 */
#ifndef CSAPI_FORMAT_VERDICT_LINE_H
#define CSAPI_FORMAT_VERDICT_LINE_H

#include "verdict/verdict.h"

/* Bytes of an informational string in a line; what is longer is cut. */
#define VERDICT_LINE_INFO_MOST 512

/*
 * "WORD INFO", without a newline, for Sieve: WORD is that of verdict_word; INFO is printable ASCII and may be missing, then so is the blank.
 * `verdict` must be settled. Caller frees; NULL: no memory.
 */
char *verdict_line_sieve(const struct verdict *verdict);
/*
 * "NAME: OK", "NAME: VIRUS FOUND" or "NAME: TEXT ERROR", with a newline. Where the message could not be seen whole, VIRUS is heuristic_name's, in
 * which no reader finds an OK. `name` is clean UTF-8. Caller frees; NULL: no memory.
 */
char *verdict_line_clam(const char *name, const struct verdict *verdict);

#endif
