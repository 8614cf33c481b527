/*
 * expectation.h - what the messages of a repository are expected to be found, one line of a file each.
 *
 *   NAME: STATUS [PATTERN]
 *
 * NAME is a file name below the directory of the file, or a pattern of such names as of a shell; STATUS is an EC_AV_ name, with or without its prefix,
 * in any case of letters, or "unscanned"; PATTERN, as of a shell, has to match the informational string or the scan code. The last line that names a
 * message counts for it, and a message that none names is expected to be clean. "#" begins a comment line. Called by csapi-scan.
 */
#ifndef CSAPI_FORMAT_EXPECTATION_H
#define CSAPI_FORMAT_EXPECTATION_H

#include "base/why.h"
#include "verdict/verdict.h"

#include <stdbool.h>

/* Most lines of a file, and most bytes of it. */
#define EXPECTATION_LINES_MAX 100000u
#define EXPECTATION_FILE_MOST (16u << 20)

struct expectation {
	char *name;    /* owned, with all that follows */
	char *pattern; /* NULL: any */
	int exit;      /* that of the status expected */
	enum ec_av_status status;
	unsigned line;
	bool literal; /* it is no pattern of names */
	bool met;     /* a message was named by it, if it did not count */
};

struct expectations {
	char *path, *directory; /* the latter without links; "" for the root */
	struct expectation *rows;
	unsigned count, room;
};

/* 0; a negative errno with why, which names file and line. */
int expectations_read(const char *path, struct expectations *ret_expectations, struct why *why);
void expectations_free(struct expectations *expectations);
/* The one that counts for the message of this path, and notes that it was met; NULL: it is to be clean. */
const struct expectation *expectations_find(struct expectations *expectations, const char *path);
/* Is the verdict what was expected? */
bool expectation_holds(const struct expectation *expectation, const struct verdict *verdict);
/* "EC_AV_INFECTED Eicar*". Caller frees; NULL: no memory. */
char *expectation_text(const struct expectation *expectation);

#endif
