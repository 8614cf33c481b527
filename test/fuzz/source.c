/* source.c - dot-stuffing undone: nothing grows, and what has no line with a dot at its begin stays as it is. */
#include "fuzz.h"

#include "scan/source.h"

#include <stdbool.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source source = {.data = malloc(size + 1), .size = size};
	if (!source.data)
		return 0;
	memcpy(source.data, data, size);
	source.data[size] = 0;
	source_unstuff(&source);
	PROMISE(source.size <= size && source.data[source.size] == 0);
	bool dots = (size && data[0] == '.') || memmem(data, size, "\n.", 2);
	PROMISE(dots || (source.size == size && memcmp(source.data, data, size) == 0));
	source_free(&source);
	return 0;
}
