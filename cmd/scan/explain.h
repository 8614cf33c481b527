/*
 * explain.h - the rows of the tables of codes and statuses, for people (--explain).
 *
 * Called by csapi-scan.c.
 */
#ifndef CSAPI_CMD_SCAN_EXPLAIN_H
#define CSAPI_CMD_SCAN_EXPLAIN_H

/*
 * Prints what `word` names: a scan code, a status, either without its prefix, in any case of letters, or "all" for the list of all. The
 * exit status: 0, or 2 when there is no such code (told on standard error) or standard output fails.
 */
int explain(const char *word);

#endif
