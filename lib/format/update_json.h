/*
 * update_json.h - what an update came to, as JSON and as lines for people. Called by cmd/update/.
 */
#ifndef CSAPI_FORMAT_UPDATE_JSON_H
#define CSAPI_FORMAT_UPDATE_JSON_H

#include "verdict/update_result.h"

/* Of the shape of the document; a change that can break a reader raises the number before the dot. */
#define UPDATE_JSON_VERSION "1.0"

/* One line; caller frees; NULL: no memory. */
char *update_json_encode(const struct update_result *result);
/*
 * Several lines: each source, what is in use, and with `closing` the whole, which whoever tells trouble elsewhere leaves out. Caller frees;
 * NULL: no memory.
 */
char *update_text_encode(const struct update_result *result, bool closing);
/* One source on one line, without a newline. Caller frees; NULL: no memory. */
char *update_text_source(const struct update_part *part);

#endif
