/*
 * feed.h - one custom URL: a file without ClamAV's delivery behind it, fetched whole if it changed.
 *
 * Neither the URL nor its header, which may hold keys, come up in what is told. Called by fetch.
 */
#ifndef CSAPI_FETCH_FEED_H
#define CSAPI_FETCH_FEED_H

#include "fetch/teller.h"

#include <stdint.h>

/* Tells progress and one result. */
void feed_fetch(const struct fetch_job *job, uint32_t index, struct teller *teller);

#endif
