/*
 * repair_json.h - what became of a message that was to be repaired, as a JSON object; inside lib/format only.
 */
#ifndef CSAPI_FORMAT_REPAIR_JSON_H
#define CSAPI_FORMAT_REPAIR_JSON_H

#include "verdict/repair.h"

#include <jansson.h>

/* New reference; NULL: no memory. */
json_t *repair_json_encode(const struct repair_result *result);

#endif
