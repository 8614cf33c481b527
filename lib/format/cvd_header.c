/*
 * cvd_header.c - the head of a signed database; see cvd_header.h. Refuses numbers that do not fit, and heads that do not begin as they must.
 *
 * "ClamAV-VDB:07 Jun 2021 16-23 -0400:6:14:90:MD5:SIGNATURE:builder:1623097400", filled up with blanks.
 */
#include "format/cvd_header.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAGIC  "ClamAV-VDB:"
#define FIELDS 9

enum { FIELD_VERSION = 2, FIELD_SIGNATURES = 3, FIELD_LEVEL = 4, FIELD_BUILT = 8 };

/* Digits up to the end of a field. 0 or -EBADMSG. */
static int number(const char *text, uint64_t most, uint64_t *ret)
{
	size_t digits = strspn(text, "0123456789");
	if (digits == 0 || digits > 18 || strspn(text + digits, " ") != strlen(text + digits))
		return -EBADMSG;
	*ret = strtoull(text, NULL, 10);
	return *ret > most ? -EBADMSG : 0;
}

int cvd_header_decode(const void *data, size_t size, struct cvd_header *ret_header)
{
	char text[CVD_HEADER_SIZE + 1];
	char *fields[FIELDS];
	uint64_t version, signatures, level, built;
	if (size < CVD_HEADER_SIZE || memcmp(data, MAGIC, sizeof MAGIC - 1) != 0)
		return -EBADMSG;
	memcpy(text, data, CVD_HEADER_SIZE);
	text[CVD_HEADER_SIZE] = '\0';
	char *rest = text;
	for (int i = 0; i < FIELDS; i++) {
		fields[i] = strsep(&rest, ":");
		if (!fields[i])
			return -EBADMSG;
	}
	if (number(fields[FIELD_VERSION], INT32_MAX, &version) ||
	    number(fields[FIELD_SIGNATURES], INT32_MAX, &signatures) ||
	    number(fields[FIELD_LEVEL], INT32_MAX, &level) || number(fields[FIELD_BUILT], INT64_MAX, &built))
		return -EBADMSG;
	*ret_header = (struct cvd_header){(uint32_t)version, (uint32_t)signatures, (uint32_t)level, (int64_t)built};
	return 0;
}

int cvd_header_read(int fd, struct cvd_header *ret_header)
{
	char data[CVD_HEADER_SIZE];
	size_t size = 0;
	while (size < sizeof data) {
		ssize_t got = pread(fd, data + size, sizeof data - size, (off_t)size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -EBADMSG;
		size += (size_t)got;
	}
	return cvd_header_decode(data, sizeof data, ret_header);
}
