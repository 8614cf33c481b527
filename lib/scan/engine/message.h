/*
 * message.h - what libclamav says while it works: caught, never printed.
 *
 * The library knows one receiver of messages for the whole process, so there is one here. Called by engine.c and
 * definitions.c.
 */
#ifndef CSAPI_SCAN_ENGINE_MESSAGE_H
#define CSAPI_SCAN_ENGINE_MESSAGE_H

#include "scan/engine.h"

/* Takes every message of the library from now on. Idempotent. */
void message_capture(void);
/* Errors and telling warnings become codes of `result` (borrowed) from now on; NULL: of none. */
void message_sink(struct engine_result *result);
/* The last error, or the last warning if there was no error, since message_forget; "" if there was none. */
const char *message_last(void);
void message_forget(void);

#endif
