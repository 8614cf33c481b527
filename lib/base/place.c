/*
 * place.c - finds our own programs and files; see place.h. Refuses to search PATH: what runs as scanner must be ours.
 */
#include "base/place.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Given by the build; these are what a build without them would install to. */
#ifndef CSAPI_SBINDIR
#define CSAPI_SBINDIR "/usr/local/sbin"
#endif
#ifndef CSAPI_LIBEXECDIR
#define CSAPI_LIBEXECDIR "/usr/local/libexec/csapi"
#endif
#ifndef CSAPI_DATADIR
#define CSAPI_DATADIR "/usr/local/share/csapi"
#endif

#define TRIES      4
#define TRIED_MOST 120 /* characters of each place in the text for people */

/* Relative names are taken from the directory of the running program: build tree first, then an installed tree. */
static const char *const tries[][TRIES] = {
	[PLACE_SCANNER] = {"csapi-scanner", "../sbin/csapi-scanner", CSAPI_SBINDIR "/csapi-scanner"},
	[PLACE_WORKER] = {"csapi-worker", "../libexec/csapi/csapi-worker", CSAPI_LIBEXECDIR "/csapi-worker"},
	[PLACE_FETCH] = {"csapi-fetch", "../libexec/csapi/csapi-fetch", CSAPI_LIBEXECDIR "/csapi-fetch"},
	[PLACE_CLAMD] = {"csapi-clamd", "../libexec/csapi/csapi-clamd", CSAPI_LIBEXECDIR "/csapi-clamd"},
	[PLACE_DEFINITIONS] = {"../share/definitions", "../share/csapi/definitions", "../../share/definitions",
			       CSAPI_DATADIR "/definitions"},
};

/* The file that this code is in, "" where it cannot be told: the running program, or libcsapi.so in somebody else's. */
static void own_file(char ret_path[PATH_MAX])
{
#ifdef CSAPI_SHARED
	Dl_info info;
	if (!dladdr(tries, &info) || !info.dli_fname || !realpath(info.dli_fname, ret_path))
		ret_path[0] = '\0';
#else
	ssize_t length = readlink("/proc/self/exe", ret_path, PATH_MAX - 1);
	ret_path[length < 0 ? 0 : length] = '\0';
#endif
}

/* Its directory, with a slash at its end. */
static void own_directory(char ret_path[PATH_MAX])
{
	own_file(ret_path);
	char *slash = strrchr(ret_path, '/');
	if (slash)
		slash[1] = '\0';
	else
		ret_path[0] = '\0';
}

char *place_find(enum place place, struct why *why)
{
	char own[PATH_MAX], path[2 * PATH_MAX], tried[sizeof why->text] = "";
	own_directory(own);
	for (size_t i = 0; i < TRIES && tries[place][i]; i++) {
		const char *name = tries[place][i];
		(void)snprintf(path, sizeof path, "%s%s", name[0] == '/' ? "" : own, name);
		/* Programs must be files that can be run; a directory passes X_OK as well. */
		if (access(path, place == PLACE_DEFINITIONS ? F_OK : X_OK) == 0) {
			char *real = realpath(path, NULL);
			if (real)
				return real;
		}
		size_t used = strlen(tried);
		(void)snprintf(tried + used, sizeof tried - used, "%s%.*s", used ? ", " : "", TRIED_MOST, path);
	}
	(void)why_set(why, -ENOENT, "not found at %s", tried);
	return NULL;
}
