/*
 * mutate.h - damages a document in a fixed disorder, so that decoders meet what no encoder writes.
 *
 * Every mutant lies in a block of just its size: a sanitizer sees a read behind its end. Included once by each test.
 */
#ifndef CSAPI_TEST_UNIT_MUTATE_H
#define CSAPI_TEST_UNIT_MUTATE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mutator {
	uint32_t seed;
};

static inline uint32_t mutate_number(struct mutator *mutator, uint32_t below)
{
	mutator->seed = mutator->seed * 1664525u + 1013904223u;
	return (uint32_t)(((uint64_t)mutator->seed * below) >> 32);
}

/* What is put in: things that mean something in JSON, and things that never do. */
static inline const char *mutate_piece(struct mutator *mutator)
{
	static const char *const pieces[] = {"0",    "-1",         "1e99",    "18446744073709551616",
					     "null", "true",       "\"\"",    "[]",
					     "{}",   "\\u0000",    "\\ud800", ",",
					     "\"",   "}",          "[",       "\xFF",
					     "\x01", "4294967295", ":",       "\"part\":",
					     "1.5",  "\\",         " ",       "{\"a\":"};
	return pieces[mutate_number(mutator, sizeof pieces / sizeof *pieces)];
}

/* One mutant of `text`, for the caller to free. */
static inline char *mutate(struct mutator *mutator, const char *text, size_t size, size_t *ret_size)
{
	const char *piece = mutate_piece(mutator);
	size_t extra = strlen(piece);
	size_t from = mutate_number(mutator, (uint32_t)size + 1), drop = 0;
	switch (mutate_number(mutator, 4)) {
	case 0: /* cut off */
		extra = 0;
		drop = size - from;
		break;
	case 1: /* replace some */
		drop = mutate_number(mutator, 12);
		break;
	case 2: /* leave some out */
		extra = 0;
		drop = 1 + mutate_number(mutator, 40);
		break;
	default: /* put something in */
		break;
	}
	if (drop > size - from)
		drop = size - from;
	*ret_size = size - drop + extra;
	char *mutant = malloc(*ret_size ? *ret_size : 1);
	if (!mutant)
		abort();
	memcpy(mutant, text, from);
	memcpy(mutant + from, piece, extra);
	memcpy(mutant + from + extra, text + from + drop, size - from - drop);
	return mutant;
}

/*
 * Feeds `rounds` mutants of `text` to a decoder that returns 0 (having freed what it made), or an error. True when each was taken or
 * refused with -EBADMSG, most were refused, and some were not.
 */
static inline bool mutate_all(const char *text, uint32_t seed, unsigned rounds,
			      int (*decode)(const char *text, size_t size))
{
	struct mutator mutator = {.seed = seed};
	unsigned refused = 0, bad = 0;
	for (unsigned n = 0; n < rounds; n++) {
		size_t size;
		char *mutant = mutate(&mutator, text, strlen(text), &size);
		int error = decode(mutant, size);
		refused += error == -EBADMSG;
		bad += error != 0 && error != -EBADMSG;
		free(mutant);
	}
	return bad == 0 && refused > rounds / 2 && refused < rounds;
}

/* The document with the first `old` replaced, for the caller to free; NULL where there is none. */
static inline char *mutate_replace(const char *text, const char *old, const char *new)
{
	const char *at = strstr(text, old);
	char *copy = NULL;
	if (!at || asprintf(&copy, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old)) < 0)
		return NULL;
	return copy;
}

#endif
