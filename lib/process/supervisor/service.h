/*
 * service.h - what the files of the supervisor share: its state, and who may change which part of it.
 *
 * link.c: clients and their waiting messages; slot.c: workers; generation.c: zygotes and reloads; command.c: control by
 * an administrator; trial.c: the message that a new generation must scan first; supervisor.c: the loop around them. One thread,
 * so nothing here is locked. Included by these files only.
 */
#ifndef CSAPI_PROCESS_SUPERVISOR_SERVICE_H
#define CSAPI_PROCESS_SUPERVISOR_SERVICE_H

#include "process/channel.h"
#include "process/control.h"
#include "process/definitions.h"
#include "process/supervisor.h"
#include "process/task.h"
#include "process/tempdir.h"
#include "verdict/isolation.h"
#include "verdict/stats.h"
#include "verdict/status.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- generations ---- */

enum generation_state {
	GENERATION_LOADING, /* its zygote has not said that it is ready */
	GENERATION_TRIAL,   /* ready, and scanning the trial message */
	GENERATION_READY,
	GENERATION_FAILED,  /* every message is answered with fail_code */
	GENERATION_RETIRED, /* replaced; freed when its last process is gone */
};

/* One zygote, with the workers that were forked from it. */
struct generation {
	uint32_t number; /* of the definitions, from 1; 0 until it takes over */
	uint32_t turn;   /* of this struct in its place, for epoll tags */
	enum generation_state state;
	int control; /* -1: closed */
	pid_t group; /* the zygote's pid, and the process group of its workers */
	bool zygote_lives;
	int64_t deadline; /* for loading, or for an answer to a fork; CLOCK_NEVER */
	unsigned asked;   /* workers asked for and not told of */
	unsigned slots;   /* places that hold its workers, dying ones too */
	unsigned crashes;
	struct definitions_source definitions; /* held until its last process is gone, or it failed */
	unsigned trials;                       /* begun */
	bool finds_eicar;                      /* in the trial */
	struct isolation isolation;
	struct facts facts;
	enum scan_code fail_code;
	char *fail_text;
	int64_t loaded; /* wall clock */
};

/* The one in use, the one to come, and old ones whose last workers are still busy. */
#define GENERATIONS_MOST 8

/* The zygote forks in milliseconds; one that does not answer so long is stuck. */
#define FORK_MS 10000

/* ---- workers ---- */

struct slot {
	bool used;
	bool dying;    /* killed, or not wanted; waits to be reaped */
	uint32_t turn; /* of the place, so that a late answer does not meet a new worker */
	struct generation *generation;
	pid_t pid;   /* 0: not known yet */
	bool waited; /* for it: it is gone */
	struct channel channel;
	bool listening; /* the channel is open and in the epoll */
	struct task *task;
	bool trial;          /* the task is the trial message */
	uint32_t serial;     /* id of the message at hand, towards the worker */
	int64_t acknowledge; /* when it must have; CLOCK_NEVER */
	unsigned served;     /* messages it finished */
	char *directory;     /* absolute path; its name is below base */
};

/* Between keep-alives: a client takes a scanner for lost that is silent three times as long (client.c). */
#define TICK_MS 5000

/* ---- clients ---- */

struct link {
	uint32_t index, turn; /* of the place, for epoll tags */
	struct channel channel;
	uid_t uid;
	pid_t pid;
	bool is_private;
	bool greeted;
	bool ready_told;
	bool closing;              /* closes when everything was sent */
	uint32_t events;           /* in the epoll now */
	unsigned outstanding;      /* messages taken and not answered */
	struct task *first, *last; /* those that wait for a worker */
	struct link *after;        /* in the ring of links that have waiting messages */
	bool in_ring;
	int64_t heard; /* the last whole frame, or the connection */
	int64_t sent;  /* the last time it took bytes, while some wait */
};

/* ---- digests ---- */

/* The process that tells the digests of messages, and the verdicts kept by them. */
/* The process that speaks clamd's protocol. */
struct gateway {
	pid_t pid;          /* 0: there is none */
	int lifeline;       /* it ends with this; -1 */
	int64_t restart_at; /* CLOCK_NEVER */
};

struct hasher {
	struct cache *cache; /* NULL: nothing is kept, and all below is unused */
	uint32_t generation; /* of the definitions whose verdicts are in it */
	pid_t pid;           /* 0: there is none */
	struct channel channel;
	bool listening;            /* the channel is open and in the epoll */
	char *directory;           /* absolute path; NULL: not made yet */
	uint32_t serial;           /* id of the message at hand, towards the process */
	struct task *task;         /* the one at hand */
	struct report report;      /* of it: part 0 has the digest */
	int64_t deadline;          /* for it; CLOCK_NEVER */
	int64_t restart_at;        /* none is started before */
	struct task *first, *last; /* those that wait */
	unsigned waiting;
};

