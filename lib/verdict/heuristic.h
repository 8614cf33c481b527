/*
 * heuristic.h - names that ClamAV gives to a limit or to encryption in the guise of a virus, and the scan codes that they mean.
 *
 * Pure. Called by lib/scan/engine (libclamav's own words), lib/clamd (those of a clamd), and by whatever answers as a clamd would.
 */
#ifndef CSAPI_VERDICT_HEURISTIC_H
#define CSAPI_VERDICT_HEURISTIC_H

#include "verdict/scan_code.h"

/*
 * SCAN_CODE_NONE: it is a virus. Only names that ClamAV has compiled in count. A signature of somebody's own with such a name ends in
 * ".UNOFFICIAL".
 */
enum scan_code heuristic_code(const char *name);
/*
 * The name by which a program that knows only clamd's answers is told that a message is EC_AV_UNSCANNABLE with this code: one of the families
 * Heuristics.Encrypted.* and Heuristics.Limits.Exceeded.*, which such programs can tell from a virus. Static storage; never NULL.
 */
const char *heuristic_name(enum scan_code code);

#endif
