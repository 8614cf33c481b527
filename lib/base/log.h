/*
 * log.h - the log of a service: lines to a file, to standard error, or to standard error with the priorities that journald reads.
 *
 * Writing never waits: a line that the destination does not take at once is dropped and counted, and the next line that
 * goes through says how many were. Control characters in a line are replaced. One log a process. Opened by cmd/csapi-scanner.c,
 * written by process.
 */
#ifndef CSAPI_BASE_LOG_H
#define CSAPI_BASE_LOG_H

#include "base/why.h"

/* The priorities of syslog(3), as many as are used. */
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/*
 * `destination`: "stderr", "journal" (standard error with "<6>" before each line), "none", or an absolute path, which is appended to
 * and made with mode 0640; NULL: journal when standard error is one (JOURNAL_STREAM), else stderr. Lines above `most` are not
 * written. 0 or -errno with why. Before it is opened, and after "none", nothing is written.
 */
int log_open(const char *destination, enum log_level most, struct why *why);
/* Opens the file again, after it was moved away. On failure the old one stays in use. 0 or -errno with why; 0 for what is no file. */
int log_reopen(struct why *why);
void log_close(void);
/* One line, without the newline: "2026-11-22T16:07:10Z csapi-scanner[PID] notice: TEXT" in a file, cut at 1,023 bytes. */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