/* ---- all of it ---- */

/* Who waits for the outcome of a reload. */
#define RELOAD_WAITERS_MOST 16
struct reload_waiter {
	uint32_t index, turn; /* of the link */
	uint32_t id;          /* of the command */
};

struct supervisor {
	const struct supervisor_options *options;
	int epoll, signals;
	bool resident;
	struct tempdir tempdir;
	struct why tempdir_why; /* why there is none */

	struct link **links; /* by index; NULL: free */
	uint32_t links_room, link_count;
	uint32_t *link_turns;
	struct link *ring;     /* last of the ring; its `after` is the first */
	struct task *again;    /* given to one more worker before any other is begun */
	unsigned queued;       /* in the ring and in `again` */
	unsigned links_most;   /* by the number of descriptors we may have */
	unsigned several_most; /* likewise: messages that may wait before clients with one already are refused */
	bool accepting;

	struct password_list passwords; /* those of the options' file */

	struct slot *slots;
	unsigned slot_count, working; /* working: used and not dying */
	uint32_t serial;
	struct hasher hasher;
	struct gateway gateway;

	struct generation generations[GENERATIONS_MOST];
	struct generation *current, *coming; /* NULL: none */
	uint32_t generation_number;
	bool reap;              /* a process of theirs may have ended, or be the last one */
	unsigned zygote_deaths; /* since a message was answered */
	int64_t restart_at;     /* when a new zygote is tried; CLOCK_NEVER */
	bool reload_wanted, reload_runs;
	struct reload_waiter waiters[RELOAD_WAITERS_MOST];
	unsigned waiter_count;

	bool say_ready; /* to the service manager, which did not take it yet */
	bool stopping;
	int64_t stop_deadline;
	int64_t idle_since; /* CLOCK_NEVER while there is somebody */
	int64_t last_tick;  /* keep-alives, and closing of what is silent */
	int fatal;          /* ends the run with this errno and why; 0: none */
	struct why fatal_why;

	struct stats stats;
	struct status status; /* what does not follow from the rest: reload, started */
	int64_t started;
	struct control packet; /* too large for the stack of every function that needs one */
};

/* What an epoll event is about: kind, index of the place, turn of the place. */
enum { TAG_SIGNAL = 1, TAG_LISTENER, TAG_LINK, TAG_CONTROL, TAG_SLOT, TAG_HASHER };
static inline uint64_t service_tag(unsigned kind, uint32_t index, uint32_t turn)
{
	return (uint64_t)kind | (uint64_t)(index & 0xFFFFFFu) << 8 | (uint64_t)turn << 32;
}
/* Adds to the epoll: 0 or -errno. */
int service_watch(struct supervisor *supervisor, int fd, uint32_t events, uint64_t tag);
/* Ends the run. */
void service_fatal(struct supervisor *supervisor, int error, const char *text);
/* Stops taking messages, answers what is outstanding, ends. */
void service_stop(struct supervisor *supervisor);

/* link.c */
int link_add(struct supervisor *supervisor, int take_fd, bool is_private);
void link_accept(struct supervisor *supervisor, int listener);
struct link *link_at(struct supervisor *supervisor, uint32_t index, uint32_t turn);
void link_event(struct supervisor *supervisor, struct link *link, uint32_t events);
/* Frees it, with its waiting messages; workers busy for it are stopped. */
void link_close(struct supervisor *supervisor, struct link *link);
/* Queues a frame with a text, which is taken over (NULL: no memory), and sends what can be sent. The link may be closed by it. */
void link_tell(struct supervisor *supervisor, struct link *link, enum frame_type type, uint32_t id, char *take_text);
/* Queues a verdict document without a scan, with this code: a request that is refused, or the end of the conversation (FRAME_ERROR). */
void link_refuse(struct supervisor *supervisor, struct link *link, enum frame_type type, uint32_t id,
		 enum scan_code code, const char *text);
