/*
 * disinfect.h - one message on its way from infected to repaired: written without what was found, scanned again, and so on until it is clean.
 *
 * The repair is the work of a sandboxed worker, and so is each scan of what came of it, by all engines that were asked before; here only reports are read
 * and bytes copied. Nothing is given out that was not scanned as it is. Does no waiting: the caller hands over what is to be asked, and the answers.
 * Called by csapi-scan.
 */
#ifndef CSAPI_ENGINE_DISINFECT_H
#define CSAPI_ENGINE_DISINFECT_H

#include "verdict/repair.h"
#include "verdict/request.h"
#include "verdict/verdict.h"

#include <stdbool.h>

struct disinfect;

/* What is to be asked next. */
struct disinfect_ask {
	int fd; /* borrowed until the answer */
	const struct request *request;
	bool repairs; /* of an engine of the kind csapi alone; else of all engines, as before */
};

/*
 * A message (a sealed file, borrowed until disinfect_free) whose verdict is settled. `request` is that of the scan. Where nothing is to be removed, it has
 * ended. 0 or -ENOMEM.
 */
int disinfect_begin(const struct repair_policy *policy, const struct request *request, const struct verdict *verdict,
		    int message, struct disinfect **ret_disinfect);
/* False: it has ended, and the result says how. */
bool disinfect_asks(const struct disinfect *disinfect, struct disinfect_ask *ret_ask);
/* The answer. 0 or -ENOMEM. */
int disinfect_answer(struct disinfect *disinfect, const struct verdict *answer);
/* Ends it without a repaired message. */
void disinfect_fail(struct disinfect *disinfect, enum scan_code code, const char *text);
/* Borrowed; to be changed where the message cannot be written afterwards. */
struct repair_result *disinfect_result(struct disinfect *disinfect);
/* The file to be passed on, sealed, from its beginning; borrowed. -1: nothing may be. */
int disinfect_message(const struct disinfect *disinfect);
/* Adds to the verdict what became of what it says: the codes of what was deleted. 0 or -ENOMEM. */
int disinfect_tell(const struct disinfect *disinfect, struct verdict *verdict);
/* NULL is allowed. */
void disinfect_free(struct disinfect *disinfect);

#endif
