/*
 * variant.h - the other ways in which encoded bytes can be decoded.
 *
 * Base64 with padding or foreign characters in it, and damaged quoted-printable, come out differently in different
 * programs: some stop, some go on, some leave out a line. transfer.c goes on; here are the others. What is encoded as the
 * standard says has none. Called by readings.
 */
#ifndef CSAPI_SCAN_VARIANT_H
#define CSAPI_SCAN_VARIANT_H

#include "scan/budget.h"
#include "scan/transfer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One decoding; `data` is borrowed for the call, `code` is the limit that cut it, or SCAN_CODE_NONE. Not 0 ends the
 * decoding.
 */
typedef int variant_take(void *context, const uint8_t *data, size_t size, enum scan_code code);

/*
 * Hands out every decoding that can differ from transfer_decode's, which comes first if `usual`. The same bytes may come
 * more than once. Charges `budget` as parts of their own. *ret_broken (may be NULL): it is base64 in which there is a blank
 * line, or a foreign character, with base64 behind it. What `take` returned to end it, else 0.
 */
int variant_decode(enum transfer transfer, const uint8_t *data, size_t size, bool usual, struct budget *budget,
		   variant_take *take, void *context, bool *ret_broken);

#endif
