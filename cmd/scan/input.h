/*
 * input.h - the inputs of csapi-scan, one after the other, opened.
 *
 * Walks what the command line names: files, directories below which to look, "-", and lists of names. Each thing that a
 * verdict was asked for comes out exactly once and in order; what cannot be opened comes out with the reason instead of a
 * descriptor. In a walk, symbolic links and special files are left out and counted in one line. Called by batch.c.
 */
#ifndef CSAPI_CMD_SCAN_INPUT_H
#define CSAPI_CMD_SCAN_INPUT_H

#include "base/why.h"
#include "settings.h"

#include <stdbool.h>

struct input_walk;

struct input {
	char *name;    /* as it stands in the verdict: clean UTF-8; the caller frees it */
	int fd;        /* the caller closes it; -1: why says why not */
	bool standard; /* it is standard input */
	struct why why;
};

/* `settings` is borrowed until input_close. 0 or -ENOMEM. */
int input_open(const struct settings *settings, struct input_walk **ret_walk);
/* 1 with the next input, 0 at the end, -ENOMEM. */
int input_next(struct input_walk *walk, struct input *ret_input);
/* Is the next input, or the end, known without waiting for whoever writes the list of names? */
bool input_ready(const struct input_walk *walk);
/* How many inputs there will be, 0 where only the walk can tell. */
unsigned input_total(const struct settings *settings);
void input_close(struct input_walk *walk);

#endif
