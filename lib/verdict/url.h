/*
 * url.h - what is to be known of a URL before somebody else fetches it: its scheme, whether it is whole, and how to show it.
 *
 * Pure; resolves nothing. Called by update_settings, lib/format/config, update and the programs.
 */
#ifndef CSAPI_VERDICT_URL_H
#define CSAPI_VERDICT_URL_H

#include <stdbool.h>

/* Is it SCHEME://HOST..., with one of these schemes ("http https", blanks between), without blanks, and with a path for file://? */
bool url_good(const char *url, const char *schemes);
/* Does it hold a user or a password: SCHEME://USER:PASSWORD@HOST? */
bool url_has_user(const char *url);
/* As people may see it: without user and password. Caller frees; NULL: no memory. */
char *url_shown(const char *url);

#endif
