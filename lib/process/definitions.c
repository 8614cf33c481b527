/*
 * definitions.c - finds a set of definitions; see definitions.h.
 */
#include "process/definitions.h"

#include "base/place.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

static bool has_suffix(const char *name, const char *suffix)
{
	size_t length = strlen(name), most = strlen(suffix);
	return length > most && strcmp(name + length - most, suffix) == 0;
}

/* Does the directory hold a set in the official formats? */
static bool real_set(const char *path)
{
	DIR *directory = opendir(path);
	bool found = false;
	if (!directory)
		return false;
	for (struct dirent *entry; !found && (entry = readdir(directory));)
		found = entry->d_name[0] != '.' &&
			(has_suffix(entry->d_name, ".cvd") || has_suffix(entry->d_name, ".cld"));
	(void)closedir(directory);
	return found;
}

char *definitions_find(bool *ret_shipped, struct why *why)
{
	static const char *const places[] = {"/var/lib/csapi/definitions/current", "/var/lib/clamav"};
	*ret_shipped = false;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		if (!real_set(places[i]))
			continue;
		/* Resolved once: a link that is swapped while the engine loads must not mix two sets. */
		char *path = realpath(places[i], NULL);
		if (path)
			return path;
	}
	*ret_shipped = true;
	return place_find(PLACE_DEFINITIONS, why);
}
