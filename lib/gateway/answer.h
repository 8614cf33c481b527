/*
 * answer.h - reports in clamd's words.
 *
 * A virus is FOUND, a clean message OK, a failure an ERROR. What could not be seen whole is neither: it gets a name of heuristic_name, which programs
 * around clamd can tell from a virus. What comes from a message cannot end the line nor look like another answer. Called by session.c.
 */
#ifndef CSAPI_GATEWAY_ANSWER_H
#define CSAPI_GATEWAY_ANSWER_H

#include "base/buffer.h"
#include "verdict/report.h"
#include "verdict/status.h"

#include <stdbool.h>

/*
 * "PREFIXLABEL: NAME FOUND" and so on, each ended by `ending`; with `all` a line for each virus. `prefix` is "" or "3: ". 0, -ENOMEM, -EFBIG.
 */
int answer_report(struct buffer *out, const char *prefix, const char *label, const struct report *report, bool all,
		  char ending);
int answer_error(struct buffer *out, const char *prefix, const char *label, const char *text, char ending);
/* A line of our own. */
int answer_text(struct buffer *out, const char *prefix, const char *text, char ending);
/* "ClamAV 1.4.6/27777/Thu Nov 26 10:00:00 2026": engine, number of the definitions, when they were built. */
int answer_version(struct buffer *out, const char *prefix, const struct facts *facts, const char *more, char ending);
/* The figures of clamd's STATS, as far as we have them; the others say N/A, as clamd does. */
int answer_stats(struct buffer *out, const char *prefix, const struct status *status, char ending);

#endif
