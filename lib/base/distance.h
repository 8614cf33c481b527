/*
 * distance.h - how far a word is from one that was meant, for "did you mean". Called by cmd (options, codes) and format (configuration).
 */
#ifndef CSAPI_BASE_DISTANCE_H
#define CSAPI_BASE_DISTANCE_H

/* At most so many bytes of a word count. */
#define DISTANCE_MAX 80
/*
 * Is `candidate` near enough to `word` to be what was meant? The fewer changes the smaller the result; 0 is the same word in any
 * case of letters, -1 too far apart.
 */
int distance_of(const char *word, const char *candidate);

/* The nearest of several candidates that are tried one by one; begins as {NULL, DISTANCE_MAX}. */
struct distance_nearest {
	const char *name; /* borrowed; NULL: none was near */
	int distance;
};
void distance_try(struct distance_nearest *nearest, const char *word, const char *candidate);

#endif
