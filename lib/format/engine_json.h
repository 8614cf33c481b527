/*
 * engine_json.h - a configured engine as a JSON document: its name, kind, and what it does with messages and verdicts.
 *
 * Called by csapi-scan --engines.
 */
#ifndef CSAPI_FORMAT_ENGINE_JSON_H
#define CSAPI_FORMAT_ENGINE_JSON_H

#include "verdict/engine_settings.h"

/* One line without a newline. Caller frees; NULL: no memory. */
char *engine_json_encode(const struct engine_settings *engine);

#endif
