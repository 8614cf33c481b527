/*
 * disk.h - the definitions on disk, and what csapi-update remembers of them. Reads only: takes no lock but the shared one that
 * keeps a set from being removed, and needs no right but to read. Called by cmd/csapi-version.c.
 */
#ifndef CSAPI_CMD_VERSION_DISK_H
#define CSAPI_CMD_VERSION_DISK_H

#include "process/definitions.h"
#include "verdict/update_settings.h"
#include "verdict/version.h"

/*
 * Fills definitions and updates of `version`, whose `now` is set. `named` NULL: the directory of the settings if it holds a set, else what
 * a scanner would take. What is wrong with the definitions is their fault text. 0 with the set held (definitions_close), or -ENOMEM.
 */
int disk_read(const char *named, const struct update_settings *settings, struct definitions_source *ret_source,
	      struct version *version);

#endif