/* Says READY to all that wait for it. */
void link_tell_ready(struct supervisor *supervisor);
/* Keep-alives; closes what is silent too long or takes nothing. */
void link_tick(struct supervisor *supervisor);
/* To the end of the messages of its link that wait for a worker. */
void link_put_task(struct supervisor *supervisor, struct link *link, struct task *task);
/* Answers with the settled report, and frees the task. */
void link_answer(struct supervisor *supervisor, struct task *task);
/* The next message to begin, taken off the queue; NULL: none. */
struct task *link_take_task(struct supervisor *supervisor);
void link_put_again(struct supervisor *supervisor, struct task *task);
/* When the first of those given to one more worker runs out of time. */
int64_t link_deadline(const struct supervisor *supervisor);
/* Answers them then, and what waits too long while no generation serves. */
void link_expire(struct supervisor *supervisor);
/* All that waits is dropped (the end). */
void link_drop_queue(struct supervisor *supervisor);

/* slot.c */
void slot_dispatch(struct supervisor *supervisor);
void slot_readable(struct supervisor *supervisor, struct slot *slot);
/* The zygote's answer to a fork. */
void slot_forked(struct supervisor *supervisor, const struct control *packet);
/* Reaps what ended. */
void slot_reap(struct supervisor *supervisor);
int64_t slot_deadline(const struct supervisor *supervisor);
void slot_expire(struct supervisor *supervisor);
/* Idle workers of a generation end; those it asked for and that never came are recalled when `recall`. */
void slot_retire_generation(struct supervisor *supervisor, struct generation *generation, bool recall);
/* Stops the workers that are at work for a link that is going away. */
void slot_forget_link(struct supervisor *supervisor, const struct link *link);
/* Begins the trial on a worker of that generation: 0 or -errno. */
int slot_trial(struct supervisor *supervisor, struct generation *generation);
void slot_free_all(struct supervisor *supervisor);

/* generation.c */
/* Reads the file of passwords, if there is one; what was read before stays where it cannot be. 0 or -errno with why. */
int generation_passwords(struct supervisor *supervisor, struct why *why);
/* Starts the first zygote, or says why there is none. */
void generation_start(struct supervisor *supervisor);
void generation_reload(struct supervisor *supervisor, const char *reason);
void generation_readable(struct supervisor *supervisor, struct generation *generation);
/* The zygote cannot be talked to any more. */
void generation_lost(struct supervisor *supervisor, struct generation *generation, const char *text);
/* The trial ended with this report. */
void generation_tried(struct supervisor *supervisor, struct generation *generation, const struct report *report);
/* A worker of it crashed: a new address space after many. */
void generation_crashed(struct supervisor *supervisor, struct generation *generation);
int64_t generation_deadline(const struct supervisor *supervisor);
void generation_expire(struct supervisor *supervisor);
void generation_reap(struct supervisor *supervisor);
/* Ends all zygotes and everything they forked, and waits. */
void generation_end_all(struct supervisor *supervisor);

/* gateway.c */
void gateway_start(struct supervisor *supervisor);
void gateway_reap(struct supervisor *supervisor);
int64_t gateway_deadline(const struct supervisor *supervisor);
void gateway_expire(struct supervisor *supervisor);
void gateway_end(struct supervisor *supervisor);

/* hasher.c */
void hasher_init(struct supervisor *supervisor);
/* A generation serves: the first message is not to wait for the process to start. */
void hasher_prepare(struct supervisor *supervisor);
/* Takes a new message to be hashed, which then comes back or is answered. False: it is not to be hashed, or cannot be now. */
bool hasher_take(struct supervisor *supervisor, struct task *task);
void hasher_readable(struct supervisor *supervisor);
/* A message was answered: its report is kept, if that can serve again. It may be empty then. */
void hasher_keep(struct supervisor *supervisor, struct task *task);
void hasher_forget_link(struct supervisor *supervisor, const struct link *link);
int64_t hasher_deadline(const struct supervisor *supervisor);
void hasher_expire(struct supervisor *supervisor);
void hasher_reap(struct supervisor *supervisor);
/* Entries and bytes, for stats. */
void hasher_count(struct supervisor *supervisor);
void hasher_end(struct supervisor *supervisor);

/* generation.c */
/* What every process of csapi-worker is told: the program's path, and its walls. Fills argv without its NULL and `ret_room` with what it points to. How many. */
#define SERVICE_WORKER_ARGUMENTS 12
#define SERVICE_ARGUMENT_ROOM    160
unsigned service_worker_arguments(const struct supervisor *supervisor, const char **ret_argv,
				  char ret_room[SERVICE_ARGUMENT_ROOM]);

/* command.c */
void command_take(struct supervisor *supervisor, struct link *link, const struct frame *frame, const char *payload);
/* Tells all that wait for the reload how it ended. */
void command_reload_over(struct supervisor *supervisor, bool done, const char *text);

/* trial.c */
/* A request and a sealed descriptor with a small message that holds the EICAR test file; -errno. */
int trial_open(struct request *ret_request, int *ret_fd);

#endif
