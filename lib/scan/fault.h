/*
 * fault.h - tells when the C library refused something to a library that would not say so.
 *
 * libclamav swallows failed writes, opens and allocations and goes on to "clean". fault.c defines write, open, mkdir,
 * fwrite, malloc and their kin in the worker program, passes every call on, and remembers the first failure that
 * matters: no space, no inodes, file too large, quota, no descriptors, no memory, I/O error, a missing or forbidden
 * temporary directory. Called by engine.c and decompose.c.
 *
 * Its object is linked by name into csapi-worker and tests only: the linker would take libc's functions before it looks
 * into an archive. What the libraries want of it the linker exports; no -rdynamic is needed. Who sets RLIMIT_FSIZE must
 * ignore SIGXFSZ, or the process dies where a write should fail. Not seen: what libc does inside itself (character
 * sets loaded by iconv; stdio's own writes, which fclose and fflush tell), and under a sanitizer the allocator.
 */
#ifndef CSAPI_SCAN_FAULT_H
#define CSAPI_SCAN_FAULT_H

#include "verdict/scan_code.h"

/* Forgets. Only paths at or below `directory` count for open and mkdir (NULL: none count). Borrowed, copied. */
void fault_watch(const char *directory);
/*
 * The code for the first failure since fault_watch or the last fault_taken, SCAN_CODE_NONE if there was none:
 * DEC_RESULT_TEMPFILE_ACCESS_FAILED or DEC_RESULT_OUT_OF_MEMORY. `ret_text` (may be NULL) gets a static text.
 */
enum scan_code fault_taken(const char **ret_text);

/*
 * Called, from inside malloc, the first time that an allocation fails after fault_watch: the process may not live to
 * say it otherwise. Must be async-signal-safe. NULL: nobody.
 */
void fault_on_memory(void (*hook)(void));

#endif
