/*
 * verdict.h - what all engines that were asked say about one message, and the four values that come of it.
 *
 * Each engine's answer holds a report: that of our own scanner, or one made of a clamd's word. One answer decides: the first that found
 * a virus; else the first error; else the first that could not see everything; else the message is clean. A pure value. Filled by
 * lib/engine, written by lib/format.
 */
#ifndef CSAPI_VERDICT_VERDICT_H
#define CSAPI_VERDICT_VERDICT_H

#include "verdict/repair.h"
#include "verdict/report.h"
#include "verdict/selection.h"

struct answer {
	const struct engine_settings *engine; /* borrowed */
	enum answer_state state;
	struct report report; /* settled; while ANSWER_GIVEN */
	char *code;           /* the engine's own scan code, owned; NULL: that of the report */
	char *address;        /* of who answered, owned; NULL: the scanner on this machine, or nobody */
	unsigned attempts;    /* times that the message was given to the engine */
};

struct verdict {
	/* settled; borrowed from what decided: */
	enum ec_av_status status;
	const char *info;            /* virus name, or what was in the way; "" when clean */
	const char *engine;          /* that found a virus; NULL: none did */
	const char *code;            /* NULL: there is none */
	const struct report *report; /* whose parts and codes are shown; never NULL */
	bool unasked;                /* every engine was left alone, as the caller wished */

	struct answer *answers; /* owned, one for each engine of the selection */
	unsigned answer_count;
	const struct repair_result *repair; /* what became of the message; NULL: no repair was asked for; borrowed */
	struct report own; /* for what no engine says: an input that cannot be read, bad use, nobody asked */
};

/* Nothing is said yet; one answer for each engine of the selection (NULL: no engines), in its state. 0 or -ENOMEM. */
int verdict_init(struct verdict *ret_verdict, const struct selection *selection);
void verdict_free(struct verdict *verdict);
/* Moves it, with all it owns: it points into itself. `from` is empty then. */
void verdict_move(struct verdict *ret_to, struct verdict *from);
/* Which answer is to be had next, from number `from` on; answer_count: none, it can be settled. */
unsigned verdict_next(const struct verdict *verdict, unsigned from);
/* An answer is there (its report is settled): after a virus nobody else is asked. */
void verdict_answered(struct verdict *verdict, unsigned number);
/* Settles on the four values. All answers are there. 0 or -ENOMEM (it is EC_AV_ERROR then). */
int verdict_settle(struct verdict *verdict);
/* Instead of answers: a report about a message that reached no engine. Takes it over. Settles. */
void verdict_take_report(struct verdict *verdict, struct report *take_report);
/* Instead of answers: the selection was refused. Settles. 0 or -ENOMEM. */
int verdict_refuse(struct verdict *verdict, const struct selection *selection);
/* The exit status of csapi-scan: that of the status, or VERDICT_EXIT_UNASKED. */
int verdict_exit(const struct verdict *verdict);
/* Nobody scanned, as the caller wished: neither clean nor an error. */
#define VERDICT_EXIT_UNASKED 4
/* The same in one word, for headers and scripts: clean, infected, error, unscannable or unscanned. Static storage. */
const char *verdict_word(const struct verdict *verdict);

#endif
