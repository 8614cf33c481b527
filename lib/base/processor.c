/*
 * processor.c - the processors this process may use, as sched_setaffinity(2) and cpusets leave them; see processor.h.
 */
#include "base/processor.h"

#include <sched.h>

unsigned processor_count(unsigned most)
{
	cpu_set_t set;
	int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
	return count < 1 ? 1 : (unsigned)count > most ? most : (unsigned)count;
}
