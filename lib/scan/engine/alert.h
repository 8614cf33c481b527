/*
 * alert.h - what the engine's words mean: names of alerts and texts of messages, as viruses and scan codes.
 *
 * Pure values; knows no library. libclamav says "limit reached" and "encrypted" in the guise of virus names, and most
 * of its failures only as text. Called by engine.c and definitions.c, and by tests.
 */
#ifndef CSAPI_SCAN_ENGINE_ALERT_H
#define CSAPI_SCAN_ENGINE_ALERT_H

#include "scan/engine.h"

/* The code for an error-level message (AVS_RESULT_SCANFILE_FAILURE unless known better), or for a warning, where most
 * mean nothing: SCAN_CODE_NONE. */
enum scan_code alert_error_code(const char *message);
enum scan_code alert_warning_code(const char *message);

/* Does this code say that some layer may not have been looked at? */
bool alert_is_incomplete(enum scan_code code);

/* Notes a name that matched: a virus, kept sorted and once, or a code. Past the array's end it is dropped: the result
 * is infected anyway. */
void alert_name(struct engine_result *result, const char *name);
/* Notes a code once, with its first text (NULL: ""), which is made printable. Sets `incomplete` as the code demands. */
void alert_add(struct engine_result *result, enum scan_code code, const char *text);

#endif
