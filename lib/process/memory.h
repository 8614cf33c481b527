/*
 * memory.h - how much memory a process holds and how much is left. Called by supervisor before a reload.
 */
#ifndef CSAPI_PROCESS_MEMORY_H
#define CSAPI_PROCESS_MEMORY_H

#include <stdint.h>
#include <sys/types.h>

/* Bytes that can be taken without swapping: MemAvailable, or less where a cgroup (v2, v1) on the way up allows less. 0: unknown. */
uint64_t memory_available(void);
/* Bytes resident in a process (VmRSS; with the huge pages it uses). 0: unknown. */
uint64_t memory_resident(pid_t pid);

#endif
