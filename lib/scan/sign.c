/*
 * sign.c - names of volumes and formats; see sign.h. Opens nothing.
 */
#include "scan/sign.h"

#include "scan/carve.h"
#include "scan/mark.h"
#include "scan/script.h"

#include <string.h>
#include <strings.h>

#define DIGITS "0123456789"

/* The main header of ARJ: mark and size, then flags. */
#define ARJ_MARK   0xEA60u
#define ARJ_FLAGS  8u
#define ARJ_VOLUME 4 /* more follows in another */
#define ARJ_REST   8 /* of a file: it began in another */

static bool digits(const char *text, size_t count)
{
	return strlen(text) == count && strspn(text, DIGITS) == count;
}

/* Does the name, less the ending at `dot`, end like an archive, program or document? */
static bool archive_before(const char *name, const char *dot)
{
	static const char *const endings[] = {".7z",  ".zip", ".rar",  ".tar", ".gz",   ".tgz", ".bz2", ".xz",  ".zst",
					      ".arj", ".lzh", ".iso",  ".exe", ".cab",  ".ace", ".img", ".msi", ".jar",
					      ".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx"};
	size_t length = (size_t)(dot - name);
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		size_t ending = strlen(endings[i]);
		if (length > ending && strncasecmp(dot - ending, endings[i], ending) == 0)
			return true;
	}
	return false;
}

/* Does the name, less the ending at `dot`, end in ".part" and a number? */
static bool part_before(const char *name, const char *dot)
{
	const char *at = dot;
	while (at > name && at[-1] >= '0' && at[-1] <= '9')
		at--;
	return at < dot && at - name > 5 && strncasecmp(at - 5, ".part", 5) == 0;
}

bool sign_of_volume(const char *name)
{
	const char *dot = name ? strrchr(name, '.') : NULL;
	if (!dot || dot == name)
		return false;
	if (digits(dot + 1, 3))
		return archive_before(name, dot);
	char letter = (char)(dot[1] | 0x20);
	if (strcasecmp(dot, ".rar") == 0)
		return part_before(name, dot);
	return (letter == 'z' || letter == 'r') && digits(dot + 2, 2);
}

bool sign_of_arj_volume(const uint8_t *data, size_t size)
{
	if (size <= ARJ_FLAGS)
		return false;
	/* Behind the header, its check sum and no further one, the first file may be the rest of one. */
	size_t next = 4 + (size_t)mark_le16(data + 2) + 6;
	bool rest = next + ARJ_FLAGS < size && mark_le16(data + next) == ARJ_MARK && data[next + ARJ_FLAGS] & ARJ_REST;
	return rest || (data[ARJ_FLAGS] & ARJ_VOLUME) != 0;
}

const char *sign_of_format(const char *name)
{
	static const struct {
		const char *ending, *text;
	} endings[] = {{".br", "Brotli stream"}, {".sitx", "StuffIt X archive"}, {".paq8", "PAQ archive"},
		       {".lpaq", "PAQ archive"}, {".rz", "rzip stream"},         {".sbx", "SeqBox container"},
		       {".dar", "DAR archive"},  {".pea", "PEA archive"},        {".b1", "B1 archive"}};
	const char *dot = name ? strrchr(name, '.') : NULL;
	for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
		if (strcasecmp(dot, endings[i].ending) == 0)
			return endings[i].text;
	return NULL;
}

static bool has_encoded(const uint8_t *data, size_t size)
{
	struct carving carving;
	struct script_value value;
	struct script_plain plain;
	size_t at = 0, from = 0;
	if (carve_next(data, size, &at, &carving) || script_next(data, size, &from, &value))
		return true;
	if (!script_unescape(data, size, &plain))
		return false;
	at = 0;
	bool found = carve_next(plain.text.data, plain.text.size, &at, &carving);
	script_plain_free(&plain);
	return found;
}

bool sign_of_encoded_text(const char *name, const uint8_t *data, size_t size)
{
	static const char *const endings[] = {".uu",   ".uue", ".xx",  ".xxe", ".b64", ".mim",
					      ".mime", ".hqx", ".bhx", ".ync", ".ntx"};
	const char *dot = name ? strrchr(name, '.') : NULL;
	for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
		if (strcasecmp(dot, endings[i]) == 0)
			return true;
	struct buffer narrow;
	if (!script_narrow(data, size, &narrow))
		return has_encoded(data, size);
	bool found = has_encoded(narrow.data, narrow.size);
	buffer_free(&narrow);
	return found;
}

static size_t count(const uint8_t *data, size_t size, const char *word)
{
	size_t found = 0, length = strlen(word);
	for (const uint8_t *at = data, *end = data + size;
	     size && (at = memmem(at, (size_t)(end - at), word, length)) != NULL; at += length)
		found++;
	return found;
}

const char *sign_of_encrypted_members(const char *name, const uint8_t *data, size_t size)
{
	if (strcmp(name, "META-INF/manifest.xml") == 0)
		return count(data, size, "encryption-data") ? "OpenDocument file" : NULL;
	/* Fonts are only obfuscated, which no licence of theirs would do without. */
	if (strcmp(name, "META-INF/encryption.xml") == 0)
		return count(data, size, "Algorithm=") > count(data, size, "http://www.idpf.org/2008/embedding") +
								 count(data, size, "http://ns.adobe.com/pdf/enc#RC")
			       ? "EPUB book"
			       : NULL;
	return strcmp(name, ".iwpv2") == 0 || strcmp(name, ".iwph") == 0 ? "iWork document" : NULL;
}
