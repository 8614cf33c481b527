/*
 * local.h - the files of a database that lie in job.directory. Called by database and feed.
 */
#ifndef CSAPI_FETCH_LOCAL_H
#define CSAPI_FETCH_LOCAL_H

#include <stddef.h>
#include <stdint.h>

/* The version in the head of DIRECTORY/NAME; 0: no such file, or it cannot be read as one. */
uint32_t local_version(const char *directory, const char *name);
/* The higher version of NAME.cvd and NAME.cld; 0: there is neither. */
uint32_t local_database(const char *directory, const char *name);
/*
 * Leaves one of the two at most: removes what has no readable head, is lower than `least`, or is the lower of both. Version of what stays, with its size;
 * 0: nothing.
 */
uint32_t local_settle(const char *directory, const char *name, uint32_t least, uint64_t *ret_size);

#endif
