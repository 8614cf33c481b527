/*
 * notice.h - lines for people on standard error.
 *
 * Each begins with the name of the program and holds nothing that a terminal would act on. The only way by which
 * csapi-scan writes there, apart from the progress line, which makes way for it.
 */
#ifndef CSAPI_CMD_SCAN_NOTICE_H
#define CSAPI_CMD_SCAN_NOTICE_H

#include "verdict/verdict.h"

/* One line; control characters in names come out as visible text. */
void notice(const char *format, ...) __attribute__((format(printf, 1, 2)));
/*
 * What went wrong with an input and what to do next, for a verdict whose exit status says so, and for any engine that failed beside others; silent for
 * all others.
 */
void notice_verdict(const char *name, const struct verdict *verdict);

#endif
