/*
 * progress_line.h - one line on a terminal that tells how something long is getting on.
 *
 * There is one terminal, so there is one such line. It shows itself after a second, only where standard error is a terminal that can
 * erase a line, and is gone before anything else is written. What it says is the program's.
 */
#ifndef CSAPI_CMD_PROGRESS_LINE_H
#define CSAPI_CMD_PROGRESS_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How often the line is worth a redraw, in milliseconds. */
#define PROGRESS_LINE_TICK 200

/* Lets the line appear from now on; without it, and on no terminal, all other calls do nothing. */
void progress_line_start(void);
bool progress_line_running(void);
/* Is it time to draw? */
bool progress_line_due(void);
/* Whole seconds since the start. */
int64_t progress_line_seconds(void);
/* Shows `text`, and behind it a name from elsewhere, made visible (NULL: none); cut at the width of the terminal. */
void progress_line_show(const char *text, const char *name);
/* Takes the line away, if it is there. */
void progress_line_clear(void);

#define PROGRESS_LINE_BAR 23 /* bytes of a bar with its NUL */
/* "[####................]" */
void progress_line_bar(uint64_t done, uint64_t total, char ret_bar[PROGRESS_LINE_BAR]);

#endif
