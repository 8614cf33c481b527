/*
 * part.c - a part of a message made into a message of its own; see handle.h.
 *
 * What a part is only a parser of messages can tell, and none is here. As the one part of a multipart it is met by the scanner as it would be
 * where it came from, and the scanner says whether it is a container. Refuses a boundary that the part itself has in it.
 */
#include "csapi/handle.h"
#include "process/spool.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define HEAD_MOST 256

/* The line end of the part's first line is that of the lines around it. */
static const char *line_end(const char *data, size_t size)
{
	const char *newline = size ? memchr(data, '\n', size) : NULL;
	return newline && newline > data && newline[-1] == '\r' ? "\r\n" : "\n";
}

/* 128 random bits that do not stand in the part. 0 or -errno. */
static int choose_boundary(const void *data, size_t size, char ret_boundary[64])
{
	uint64_t bits[2];
	do {
		if (getrandom(bits, sizeof bits, 0) != (ssize_t)sizeof bits)
			return -errno;
		(void)snprintf(ret_boundary, 64, "part-%016" PRIx64 "%016" PRIx64, bits[0], bits[1]);
	} while (size && memmem(data, size, ret_boundary, strlen(ret_boundary)));
	return 0;
}

enum scan_code part_wrap(const void *data, size_t size, int *ret_fd, struct why *why)
{
	char boundary[64], head[HEAD_MOST], tail[HEAD_MOST];
	*ret_fd = -1;
	if (size > LIMITS_MESSAGE_MOST)
		return DEC_RESULT_FILE_SIZE_TOO_LARGE;
	int error = choose_boundary(data, size, boundary);
	if (error) {
		(void)why_errno(why, error, "no random number can be had");
		return GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT;
	}
	const char *end = line_end(data, size);
	int before = snprintf(head, sizeof head,
			      "MIME-Version: 1.0%sContent-Type: multipart/mixed; boundary=\"%s\"%s%s--%s%s", end,
			      boundary, end, end, boundary, end);
	int behind = snprintf(tail, sizeof tail, "%s--%s--%s", end, boundary, end);
	char *whole = malloc((size_t)before + size + (size_t)behind);
	if (!whole) {
		(void)why_errno(why, -ENOMEM, "cannot hold a copy of the part in memory");
		return GEN_RESULT_OUT_OF_MEMORY;
	}
	memcpy(whole, head, (size_t)before);
	if (size)
		memcpy(whole + before, data, size);
	memcpy(whole + (size_t)before + size, tail, (size_t)behind);
	enum scan_code code = spool_bytes(whole, (size_t)before + size + (size_t)behind, ret_fd, why);
	free(whole);
	return code;
}
