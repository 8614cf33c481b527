/*
 * versions_json.h - who looked, and with what, as the members "versions" and "definitions" of a document, and back.
 *
 * Inside lib/format only: verdict_json, status_json, check_json and worker_json share them.
 */
#ifndef CSAPI_FORMAT_VERSIONS_JSON_H
#define CSAPI_FORMAT_VERSIONS_JSON_H

#include "verdict/report.h"

#include <jansson.h>

/* What stands in "versions"; NULL: no memory, as json_field_set takes it. */
json_t *versions_json_encode(const struct facts *facts, const char *csapi);
/* Adds both members; `csapi` is the version of the program that looked. As json_field_set where there is no memory. */
void versions_json_set(json_t **object, const struct facts *facts, const char *csapi);
/* Replaces *facts by a copy of what the members hold. 0; -EBADMSG or -ENOMEM with *facts as it was. */
int versions_json_decode(const json_t *object, struct facts *facts);

#endif
