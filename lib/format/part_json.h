/*
 * part_json.h - a part as a JSON object, and back; inside lib/format only.
 */
#ifndef CSAPI_FORMAT_PART_JSON_H
#define CSAPI_FORMAT_PART_JSON_H

#include "verdict/report.h"

#include <jansson.h>

/* Everything but number, parent, status and code. New reference; NULL: no memory. */
json_t *part_json_encode(const struct part *part);
/* The same fields. Texts are borrowed from the object. 0 or -EBADMSG. */
int part_json_decode(const json_t *object, struct part *ret_part);

#endif
