/*
 * mutator.h - changes to an input that keep its grammar: what a fuzzer that flips bytes rarely gets past the first check of a reader.
 *
 * Each takes the data in its place, with room for `most` bytes, and gives its new size; the same seed makes the same change. What is not
 * in the grammar, or would not fit, comes back as 0 bytes for the caller to change in another way. For FUZZ_MUTATOR below.
 */
#ifndef CSAPI_TEST_FUZZ_MUTATOR_H
#define CSAPI_TEST_FUZZ_MUTATOR_H

#include <stddef.h>
#include <stdint.h>

/* A value of a JSON document becomes another one, goes, or comes twice under another name. */
size_t mutate_json(uint8_t *data, size_t size, size_t most, unsigned seed);
/* A line is said twice, goes, moves, trades places, is folded, or ends otherwise. */
size_t mutate_lines(uint8_t *data, size_t size, size_t most, unsigned seed);

/* The next number of a fixed disorder, below `most`. */
static inline unsigned mutate_below(unsigned *seed, unsigned most)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (unsigned)(((uint64_t)*seed * most) >> 32);
}

/* libFuzzer's own; not there when files are replayed. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most) __attribute__((weak));
/* What a target may have of its own. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) __attribute__((weak));

/* The target changes its inputs with `mutate` two times of three, bytes otherwise. */
#define FUZZ_MUTATOR(mutate)                                                                                           \
	size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)                         \
	{                                                                                                              \
		size_t changed = seed % 3 || !LLVMFuzzerMutate ? mutate(data, size, most, seed / 3) : 0;               \
		return changed || !LLVMFuzzerMutate ? changed : LLVMFuzzerMutate(data, size, most);                    \
	}

#endif
