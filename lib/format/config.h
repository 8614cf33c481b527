/*
 * config.h - csapi.conf: finds the file, reads it, and says what is wrong in it with file, line, and the nearest right name.
 *
 * The door to libconfuse. Called by the programs. Sections: update {} with feed "NAME" {}; csapi {}; antivirus "NAME" {} with csapi "NAME" {} and
 * clamav "NAME" {}; sieve "NAME" {}, which the mail server's own file has beside them and which means nothing here.
 */
#ifndef CSAPI_FORMAT_CONFIG_H
#define CSAPI_FORMAT_CONFIG_H

#include "base/why.h"
#include "verdict/engine_settings.h"
#include "verdict/update_settings.h"

#include <stdbool.h>
#include <stddef.h>

struct config {
	char *path; /* of the file that was read; NULL: there was none, all is default */
	struct update_settings update;
	struct engines_settings engines;
	bool directory_said; /* section update says where definitions are */
	char **notices; /* "FILE:LINE: ..." of what is taken and without effect, or missing; told by --check-config */
	size_t notice_count;
};

/*
 * Reads `path`; NULL: CSAPI_CONFIG, else the first that exists of $XDG_CONFIG_HOME/csapi/csapi.conf (~/.config without that variable) and
 * /etc/csapi/csapi.conf; none of these is no error, a named one that is missing is. Unknown sections and options, wrong types and values out of range are errors: "FILE:LINE: ...". A file with a
 * key or a password in it that others may read gives no error, but *ret_warning (may be NULL) says so; "" there else. A file over 1 MiB is refused. Without a section antivirus
 * there is one engine.
 * 0 (config_free it); -EINVAL with why; -errno with why when it cannot be read; -ENOMEM.
 */
int config_read(const char *path, struct config *ret_config, struct why *ret_warning, struct why *why);
void config_free(struct config *config);
/* The directory of definitions, where the file says one; NULL: it leaves it at the default. Borrowed. */
const char *config_definitions(const struct config *config);

#endif
