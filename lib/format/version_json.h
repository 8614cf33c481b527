/*
 * version_json.h - what csapi is made of and finds with, as JSON. Called by cmd/csapi-version.c.
 *
 * The document is described by share/schema/version-1.schema.json.
 */
#ifndef CSAPI_FORMAT_VERSION_JSON_H
#define CSAPI_FORMAT_VERSION_JSON_H

#include "verdict/version.h"

/* Of the shape of the document; a change that can break a reader raises the number before the dot. */
#define VERSION_JSON_VERSION "1.0"

/* One line without a newline; caller frees; NULL: no memory. `version` must be judged. */
char *version_json_encode(const struct version *version);

#endif
