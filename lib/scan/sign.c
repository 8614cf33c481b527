/*
 * sign.c - names of volumes, envelopes of encrypted documents; see sign.h. Opens nothing.
 */
#include "scan/sign.h"

#include <string.h>
#include <strings.h>

#define DIGITS "0123456789"

/* An OLE2 directory entry: 128 bytes, aligned so; a name in UTF-16LE, its size in bytes with the NUL at offset 64. */
#define ENTRY_SIZE      128
#define ENTRY_NAME_SIZE 64

static bool digits(const char *text, size_t count)
{
	return strlen(text) == count && strspn(text, DIGITS) == count;
}

/* Does the name, less the ending at `dot`, end like an archive? */
static bool archive_before(const char *name, const char *dot)
{
	static const char *const endings[] = {".7z", ".zip", ".rar", ".tar", ".gz",  ".tgz", ".bz2",
					      ".xz", ".zst", ".arj", ".lzh", ".iso", ".exe", ".cab"};
	size_t length = (size_t)(dot - name);
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		size_t ending = strlen(endings[i]);
		if (length > ending && strncasecmp(dot - ending, endings[i], ending) == 0)
			return true;
	}
	return false;
}

bool sign_of_volume(const char *name)
{
	const char *dot = name ? strrchr(name, '.') : NULL;
	if (!dot || dot == name)
		return false;
	if (digits(dot + 1, 3))
		return archive_before(name, dot);
	bool old = dot[1] == 'z' || dot[1] == 'Z' || dot[1] == 'r' || dot[1] == 'R';
	return old && digits(dot + 2, 2);
}

bool sign_of_encrypted_document(const uint8_t *data, size_t size)
{
	static const char name[] = "EncryptedPackage";
	uint8_t wide[2 * sizeof name];
	for (size_t i = 0; i < sizeof name; i++) {
		wide[2 * i] = (uint8_t)name[i];
		wide[2 * i + 1] = 0;
	}
	for (size_t i = 0; size >= ENTRY_SIZE && i <= size - ENTRY_SIZE;) {
		const uint8_t *found = memmem(data + i, size - i, wide, sizeof wide);
		if (!found)
			return false;
		size_t at = (size_t)(found - data);
		/* The words alone may stand in a text. */
		if (at % ENTRY_SIZE == 0 && size - at >= ENTRY_SIZE && found[ENTRY_NAME_SIZE] == sizeof wide)
			return true;
		i = at + 2;
	}
	return false;
}
