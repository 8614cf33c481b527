/*
 * why.h - a text that tells a person why our own work failed, beside the negative errno that tells the caller.
 *
 * The text is one line without a full stop or newline, and is cut, never overrun. A NULL why is allowed
 * everywhere. Called from every floor.
 */
#ifndef CSAPI_BASE_WHY_H
#define CSAPI_BASE_WHY_H

#include <stdbool.h>

struct why {
	char text[512];
};

/* Writes the text. Returns `error`, so that a failure reads `return why_set(why, -EINVAL, "...")`. */
int why_set(struct why *why, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same, with ": " and the text of the errno behind it. */
int why_errno(struct why *why, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Is it memory, descriptors or the device that failed, whatever was asked for? That can pass, and says nothing about the rest. A negative errno. */
bool why_is_shortage(int error);

#endif
