/*
 * whole.h - is a signed database (.cvd, .cld, .cud) whole?
 *
 * The library verifies what it meets in such a file and does not miss what is not there: an incremental database that is cut short
 * verifies, and loads with a part of its signatures. So every file that the database's own list (.info) names must be in it, in
 * that size. Looks at names and sizes only: contents are the library's to verify. Called by definitions.c and check.c.
 */
#ifndef CSAPI_SCAN_ENGINE_WHOLE_H
#define CSAPI_SCAN_ENGINE_WHOLE_H

#include "base/why.h"

#include <stdbool.h>

/*
 * Hostile input. `quick` costs some reads whatever the size: of what is compressed it looks at the list and the length only, which a cut does
 * not survive but by chance. Leaves the offset of `fd` anywhere. 0; -EINVAL with why ("is cut short: it holds no daily.ndb", fit behind a
 * name); -ENOMEM or -errno of reading with why.
 */
int whole_check(int fd, bool quick, struct why *why);

#endif
