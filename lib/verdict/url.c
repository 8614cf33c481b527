/*
 * url.c - the outer form of URLs; see url.h. Refuses what libraries would guess at: no scheme, no host, blanks.
 */
#include "verdict/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Behind "://"; NULL: there is none. */
static const char *behind_scheme(const char *url)
{
	const char *end = strstr(url, "://");
	return end ? end + 3 : NULL;
}

static bool scheme_in(const char *url, const char *schemes)
{
	size_t length = strcspn(url, ":");
	for (const char *word = schemes; *word;) {
		size_t size = strcspn(word, " ");
		if (size == length && strncasecmp(word, url, size) == 0)
			return true;
		word += size;
		word += strspn(word, " ");
	}
	return false;
}

bool url_good(const char *url, const char *schemes)
{
	const char *host = behind_scheme(url);
	if (!host || !scheme_in(url, schemes) || strlen(url) != strcspn(url, " \t\r\n\"<>\\^`"))
		return false;
	/* file:///path has no host, and needs the path. */
	if (strncasecmp(url, "file:", 5) == 0)
		return host[0] == '/' && host[1];
	size_t authority = strcspn(host, "/?#");
	const char *at = memrchr(host, '@', authority);
	const char *name = at ? at + 1 : host;
	return name < host + authority && *name != ':';
}

/* The "@" that ends user and password; NULL: there are none. */
static const char *end_of_user(const char *url)
{
	const char *host = behind_scheme(url);
	return host ? memrchr(host, '@', strcspn(host, "/?#")) : NULL;
}

bool url_has_user(const char *url)
{
	return end_of_user(url) != NULL;
}

char *url_shown(const char *url)
{
	const char *at = end_of_user(url);
	char *shown = NULL;
	if (!at)
		return strdup(url);
	return asprintf(&shown, "%.*s%s", (int)(behind_scheme(url) - url), url, at + 1) < 0 ? NULL : shown;
}
