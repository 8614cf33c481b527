/*
 * hugepage.h - lays a loaded engine onto huge pages, so that matching waits less for memory and a fork copies less.
 *
 * Called by zygote, once, between loading and the first fork.
 */
#ifndef CSAPI_PROCESS_HUGEPAGE_H
#define CSAPI_PROCESS_HUGEPAGE_H

#include <stdint.h>

/*
 * Rewrites this process's anonymous writable memory in place, the content unchanged, onto huge pages where the kernel gives them. One thread only. Bytes that
 * lie on huge pages afterwards; 0 where there are none to be had: never a failure. Does nothing below `least` bytes of such memory.
 */
uint64_t hugepage_settle(uint64_t least);

#endif
