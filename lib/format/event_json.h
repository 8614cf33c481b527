/*
 * event_json.h - the events of a scan as JSON, from the worker that meets them to the supervisor that believes nothing.
 *
 * Encoders give one line for the caller to free, NULL for no memory. Called by process/job and process/supervisor.
 */
#ifndef CSAPI_FORMAT_EVENT_JSON_H
#define CSAPI_FORMAT_EVENT_JSON_H

#include "base/why.h"
#include "verdict/report.h"

char *event_json_part(const struct part *part);
char *event_json_route(uint32_t part, enum part_route route);
char *event_json_code(uint32_t part, enum scan_code code, const char *text);
char *event_json_virus(uint32_t part, const char *name, bool official);
char *event_json_evasion(uint32_t part, enum evasion evasion, const char *text);
char *event_json_stage(enum scan_stage stage, uint32_t part);
char *event_json_usage(const struct usage *usage);
/* For EC_AV_PART_IS_CONTAINER, which no scan code leads to. */
char *event_json_refuse(enum ec_av_status status, const char *info);

/* Applies one event to a report. 0; -EBADMSG for what no honest worker sends, with why; -ENOMEM. */
int event_json_apply(const char *text, size_t size, struct report *report, struct why *why);

#endif
