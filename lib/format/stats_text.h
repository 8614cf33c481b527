/*
 * stats_text.h - the counts of a resident scanner as lines for people. Called by cmd/csapi-scanner.c.
 */
#ifndef CSAPI_FORMAT_STATS_TEXT_H
#define CSAPI_FORMAT_STATS_TEXT_H

#include "verdict/stats.h"

/*
 * All lines, each ended by a newline: first the figures of the engine that the CSAPI module gives; of statuses, codes and times only
 * those that occurred. Caller frees; NULL: no memory.
 */
char *stats_text_encode(const struct stats *stats);

#endif
