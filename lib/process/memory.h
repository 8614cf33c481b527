/*
 * memory.h - how much memory a process holds and how much is left. Called by supervisor before a reload.
 */
#ifndef CSAPI_PROCESS_MEMORY_H
#define CSAPI_PROCESS_MEMORY_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Bytes that can be taken without swapping: MemAvailable, or less where a cgroup (v2: memory.max and memory.high; v1) on the way up
 * allows less. File pages that a cgroup has not used lately count as free there, as they do in MemAvailable. 0: unknown.
 */
uint64_t memory_available(void);
/* The same with other directories for /proc and /sys/fs/cgroup. For tests. */
uint64_t memory_available_in(const char *proc, const char *cgroup);
/* Bytes resident in a process: VmRSS and, from hugetlbfs, HugetlbPages. 0: unknown. */
uint64_t memory_resident(pid_t pid);

#endif
