/*
 * status_json.h - the state of a resident scanner as JSON, and back, and as text for people. Called by process and cmd.
 */
#ifndef CSAPI_FORMAT_STATUS_JSON_H
#define CSAPI_FORMAT_STATUS_JSON_H

#include "verdict/status.h"

#include <stddef.h>
#include <stdio.h>

/* One line; caller frees; NULL: no memory. */
char *status_json_encode(const struct status *status);
/* 0 (facts_free the facts), -EBADMSG, -ENOMEM. */
int status_json_decode(const char *text, size_t size, struct status *ret_status);

#endif
