/*
 * definition_json.h - the files of a set of definitions as members of a document, and back.
 *
 * Inside lib/format only: check_json, state_json, update_json and version_json share it.
 */
#ifndef CSAPI_FORMAT_DEFINITION_JSON_H
#define CSAPI_FORMAT_DEFINITION_JSON_H

#include "verdict/update.h"

#include <jansson.h>

/* An array; NULL: no memory, as json_field_set takes it. */
json_t *definition_json_encode(const struct definition_set *set);
/* The member `key`, hostile input: 0 (definition_set_free it), -EBADMSG (also for a name that is not good, or comes twice), -ENOMEM. */
int definition_json_decode(const json_t *object, const char *key, struct definition_set *ret_set);

#endif
