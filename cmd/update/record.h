/*
 * record.h - what csapi-update writes to its log, and what it says on standard error. Called by all files of cmd/update.
 *
 * A log on standard error (the journal) gets everything, and nothing is said there a second time.
 */
#ifndef CSAPI_CMD_UPDATE_RECORD_H
#define CSAPI_CMD_UPDATE_RECORD_H

#include "base/log.h"
#include "base/why.h"
#include "verdict/update_result.h"
#include "verdict/update_settings.h"

#include <stdbool.h>

/* Opens the log that the settings name, or the usual one. 0 or -errno with why. */
int update_record_open(const struct update_settings *settings, bool daemon, bool verbose, struct why *why);
/* A line for a person, who sees it on standard error, and in the log. */
void update_record_say(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
void update_record_start(enum update_task task, const struct update_settings *settings);
/* Each source, and the end. */
void update_record_result(const struct update_result *result);

/* Did it end as it should? */
bool update_record_well(enum update_outcome outcome);
/* Says on one line what is wrong, or was with the definitions in use, and what to do about it; nothing where all went well. */
void update_record_trouble(const struct update_result *result);

#endif
