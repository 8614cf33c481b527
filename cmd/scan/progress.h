/*
 * progress.h - what the line on a terminal says that tells how a long scan is getting on; the line itself is progress_line.h's.
 */
#ifndef CSAPI_CMD_SCAN_PROGRESS_H
#define CSAPI_CMD_SCAN_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* What the line shows. */
struct progress {
	uint64_t total;      /* inputs; 0: not known beforehand */
	uint64_t done;       /* verdicts */
	uint64_t infected;   /* of these */
	uint64_t read;       /* bytes of the input that is being read; 0: none is */
	bool loading;        /* the scanner loads its definitions */
	const char *current; /* name of the input last taken, clean UTF-8; NULL: none yet */
};

/* Draws the line, if it is time for it. */
void progress_draw(const struct progress *progress);

#endif
