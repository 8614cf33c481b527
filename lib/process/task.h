/*
 * task.h - one message on its way through the supervisor: its request, the report as it grows, and what to do when a worker dies.
 *
 * No I/O but the descriptor it owns: the supervisor forks, kills and waits, and tells the task. A worker that dies is replaced within the
 * message's time: first by one that tries the same again (the death may have come from outside), then by ones that
 * leave alone what killed the last. What was found before is kept, a virus stays found, as long as the same definitions are at work:
 * one verdict never rests on two sets. Called by supervisor.
 */
#ifndef CSAPI_PROCESS_TASK_H
#define CSAPI_PROCESS_TASK_H

#include "base/why.h"
#include "verdict/report.h"
#include "verdict/request.h"

#include <stdbool.h>
#include <stdint.h>

/* What a task keeps of workers that died. */
#define TASK_CARRIED_MAX 64

struct carried {
	enum scan_code code;  /* SCAN_CODE_NONE: it is an evasion */
	enum evasion evasion; /* then */
	char *id;             /* of the part; owned */
	char *text;           /* name of the virus, or details; owned, may be NULL */
	bool official;
};

struct task {
	uint32_t id;            /* the client's */
	void *owner;            /* the client's link; NULL: nobody's; borrowed */
	struct request request; /* with the limits in force */
	int message;            /* descriptor, owned; -1: given away */
	uint32_t generation;    /* of the definitions that found what is known of it; 0: none did */
	struct report report;   /* of the worker at hand */
	struct carried carried[TASK_CARRIED_MAX];
	unsigned carried_count;
	bool tried_again;         /* a plain second try was made */
	unsigned tried_killed;    /* the same, after a kill from outside */
	bool tried_silent;        /* a worker that said nothing was replaced */
	int64_t arrived;          /* clock_now() */
	int64_t arrived_us;       /* clock_now_us() */
	int64_t begun_us;         /* when the first worker was given it; 0: none was */
	int64_t started;          /* the wall's clock, seconds */
	int64_t deadline;         /* of the whole message; CLOCK_NEVER before the first worker */
	int64_t extract_since;    /* when the archive at hand was opened; 0: none is */
	int64_t extract_deadline; /* for it; CLOCK_NEVER: none */
	uint32_t extract_part;
	uint64_t extract_longest; /* milliseconds */
	bool has_digest;          /* of the message's bytes, told by the hasher: */
	uint8_t digest[32];
	bool lent;         /* the report is the cache's */
	struct task *next; /* in a queue of the supervisor */
};

/* How a worker ended. */
enum task_death {
	TASK_DEATH_DEADLINE, /* killed by us: timeout */
	TASK_DEATH_EXTRACT,  /* killed by us: max_extract_time */
	TASK_DEATH_FAULT,    /* a signal that a fault in the program raises; `number` is the signal */
	TASK_DEATH_KILLED,   /* another signal, likewise */
	TASK_DEATH_LEFT,     /* left with exit status `number` before it was done */
	TASK_DEATH_BROKEN,   /* said what no honest worker says */
	TASK_DEATH_SILENT,   /* killed by us: it did not acknowledge the message in time */
};

/* Takes over the descriptor. NULL: no memory (it is closed). */
struct task *task_new(uint32_t id, void *owner, const struct request *request, int take_message);
void task_free(struct task *task);

/*
 * The definitions of this generation are at work from here on. Where they are others than before, everything starts anew but the tries and the
 * time: what those found, and at what their workers died, is forgotten.
 */
void task_adopt(struct task *task, uint32_t generation);
/* A worker begins. */
void task_begin(struct task *task);
/* It never did: there was none to be had. */
void task_recall(struct task *task);
/* An event from it. 0; -EBADMSG with why; -ENOMEM. *ret_done: it was the last one. */
int task_event(struct task *task, const char *text, size_t size, bool *ret_done, struct why *why);
/* When the worker must be killed, on clock_now()'s scale. */
int64_t task_deadline(const struct task *task);
/* Which of the two deadlines has passed. */
enum task_death task_expired(const struct task *task);
/* The worker ended before it was done. True: give the message to another one. */
bool task_died(struct task *task, enum task_death death, int number);
/* Ends with this code, unless a virus was found before. */
void task_fail(struct task *task, enum scan_code code, const char *text);
/* The report is settled after this, and complete but for what only the client knows. */
void task_settle(struct task *task, const struct facts *facts);

#endif
