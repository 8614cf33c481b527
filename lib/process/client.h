/*
 * client.h - the client's side of a scanner: finds one that runs or starts one privately, hands it descriptors, gets reports.
 *
 * Links no parser of messages. Every submitted message gets exactly one report, whatever happens to the scanner: when it
 * dies or stays silent, the report says so with a scan code. Called by cmd/csapi-scan.c.
 */
#ifndef CSAPI_PROCESS_CLIENT_H
#define CSAPI_PROCESS_CLIENT_H

#include "base/why.h"
#include "verdict/report.h"
#include "verdict/request.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct client;

enum client_way {
	CLIENT_AUTO,     /* a scanner that runs, else a private one */
	CLIENT_RESIDENT, /* one that runs, or an error */
	CLIENT_PRIVATE,
};

struct client_options {
	enum client_way way;
	const char *socket;       /* path of the scanner that runs; NULL: where one is expected (listener_candidates) */
	const char *scanner_path; /* NULL: found beside the running program */
	const char *definitions;  /* directory; NULL: the scanner looks for a real set, then takes the shipped one */
	const char *passwords;    /* file that a private scanner reads; NULL: none */
	const char *file_base;    /* directory for temporary files; NULL: TMPDIR, then /tmp */
	bool alone; /* we are a guest in a program: a private scanner prints nowhere, and gets none of its descriptors */
	bool no_engine; /* a private scanner only takes messages apart (`measure`, `extract`) */
	/* 1..CLIENT_CONCURRENCY_MAX messages at once; 0: what keeps the workers busy of a scanner that runs, and the processors */
	unsigned max_concurrency;
	unsigned workers; /* of a private scanner, where max_concurrency leaves it open; 0: one for each processor */
	/* On the clock of clock_now(): nobody is waited for any longer, be it to connect, to greet or to take a message; 0: as long as it takes */
	int64_t deadline;
	uint64_t max_age; /* seconds: what older definitions scanned is never clean (age_demand); 0: any will do */
	struct limits
		limits; /* the `set` ones become limits of a private scanner; one that runs only lets itself be tightened */
	/* Likewise, but nobody insists on them: a scanner that runs and is tighter is asked all the same, within its own. */
	struct limits usual;
};
#define CLIENT_CONCURRENCY_MAX 256u

/*
 * Greets a scanner that runs (see connection.h: it may take CONNECTION_MS to answer). CLIENT_AUTO starts a private one where none
 * answers, or where its limits are tighter than the set ones. The scanner loads its definitions meanwhile; nothing here waits
 * for that. When there is no scanner the client is made all the same, and each message gets a report with the code
 * (GEN_RESULT_SCANNER_NOT_INITIALIZED). The texts of the options are borrowed until client_close. -ENOMEM only.
 *
 * What a scanner that runs has not answered when it is lost is given to it once more where it can be reached again; then
 * CLIENT_AUTO gives it to a private one. No message is answered twice. A scanner is lost when its connection ends and when it
 * is silent for 15 seconds (a minute before it is ready) while it owes an answer; it says FRAME_WAIT every 5 seconds. The
 * deadlines of messages are the scanner's to keep.
 */
int client_open(const struct client_options *options, struct client **ret_client);
/*
 * Hands one message over, while there is room (assert). `fd` is any readable descriptor that can be read with pread (a regular
 * file or memfd); it stays the caller's and may be closed at once. `id` is the caller's own, and comes back with the report. 0
 * or -ENOMEM; every other trouble arrives as a report.
 */
int client_submit(struct client *client, uint32_t id, const struct request *request, int fd);
/*
 * Waits for the next report, in the order of completion. 0 with the report (the caller frees it); -EAGAIN after
 * `timeout_ms` (-1: wait; 0: what has come); -ENOENT when nothing is outstanding; -ENOMEM.
 */
int client_next(struct client *client, int timeout_ms, uint32_t *ret_id, struct report *ret_report);
/* Another deadline than that of the options, for what begins from now on; 0: none. */
void client_deadline(struct client *client, int64_t deadline);
unsigned client_outstanding(const struct client *client);
/*
 * Messages that may be submitted now. With max_concurrency from the caller no more are outstanding at a scanner that runs; otherwise up
 * to twice as many as are scanned at once, so that no worker waits for us.
 */
unsigned client_room(const struct client *client);
/* What to wait for beside other things: a descriptor to read from (-1: none), and when client_next wants to be called in any case. */
int client_poll(const struct client *client, int64_t *ret_deadline);
/* Has the scanner finished loading its definitions (or failed to)? For a progress display. */
bool client_ready(const struct client *client);
/*
 * What the scanner says of itself when it is ready: engine and definitions. Waits for that up to `timeout_ms`. Borrowed until the next call; NULL: there is no
 * scanner, or it is not ready.
 */
const struct facts *client_facts(struct client *client, int timeout_ms);
/* Is it a private scanner that we talk to? */
bool client_private(const struct client *client);
/* Ends the private scanner and all below it, and waits for it (at most a second or so). NULL is allowed. */
void client_close(struct client *client);

/*
 * A report about a message that never reached a scanner: an input that cannot be read, bad use. Settled, with part 0 only.
 * `text` says what and may be NULL.
 */
int client_report(enum scan_code code, const char *text, struct report *ret_report);

/*
 * Asks a scanner that runs for the limits that requests may only tighten, without submitting anything. `socket` NULL: where one is
 * expected. 0 with the limits (`set`: told) and the path of its socket (caller frees); -ENOENT or -ECONNREFUSED: none runs; else as
 * client_command, with why. Waits up to `timeout_ms` for each place.
 */
int client_limits(const char *socket, int timeout_ms, struct limits *ret_limits, char **ret_socket, struct why *why);

#define CLIENT_ANSWER_MS 10000 /* patience for a command that never waits for a scan */
/* For "reload": longer than the scanner itself takes to give one up: loading, and the trial, after another reload that runs. */
#define CLIENT_RELOAD_MS (30 * 60 * 1000)

/*
 * Sends one command (a word of FRAME_COMMAND) to the scanner that runs and waits for the answer. `socket` NULL: where one is expected. 0
 * with the document (caller frees); -ENOENT or -ECONNREFUSED: none runs there; -EPERM: not for this user; -ETIMEDOUT; -ECONNRESET: it
 * ended before it answered; -EBADMSG; with why. `timeout_ms` -1: as long as it takes, and for "stop" until the scanner is gone.
 */
int client_command(const char *socket, const char *command, int timeout_ms, char **ret_text, struct why *why);
/* The same, and -ECANCELED soon after *stop became true, as a signal's handler sets it. */
int client_command_until(const char *socket, const char *command, int timeout_ms, const volatile sig_atomic_t *stop,
			 char **ret_text, struct why *why);

#endif
