/*
 * polyglot.c - an archive that hides behind something else; see polyglot.h. Opens nothing.
 */
#include "scan/polyglot.h"

#include "scan/mark.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* What may stand between the end of a PDF and an archive, and behind a ZIP archive. */
#define BLANKS_MOST 64u

/* What viewers show whatever follows. */
static const struct {
	size_t offset;
	const char *mark;
	size_t size;
	const char *name;
} media[] = {
	{0, "\x89PNG\r\n\x1a\n", 8, "PNG picture"},
	{0, "\xff\xd8\xff", 3, "JPEG picture"},
	{0, "GIF87a", 6, "GIF picture"},
	{0, "GIF89a", 6, "GIF picture"},
	{8, "WEBP", 4, "WebP picture"},
	{4, "ftyp", 4, "film"},
	{0, "ID3", 3, "sound"},
	{0, "OggS", 4, "sound"},
};

static const char *medium(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < sizeof media / sizeof *media; i++)
		if (size >= media[i].offset + media[i].size &&
		    memcmp(data + media[i].offset, media[i].mark, media[i].size) == 0)
			return media[i].name;
	return NULL;
}

static bool is_blank_from(const uint8_t *data, size_t size, size_t offset)
{
	if (size - offset > BLANKS_MOST)
		return false;
	for (; offset < size; offset++)
		if (!isspace(data[offset]) && data[offset] != 0)
			return false;
	return true;
}

/* Is the end of the ZIP archive that of the file? One that lies within something else is followed by the rest of that. */
static bool ends_with_zip(const uint8_t *data, size_t size)
{
	struct mark_zip_end end;
	if (!mark_zip_end(data, size, &end))
		return false;
	size_t behind = end.record + 22 + mark_le16(data + end.record + 20);
	return behind >= size || is_blank_from(data, size, behind);
}

/* Does the archive stand behind the end of the PDF? */
static bool behind_pdf(const uint8_t *data, size_t offset)
{
	size_t at = offset;
	while (at && offset - at < BLANKS_MOST && (isspace(data[at - 1]) || data[at - 1] == 0))
		at--;
	return at >= 5 && memcmp(data + at - 5, "%%EOF", 5) == 0;
}

/* The archive that is hidden in what begins as `front`; DETECT_NONE: none is. */
static enum detect_format hidden_format(const uint8_t *data, size_t size, const struct detection *detection, bool pdf,
					bool exact)
{
	for (unsigned i = 0; i < detection->count; i++) {
		enum detect_format format = detection->formats[i];
		bool carved = format == DETECT_RAR4 || format == DETECT_RAR5 || format == DETECT_SEVEN_ZIP;
		if (format == DETECT_ZIP && (!exact || ends_with_zip(data, size)))
			return format;
		if (carved && (!pdf || behind_pdf(data, detect_offset(format, data, size))))
			return format;
	}
	return DETECT_NONE;
}

enum evasion polyglot_judge(const uint8_t *data, size_t size, const struct detection *detection,
			    char ret_text[POLYGLOT_TEXT_MOST])
{
	const char *plain = detect_plain(data, size), *front = medium(data, size);
	bool pdf = size > 5 && memcmp(data, "%PDF-", 5) == 0 && detect_has(detection, DETECT_PDF);
	bool shown = front != NULL;
	if (!front && pdf)
		front = "PDF document";
	else if (!front && strcmp(plain, "text/html") == 0)
		front = "page of HTML";
	else if (!front && detect_has(detection, DETECT_RTF))
		front = "RTF document";
	enum detect_format format = front ? hidden_format(data, size, detection, pdf, !shown) : DETECT_NONE;
	if (format != DETECT_NONE) {
		(void)snprintf(ret_text, POLYGLOT_TEXT_MOST, "a %s in a %s", detect_text(format), front);
		return EVASION_HiddenContainer;
	}
	/* What stands in front of the archive, alone. */
	const uint8_t *archive = size ? memmem(data, size, "PK\3\4", 4) : NULL;
	size_t prefix = archive ? (size_t)(archive - data) : 0;
	/* Chrome's extensions and Java's modules have a header of their own. */
	bool known = prefix < 4 || memcmp(data, "PK", 2) == 0 || memcmp(data, "Cr24", 4) == 0 ||
		     memcmp(data, "JM\1\0", 4) == 0;
	if (front || known || detection->mail || detection->count != 1 || detection->formats[0] != DETECT_ZIP ||
	    strcmp(detect_plain(data, prefix), "application/octet-stream") != 0 || !ends_with_zip(data, size))
		return EVASION_NONE;
	(void)snprintf(ret_text, POLYGLOT_TEXT_MOST, "it begins with %02x %02x %02x %02x", data[0], data[1], data[2],
		       data[3]);
	return EVASION_ForeignPrefix;
}
