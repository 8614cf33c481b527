/*
 * stats_json.h - the counts of a resident scanner as JSON, and back. Called by process and cmd.
 */
#ifndef CSAPI_FORMAT_STATS_JSON_H
#define CSAPI_FORMAT_STATS_JSON_H

#include "verdict/stats.h"

#include <stddef.h>

/* One line, with mean times beside the sums; caller frees; NULL: no memory. Codes and statuses by name, all of them. */
char *stats_json_encode(const struct stats *stats);
/* 0, -EBADMSG, -ENOMEM. */
int stats_json_decode(const char *text, size_t size, struct stats *ret_stats);

#endif
