/*
 * status_text.h - the state of a resident scanner as lines for people. Called by cmd/csapi-scanner.c.
 */
#ifndef CSAPI_FORMAT_STATUS_TEXT_H
#define CSAPI_FORMAT_STATUS_TEXT_H

#include "verdict/status.h"

/* All lines, each ended by a newline; missing isolation stands in the first. Caller frees; NULL: no memory. */
char *status_text_encode(const struct status *status);

#endif
