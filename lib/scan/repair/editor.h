/*
 * editor.h - a message without what is to be removed from it: everything else byte for byte as it was.
 *
 * Finds the parts by their content, whatever they are called, and changes only the ranges in which they stand. What cannot be changed in its place goes with
 * what is around it: a member with its archive, a part with its message. Whether the result is clean is not known here: it has to be scanned. Called by
 * repair.c.
 */
#ifndef CSAPI_SCAN_REPAIR_EDITOR_H
#define CSAPI_SCAN_REPAIR_EDITOR_H

#include "base/buffer.h"
#include "base/why.h"
#include "scan/budget.h"
#include "verdict/repair.h"
#include "verdict/scan_code.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Appends the repaired message to `buffer`, whose cap bounds it; what was done is added to the outcome, which the caller has set up and frees. SCAN_CODE_NONE;
 * else nothing of the buffer counts, and why says more: DEC_RESULT_INVALID_FILE_MODIFICATION: nothing that was to be removed is in a place that can be
 * changed; DEC_RESULT_FAILED_INSERTING_NOTIFICATION_IN_EMPTY_BODY_MIME: it has no body that could give way; DEC_RESULT_BUFFER_SIZE_TOO_SMALL;
 * DEC_RESULT_OUT_OF_MEMORY.
 */
enum scan_code editor_run(const uint8_t *data, size_t size, const struct repair_plan *plan, enum repair_level level,
			  struct budget *budget, struct buffer *buffer, struct repair_outcome *outcome,
			  struct why *why);

#endif
