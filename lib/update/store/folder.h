/*
 * folder.h - what the files of the store share: names in its directory, and walks over it. Included inside lib/update only.
 */
#ifndef CSAPI_UPDATE_STORE_FOLDER_H
#define CSAPI_UPDATE_STORE_FOLDER_H

#include "update/store.h"

#define STORE_VERSIONS "versions/"
#define STORE_GONE     ".gone" /* behind the name of a set that was replaced, and may still be read */
#define STORE_MANIFEST "manifest.json"
#define STORE_IDENTITY "freshclam.dat"

/* Calls `visit` for each name in a directory but "." and ".."; not 0 from it ends the walk. */
int store_each(int directory, int (*visit)(int directory, const char *name, void *context), void *context);
/* Makes a directory in it. 0, also where it is there, or -errno with why. */
int store_make(const struct store *store, const char *name, struct why *why);
/* Writes a new file, and a newline behind the text, and flushes it. 0 or -errno. */
int store_write_text(int directory, const char *name, const char *text);
/* A hard link of the same name in another directory, or a copy where links are not to be had. 0 or -errno. */
int store_link_file(int from, const char *name, int to);
/* A descriptor of the directory of a set, or -errno. */
int store_open_set(const struct store *store, const char *id);
/* The same of the set in use; -ENOENT: there is none. */
int store_open_current(const struct store *store);
/* Have both files the same bytes? */
bool store_same(int one, int other);

#endif
