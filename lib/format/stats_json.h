/*
 * stats_json.h - the counts of a resident scanner as JSON, and back. Called by process and cmd.
 */
#ifndef CSAPI_FORMAT_STATS_JSON_H
#define CSAPI_FORMAT_STATS_JSON_H

#include "verdict/stats.h"

#include <stddef.h>

/* Of the shape of the document; a change that can break a reader raises the number before the dot. */
#define STATS_JSON_VERSION "1.0"

/* One line, with mean times beside the sums; caller frees; NULL: no memory. Codes and statuses by name, all of them. */
char *stats_json_encode(const struct stats *stats);
/* 0; -EBADMSG, of another version before the dot too, with *ret_stats as it was. */
int stats_json_decode(const char *text, size_t size, struct stats *ret_stats);

#endif
