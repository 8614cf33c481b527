/*
 * charset.h - the character sets that a worker can convert from: loaded before its sandbox is there.
 *
 * The C library loads a module for each at its first use, and unloads it when nobody uses it: so those that mail uses are
 * kept open for the life of the process. A conversion that fails only because a module was left out is told from
 * one that fails everywhere. Called by mime (loading) and fault.
 */
#ifndef CSAPI_SCAN_CHARSET_H
#define CSAPI_SCAN_CHARSET_H

/* Once per process, while files can be opened. Some 45 us for each; those that are not installed are left out. */
void charset_load(void);
/*
 * iconv_open(to, from) has just failed: which of the two names does the system know, and has not loaded here? Borrowed; NULL: neither, the conversion
 * would fail outside a sandbox too. Calls iconv_open itself, through `open_charset` (the C library's own).
 */
const char *charset_left_out(const char *to, const char *from, void *(*open_charset)(const char *, const char *));

#endif
