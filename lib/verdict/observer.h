/*
 * observer.h - where the workshop says what it sees.
 *
 * The decomposer knows neither wires nor reports: it calls these. In the worker each call becomes a frame for the
 * supervisor; in tests report_observer writes straight into a report.
 */
#ifndef CSAPI_VERDICT_OBSERVER_H
#define CSAPI_VERDICT_OBSERVER_H

#include "verdict/report.h"

/*
 * Each call returns 0, or a negative errno after which the scan stops (nobody listens any more). `stage` is called
 * before a library is let loose on hostile bytes; what was said before it must then have left the process.
 */
struct observer {
	int (*part)(void *context, const struct part *part);
	int (*route)(void *context, uint32_t part, enum part_route route);
	int (*code)(void *context, uint32_t part, enum scan_code code, const char *text);
	int (*virus)(void *context, uint32_t part, const char *name, bool official);
	int (*evasion)(void *context, uint32_t part, enum evasion evasion, const char *text);
	int (*stage)(void *context, enum scan_stage stage, uint32_t part);
	int (*usage)(void *context, const struct usage *usage);
	/* Ends the scan without one: EC_AV_PART_IS_CONTAINER. */
	int (*refuse)(void *context, enum ec_av_status status, const char *info);
	void *context;
};

/* An observer that fills `report`, which stays the caller's. */
struct observer report_observer(struct report *report);

#endif
