/*
 * examine.h - has a directory of definitions verified, and loaded, by csapi-worker: the only program that parses them.
 *
 * Called by verify.c, and by csapi-version for --verify.
 */
#ifndef CSAPI_UPDATE_EXAMINE_H
#define CSAPI_UPDATE_EXAMINE_H

#include "base/why.h"
#include "format/check_json.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct examination {
	const char *worker_path;
	const char *directory; /* absolute */
	const char *
		base; /* absolute; an empty directory of ours for temporary files. Root gives it away: the worker is somebody else then */
	bool verify_only;
	int64_t deadline; /* clock_now()'s scale */
	int keep;         /* as in child.h */
	const volatile sig_atomic_t *stop;
};

/*
 * 0 with the answer (check_free it), whatever it says. -ETIMEDOUT, -EBADMSG (it crashed, or talked nonsense), -ENOMEM (it was killed), -ECANCELED or -errno with why: there is none.
 */
int examine(const struct examination *examination, struct check *ret_check, struct why *why);

#endif
