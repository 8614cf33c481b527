/*
 * detect.h - tells by their bytes which containers data could be, and what to call them.
 *
 * Data may match several formats (a polyglot): all are named, and all are opened. Nothing is opened here.
 * Called by decompose and archive.
 */
#ifndef CSAPI_SCAN_DETECT_H
#define CSAPI_SCAN_DETECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who can open a format. */
enum detect_opener {
	DETECT_ENGINE_ONLY, /* the engine's parsers do (arj, ole2, chm, nsis, ...) */
	DETECT_BOTH,        /* they do, and archive.c what they leave */
	DETECT_ARCHIVE,     /* archive.c does, and maybe the engine too */
	DETECT_NOBODY,      /* known by its mark, and read by nobody: never clean */
	DETECT_LOCKED,      /* likewise, because it is encrypted */
};

enum detect_format {
	DETECT_NONE = 0,
#define DETECT_FORMAT(name, opener, type, text) DETECT_##name,
#include "verdict/container.def"
#undef DETECT_FORMAT
	DETECT_FORMAT_COUNT
};

#define DETECT_FORMATS_MAX 8

struct detection {
	unsigned count; /* formats that match, best first */
	enum detect_format formats[DETECT_FORMATS_MAX];
	const char *type; /* static media type for reports: of the first format, or text/plain, message/rfc822,
	                     application/octet-stream, application/x-empty, or of a common file (image/png, ...) */
	bool mail;        /* begins like a mail message */
};

void detect(const uint8_t *data, size_t size, struct detection *ret_detection);
/* Is it among those that match? */
bool detect_has(const struct detection *detection, enum detect_format format);
/* What the data are if they were no container: text/plain, application/octet-stream, image/png, ...; static. */
const char *detect_plain(const uint8_t *data, size_t size);
/*
 * Where in the data the archive of that format begins: 0 for most; for RAR and 7-Zip the offset of their mark, which
 * may stand behind a program or a picture, for tar and streams that of theirs behind a script.
 */
size_t detect_offset(enum detect_format format, const uint8_t *data, size_t size);
/* Where an encoding begins that says itself what it is, BinHex or yEnc, whatever the rest of the data are; `size`: nowhere. */
size_t detect_encoded(const uint8_t *data, size_t size);
/* Is this a 512-byte tar header with a right check sum? */
bool detect_tar_header(const uint8_t *data, size_t size);
enum detect_opener detect_opener(enum detect_format format);
const char *detect_type(enum detect_format format); /* media type; static */
const char *detect_text(enum detect_format format); /* "7-Zip archive"; static */

#endif
