/*
 * version_text.h - what csapi is made of and finds with, as lines for people: the four of the CSAPI module, and the rest. Called by
 * cmd/csapi-version.c.
 */
#ifndef CSAPI_FORMAT_VERSION_TEXT_H
#define CSAPI_FORMAT_VERSION_TEXT_H

#include "verdict/version.h"

#include <stdbool.h>

/*
 * Four lines: decomposer, engine, definitions, and "Up to date" or the reason why that cannot be said. `all` adds lines for the files, the updates and
 * the scanner. Each ended by a newline; caller frees; NULL: no memory. `version` must be judged.
 */
char *version_text_encode(const struct version *version, bool all);

#endif
