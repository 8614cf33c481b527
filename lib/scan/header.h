/*
 * header.h - the MIME fields of one header, as different readers understand them.
 *
 * Looks at the bytes themselves: a reader of MIME mends what it meets, and hides that another one would not. Decodes
 * nothing. Called by mime.
 */
#ifndef CSAPI_SCAN_HEADER_H
#define CSAPI_SCAN_HEADER_H

#include "verdict/evasion.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Adds what is ambiguous in the header that begins at `data`. It ends at its first blank line, at a line that begins with
 * `mark` (NULL: none does), or with the bytes. Returns the offset behind the blank line.
 */
size_t header_judge(const uint8_t *data, size_t size, const char *mark, struct evasion_list *list);

#endif
