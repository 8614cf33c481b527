/*
 * worker_json.h - of what versions a worker is made, as JSON, and back: {"csapi":..., "engine":..., "decomposer":...}.
 *
 * Written by `csapi-worker --versions`, read by csapi-version.
 */
#ifndef CSAPI_FORMAT_WORKER_JSON_H
#define CSAPI_FORMAT_WORKER_JSON_H

#include "verdict/report.h"

#include <stddef.h>

/* One line; caller frees; NULL: no memory. */
char *worker_json_encode(const struct facts *facts, const char *csapi);
/* Hostile input. 0 with engine and decomposer in facts (facts_free) and the worker's own version (caller frees); -EBADMSG; -ENOMEM. */
int worker_json_decode(const char *text, size_t size, struct facts *ret_facts, char **ret_csapi);

#endif
