/*
 * clock.h - the two clocks: one that only goes forward, for deadlines, and the wall's, for people.
 */
#ifndef CSAPI_BASE_CLOCK_H
#define CSAPI_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define CLOCK_NEVER INT64_MAX /* a deadline that does not come */

/* Milliseconds on CLOCK_MONOTONIC. */
int64_t clock_now(void);
/* Microseconds on it. */
int64_t clock_now_us(void);
/* Milliseconds on CLOCK_BOOTTIME, which goes on while the machine sleeps. */
int64_t clock_boot(void);
/* Milliseconds from now to the deadline as poll(2) wants them: 0 when passed, -1 for CLOCK_NEVER, never over INT32_MAX. */
int clock_poll_timeout(int64_t deadline);
/* Seconds since 1970 on the wall's clock. */
int64_t clock_wall(void);
/* RFC 3339, UTC, seconds: "2026-11-22T16:07:10Z". `size` at least CLOCK_TEXT_SIZE. */
#define CLOCK_TEXT_SIZE 32
void clock_text(int64_t wall, char *ret_text, size_t size);

#endif
