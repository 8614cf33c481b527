/*
 * temporary.h - what lies in job.temporary: how much, and away with it.
 *
 * The library puts files there, and directories with files; deeper nothing is looked at. Called by call and feed.
 */
#ifndef CSAPI_FETCH_TEMPORARY_H
#define CSAPI_FETCH_TEMPORARY_H

#include <stdint.h>

/* Bytes of all files. */
uint64_t temporary_size(const char *directory);
/* Removes everything in it. */
void temporary_clear(const char *directory);

#endif
