/*
 * space.h - is the disk full? Asked by writing, since a quota shows in no figure.
 *
 * Called by call, feed, and the child of mirror.
 */
#ifndef CSAPI_FETCH_SPACE_H
#define CSAPI_FETCH_SPACE_H

#include "format/fetch_json.h"

#include <stdbool.h>
#include <stdint.h>

/* There is no space for as much as one more small file in job.temporary. */
bool space_none(const struct fetch_job *job);
/* Bytes that are free there; UINT64_MAX: unknown. */
uint64_t space_free(const struct fetch_job *job);
/* -ENOSPC, -EDQUOT */
bool space_error(int error);

#endif
