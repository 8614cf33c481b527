/*
 * descriptors.h - how many descriptors this process has open, for tests that none is left behind.
 */
#ifndef CSAPI_TEST_UNIT_DESCRIPTORS_H
#define CSAPI_TEST_UNIT_DESCRIPTORS_H

#include <dirent.h>

/* The one that counts is counted too, the same each time. */
static inline unsigned open_descriptors(void)
{
	unsigned count = 0;
	DIR *directory = opendir("/proc/self/fd");
	while (directory && readdir(directory))
		count++;
	if (directory)
		(void)closedir(directory);
	return count;
}

#endif
