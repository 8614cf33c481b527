/*
 * deadline.h - the time by which the whole call ends, whatever hangs: the input, the scanner, or who reads the output.
 *
 * Mail programs handle a hang badly: some wait for ever, some bounce, some lose the output. When the time is up, whoever waits sees it
 * and settles what is left with an error; should even that not come about, a signal ends the program two seconds later. Called by csapi-scan.c
 * and batch.c.
 */
#ifndef CSAPI_CMD_SCAN_DEADLINE_H
#define CSAPI_CMD_SCAN_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

/* From now on; `exit_status` is the program's when nothing else ends it. Once. 0 or -errno. */
int deadline_start(int64_t seconds, int exit_status);
/* On the clock of clock_now(); CLOCK_NEVER: there is none. */
int64_t deadline_at(void);
bool deadline_passed(void);
/* It, or so many seconds from now, whichever is earlier. */
int64_t deadline_or(int64_t seconds);
/* Seconds, as given; 0: there is none. */
int64_t deadline_seconds(void);

#endif
