/*
 * standard.h - the three standard descriptors of a program, which whoever starts it may have left out. Linked into every program.
 */
#ifndef CSAPI_CMD_STANDARD_H
#define CSAPI_CMD_STANDARD_H

#include <stdbool.h>

/*
 * A missing one is replaced by one that fails when used: else the next file opened would take its number, and verdicts or lines of a log
 * would be written into it, or a closed input read as an empty, clean one. False: that could not be done; the program must end.
 */
bool standard_keep(void);

#endif
