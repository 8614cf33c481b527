/*
 * decompose.h - one message, from bytes to the end of its last part.
 *
 * The engine first sees the whole message with every parser on, which equals what clamscan would do. Then the message
 * is taken apart here, and every part whose bytes the engine never reached is given to it. Every finding goes to the
 * observer. Called by cmd/csapi-worker.c, and by tests.
 */
#ifndef CSAPI_SCAN_DECOMPOSE_H
#define CSAPI_SCAN_DECOMPOSE_H

#include "scan/engine.h"
#include "scan/room.h"
#include "scan/source.h"
#include "verdict/observer.h"
#include "verdict/request.h"

/*
 * Scans one message. `limits` are those in force, the request's already applied. 0 when the observer was told all there
 * is, also of trouble; a negative errno only when the observer refused to listen. With `measure` or `extract` in the request
 * the same walk is made without the engine, which may be NULL then, and the last word is AVS_RESULT_SCANNER_NOT_INITIALIZED.
 */
int decompose(struct engine *engine, const struct request *request, const struct limits *limits, struct source *source,
	      struct room *room, const struct observer *observer);

/* "libarchive 3.6.2, GMime 3.2.13"; static. */
const char *decompose_version(void);

#endif
