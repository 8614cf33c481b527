/*
 * fault.h - tells when the C library refused something to a library that would not say so.
 *
 * libclamav swallows failed writes, opens and allocations and goes on to "clean". fault.c defines write, open, mkdir,
 * fwrite, malloc and their kin in the worker program, passes every call on, and remembers the first failure that
 * matters: no space, no inodes, file too large, quota, no descriptors, no memory, I/O error, a missing or forbidden
 * temporary directory; and what only the sandbox refuses: a file outside that directory, a character set not loaded. Called by engine.c and decompose.c.
 *
 * Its object is linked by name into csapi-worker and tests only: the linker would take libc's functions before it looks
 * into an archive. What the libraries want of it the linker exports; no -rdynamic is needed. Who sets RLIMIT_FSIZE must
 * ignore SIGXFSZ, or the process dies where a write should fail. Not seen: what libc does inside itself (stdio's own
 * writes, which fclose and fflush tell), and under a sanitizer the allocator.
 */
#ifndef CSAPI_SCAN_FAULT_H
#define CSAPI_SCAN_FAULT_H

#include "verdict/scan_code.h"

/*
 * Forgets. For open and mkdir paths at or below `directory` count, and others, but for a few that nobody misses, as a file
 * outside (NULL: no path counts). Copied.
 */
void fault_watch(const char *directory);
/*
 * The code for the first failure since fault_watch or the last fault_taken, SCAN_CODE_NONE if there was none:
 * DEC_RESULT_TEMPFILE_ACCESS_FAILED, DEC_RESULT_OUT_OF_MEMORY, or, for a character set, DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM. `ret_text`
 * (may be NULL) gets a text that stays until the next call.
 */
enum scan_code fault_taken(const char **ret_text);

/*
 * Called, from inside malloc, the first time that an allocation fails after fault_watch: the process may not live to
 * say it otherwise. Must be async-signal-safe. NULL: nobody.
 */
void fault_on_memory(void (*hook)(void));

#endif
