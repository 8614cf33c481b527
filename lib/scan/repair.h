/*
 * repair.h - a request to repair a message, in the worker: the plan behind the message is read, and the repaired message written behind both.
 *
 * Nothing is scanned here, and nothing called clean: the report of it says that. Called by csapi-worker.
 */
#ifndef CSAPI_SCAN_REPAIR_H
#define CSAPI_SCAN_REPAIR_H

#include "scan/source.h"
#include "verdict/limits.h"
#include "verdict/observer.h"
#include "verdict/request.h"

/* Bytes by which a repaired message may be larger than the one that came: archives are not always packed as well again. */
#define REPAIR_GROWTH_MOST (16u << 20)

/*
 * `source` holds the message and the plan; the bytes of the message are used up. `message` is their file. Tells two parts: 0, the repaired message, and 1, what
 * was done, as text; or the code for which there are none. 0, or a negative errno of the observer's.
 */
int repair(const struct request *request, const struct limits *limits, struct source *source, int message,
	   const struct observer *observer);

#endif
