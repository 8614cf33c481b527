/*
 * log.h - the log of a service: lines to a file, to standard error, or to the journal by way of standard error.
 *
 * Writing never waits: a line that the destination does not take at once (a full pipe, a full disk) is dropped and
 * counted, and the next line that goes through is preceded by one that says how many were. A line is one write(2), so that
 * lines of several processes do not mix. Control characters are shown as \u{a}. One log a process, for one thread. Opened by
 * cmd, written by process and cmd.
 */
#ifndef CSAPI_BASE_LOG_H
#define CSAPI_BASE_LOG_H

#include "base/why.h"

#include <stdbool.h>

/* The priorities of syslog(3), as many as are used. */
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Is standard error the one that the service manager connected with the journal (JOURNAL_STREAM)? */
bool log_stderr_is_journal(void);
/*
 * `destination`: "stderr"; "journal" (standard error with "<6>" and the like before each line, which journald reads, and without
 * time and process, which it knows); "none"; or an absolute path, which is appended to and made with mode 0640 less the umask.
 * NULL: journal when standard error is one (JOURNAL_STREAM), else stderr. A directory or a symbolic link is refused; a
 * pipe may be without a reader. Lines above `most` are not written. SIGPIPE is ignored from then on. 0 or -errno with why; on
 * failure the log in use stays. Before it is opened, and after "none", nothing is written.
 */
int log_open(const char *destination, enum log_level most, struct why *why);
/*
 * Opens the file again, after it was moved away; no line is lost. On failure the old one stays in use. 0, also for what is no file; or
 * -errno with why.
 */
int log_reopen(struct why *why);
void log_close(void);
/*
 * One line, without the newline: "2026-11-22T16:07:10Z csapi-scanner[PID] notice: TEXT" in a file and on standard error,
 * "<5>TEXT" for the journal; cut at 1,023 bytes.
 */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
