/*
 * status_json.h - the state of a resident scanner as JSON, and back. Called by process and cmd.
 */
#ifndef CSAPI_FORMAT_STATUS_JSON_H
#define CSAPI_FORMAT_STATUS_JSON_H

#include "verdict/status.h"

#include <stddef.h>

/* Of the shape of the document; a change that can break a reader raises the number before the dot. */
#define STATUS_JSON_VERSION "1.0"

/* One line; caller frees; NULL: no memory. */
char *status_json_encode(const struct status *status);
/* 0 (facts_free the facts); -EBADMSG, of another version before the dot too; -ENOMEM. *ret_status is left alone on failure. */
int status_json_decode(const char *text, size_t size, struct status *ret_status);

/* "loading", "ready", "failed", "stopping". */
const char *status_state_word(enum status_state state);

#endif
