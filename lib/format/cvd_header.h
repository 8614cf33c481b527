/*
 * cvd_header.h - the 512 bytes at the head of a .cvd or .cld file: what it says of itself, before anybody verified it.
 *
 * For showing and comparing versions only. Called by fetch, update and csapi-version.
 */
#ifndef CSAPI_FORMAT_CVD_HEADER_H
#define CSAPI_FORMAT_CVD_HEADER_H

#include <stddef.h>
#include <stdint.h>

#define CVD_HEADER_SIZE 512

struct cvd_header {
	uint32_t version;
	uint32_t signatures;
	uint32_t level; /* functionality level */
	int64_t built;  /* seconds since 1970 */
};

/* Hostile input. 0, or -EBADMSG: not such a header. */
int cvd_header_decode(const void *data, size_t size, struct cvd_header *ret_header);
/* Reads the head of a file. 0, -EBADMSG, or -errno of reading. */
int cvd_header_read(int fd, struct cvd_header *ret_header);

#endif
