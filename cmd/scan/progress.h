/*
 * progress.h - one line on a terminal that tells how a long scan is getting on.
 *
 * There is one terminal, so there is one progress line. It shows itself after a second, only where standard error is a
 * terminal, and is gone before anything else is written.
 */
#ifndef CSAPI_CMD_SCAN_PROGRESS_H
#define CSAPI_CMD_SCAN_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* How often the line is worth a redraw, in milliseconds. */
#define PROGRESS_TICK 200

/* What the line shows. */
struct progress {
	uint64_t total;      /* inputs; 0: not known beforehand */
	uint64_t done;       /* verdicts */
	uint64_t infected;   /* of these */
	uint64_t read;       /* bytes of the input that is being read; 0: none is */
	bool loading;        /* the scanner loads its definitions */
	const char *current; /* name of the input last taken, clean UTF-8; NULL: none yet */
};

/* Lets the line appear from now on; without it all other calls do nothing. */
void progress_start(void);
bool progress_running(void);
/* Draws the line, if it is time for it. */
void progress_draw(const struct progress *progress);
/* Takes the line away, if it is there. */
void progress_clear(void);

#endif
