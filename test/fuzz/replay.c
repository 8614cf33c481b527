/*
 * replay.c - gives a fuzz target files instead of a fuzzer: seeds, and what was found once. Then damages each of them in a fixed
 * disorder, a few times.
 *
 * usage: TARGET FILE... Runs without clang.
 */
#include "fuzz.h"
#include "mutator.h"

#include <string.h>

#define FILE_MOST   (1u << 20)
#define MUTANTS     40u
#define CHANGES     6u
#define INTERESTING "\0\xff\x80\r\n=-:;\"A0 %"

static uint32_t number(uint32_t below)
{
	static uint32_t seed = 1;
	return mutate_below(&seed, below);
}

/* In a block of just its size. */
static void one(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	if (!copy)
		abort();
	memcpy(copy, data, size);
	(void)LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void damage(uint8_t *data, size_t *size)
{
	for (uint32_t i = 1 + number(CHANGES); i && *size; i--) {
		size_t at = number((uint32_t)*size);
		switch (number(4)) {
		case 0:
			data[at] = (uint8_t)INTERESTING[number(sizeof INTERESTING - 1)];
			break;
		case 1:
			data[at] ^= (uint8_t)(1u << number(8));
			break;
		case 2:
			memmove(data + at, data + number((uint32_t)at + 1), *size - at);
			break;
		default:
			*size -= number(8) ? 0 : *size - at;
		}
	}
}

int main(int argc, char **argv)
{
	static uint8_t whole[FILE_MOST], mutant[FILE_MOST];
	if (LLVMFuzzerInitialize)
		(void)LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++) {
		FILE *file = fopen(argv[i], "rb");
		if (!file) {
			perror(argv[i]);
			return 2;
		}
		size_t size = fread(whole, 1, sizeof whole, file);
		(void)fclose(file);
		one(whole, size);
		for (unsigned k = 0; k < MUTANTS; k++) {
			size_t left = size;
			memcpy(mutant, whole, size);
			if (k % 2 && LLVMFuzzerCustomMutator)
				left = LLVMFuzzerCustomMutator(mutant, left, sizeof mutant, k);
			if (!(k % 2) || !left) {
				memcpy(mutant, whole, left = size);
				damage(mutant, &left);
			}
			one(mutant, left);
		}
	}
	printf("%d inputs, %u mutants of each\n", argc - 1, MUTANTS);
	return 0;
}
