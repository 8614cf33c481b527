/*
 * selection.h - which engines a call asks, and which of them it leaves alone: passive ones, and those that the caller's context switches off.
 *
 * A pure value. Called by csapi-scan; read by lib/engine.
 */
#ifndef CSAPI_VERDICT_SELECTION_H
#define CSAPI_VERDICT_SELECTION_H

#include "base/why.h"
#include "verdict/engine_settings.h"
#include "verdict/scan_code.h"

#include <stdbool.h>

/* What becomes of an engine for one message. */
enum answer_state {
	ANSWER_GIVEN,     /* it is asked */
	ANSWER_SKIPPED,   /* the caller's context has its skip_context_variable */
	ANSWER_PASSIVE,   /* it is not enabled, and a hook asks without naming it */
	ANSWER_NOT_ASKED, /* an engine before it found a virus */
	ANSWER_STATE_COUNT
};

/* What the caller says: NAME=VALUE, borrowed. The environment of the process counts as well. */
#define SELECTION_CONTEXTS_MAX 64u

struct selection_wish {
	const char *names[ENGINES_MAX]; /* of engines, or of a kind of them; borrowed */
	unsigned name_count;            /* 0: all that are configured */
	bool hook;                      /* a mail program asks: only what is enabled, unless named */
	const char *contexts[SELECTION_CONTEXTS_MAX];
	unsigned context_count;
};

struct selection {
	const struct engine_settings *engines[ENGINES_MAX]; /* in the order of the configuration; borrowed from it */
	enum answer_state states[ENGINES_MAX];              /* ANSWER_GIVEN, ANSWER_SKIPPED or ANSWER_PASSIVE */
	unsigned count;
	enum ec_av_status refused; /* EC_AV_NAME_TOO_LONG, EC_AV_NO_ENGINE; EC_AV_CLEAN: not refused */
	enum scan_code code;       /* of it */
	struct why why;            /* likewise */
};

/* "given", "skipped", "passive", "not_asked". */
const char *answer_state_word(enum answer_state state);
/* Chooses; what is wrong with the wish stands in `refused`. */
void selection_make(const struct engines_settings *settings, const struct selection_wish *wish,
		    struct selection *ret_selection);
/* Is there an engine to ask? Else nobody scans, as the caller wishes. */
bool selection_asks(const struct selection *selection);
/* The value of a context variable: the last of the wish's, else the environment's; NULL: it is not set, or empty. */
const char *selection_context(const struct selection_wish *wish, const char *name);

#endif
