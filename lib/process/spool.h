/*
 * spool.h - an input made into something that a scanner can read at its leisure and nobody can change.
 *
 * Everything but a large regular file is copied into a sealed memfd: what is judged is then what was read, once. A large regular
 * file is passed as it is, since copying it would take as much memory, unless that is asked for. Nothing of the process around it is changed: it is in
 * libcsapi as well. Called by csapi-scan, csapi-limits and libcsapi.
 */
#ifndef CSAPI_PROCESS_SPOOL_H
#define CSAPI_PROCESS_SPOOL_H

#include "base/why.h"
#include "verdict/scan_code.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spool_options {
	int64_t silence_ms;                          /* an input without a byte for so long is given up */
	void (*tick)(void *context, uint64_t bytes); /* called now and then with the bytes read; NULL: never */
	void *context;
	int64_t deadline;         /* by which the input must have ended, on the clock of clock_now(); 0: none */
	int64_t deadline_seconds; /* the same as it was asked for, for the text */
	const char *advice;       /* what allows a longer silence, for the text; NULL: nothing said */
	bool copy_all;            /* large regular files too: the message is to be passed on as it was judged */
};

/* A regular file larger than this, in bytes, is not copied. Nearly all mail is smaller: common servers refuse above 25-50 MB. */
#define SPOOL_COPY_MOST (64u << 20)

/*
 * Reads `fd` to its end. SCAN_CODE_NONE with a descriptor for pread(2) in *ret_fd, the caller's to close. Otherwise the code
 * and why: DEC_RESULT_CONTAINER_ACCESS_FAILED (read error, silence, deadline), DEC_RESULT_FILE_SIZE_TOO_LARGE (beyond
 * LIMITS_MESSAGE_MOST), GEN_RESULT_OUT_OF_MEMORY. `fd` stays the caller's.
 */
enum scan_code spool(int fd, const struct spool_options *options, int *ret_fd, struct why *why);
/* Text for an empty memfd filled with `size` bytes and sealed: for messages of our own. The codes are those above. */
enum scan_code spool_bytes(const void *data, size_t size, int *ret_fd, struct why *why);
/* The same piece by piece: an empty memfd to be written to, the caller's to close, and its sealing when all is in it. */
enum scan_code spool_begin(int *ret_fd, struct why *why);
enum scan_code spool_end(int fd, struct why *why);
/* Reads and forgets the rest of `fd`, until `deadline` on the clock of clock_now(): its writer may not bear a closed pipe. */
void spool_drain(int fd, int64_t deadline);

#endif
