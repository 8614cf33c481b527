/*
 * fuzz.h - what the fuzz targets share: bytes from nobody knows where, and what must hold whatever they are.
 *
 * Each target is a file of its own with fuzz_one; libFuzzer calls it (make fuzz), or replay.c does, on files. A promise that does not
 * hold ends the process, as a read behind the bytes does under a sanitizer.
 */
#ifndef CSAPI_TEST_FUZZ_FUZZ_H
#define CSAPI_TEST_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* One input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Once, before the first; a target that needs nothing leaves it out. */
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

#define PROMISE(holds)                                                                                                 \
	do {                                                                                                           \
		if (!(holds)) {                                                                                        \
			(void)fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #holds);              \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

/* Reads every byte, so that a sanitizer sees which of them are none. */
static inline unsigned fuzz_touch(const void *data, size_t size)
{
	static volatile unsigned sum;
	for (size_t i = 0; i < size; i++)
		sum += ((const uint8_t *)data)[i];
	return sum;
}

#endif
