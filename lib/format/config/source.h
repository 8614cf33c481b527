/*
 * source.h - the text of a configuration file, found, read, and made ready for the parser.
 *
 * Inside config only. What the parser would take silently in another way than people mean it is refused here, with its line.
 */
#ifndef CSAPI_FORMAT_CONFIG_SOURCE_H
#define CSAPI_FORMAT_CONFIG_SOURCE_H

#include "base/why.h"

#include <stddef.h>
#include <sys/types.h>

#define CONFIG_SIZE_MAX ((size_t)1 << 20) /* bytes of a file */

/*
 * The file to read where the caller named none; what CSAPI_CONFIG names may be missing. Caller frees; NULL in *ret_path: there is none. 0 or
 * -ENOMEM.
 */
int config_source_find(char **ret_path);
/* The whole file with a NUL behind it (caller frees), and its mode. 0 or -errno with why, which names the file. */
int config_source_read(const char *path, char **ret_text, mode_t *ret_mode, struct why *why);
/*
 * Makes blanks of comments (the parser counts lines wrongly in some), and refuses a text, comment or section without an end, a text over several
 * lines, an environment variable that is not set and has no default, and "|". 0 or -EINVAL with why, "FILE:LINE: ...".
 */
int config_source_settle(char *text, const char *path, struct why *why);

#endif
