/*
 * client.h - the client's side of a scanner: starts one privately, hands it descriptors, gets reports.
 *
 * Links no parser of messages. Every submitted message gets exactly one report, whatever happens to the scanner: when it
 * dies or stays silent, the report says so with a scan code. Called by cmd/csapi-scan.c.
 */
#ifndef CSAPI_PROCESS_CLIENT_H
#define CSAPI_PROCESS_CLIENT_H

#include "base/why.h"
#include "verdict/report.h"
#include "verdict/request.h"

#include <stdbool.h>
#include <stdint.h>

struct client;

struct client_options {
	const char *scanner_path; /* NULL: found beside the running program */
	const char *definitions;  /* directory; NULL: the scanner looks for a real set, then takes the shipped one */
	const char *file_base;    /* directory for temporary files; NULL: TMPDIR, then /tmp */
	unsigned max_concurrency; /* 1..CLIENT_CONCURRENCY_MAX messages at once */
	struct limits limits;     /* the `set` ones become limits of the private scanner */
};
#define CLIENT_CONCURRENCY_MAX 256u

/*
 * Starts a private scanner and greets it. The scanner loads its definitions meanwhile; nothing here waits for that. When no
 * scanner can be started the client is made all the same, and each message gets a report with the code
 * (GEN_RESULT_SCANNER_NOT_INITIALIZED). -ENOMEM only.
 */
int client_open(const struct client_options *options, struct client **ret_client);
/*
 * Hands one message over. `fd` is any readable descriptor that can be read with pread (a regular file or memfd); it stays the caller's
 * and may be closed at once. `id` is the caller's own, and comes back with the report. No more than max_concurrency
 * messages may be outstanding (assert). 0 or -ENOMEM; every other trouble arrives as a report.
 */
int client_submit(struct client *client, uint32_t id, const struct request *request, int fd);
/*
 * Waits for the next report, in the order of completion. 0 with the report (the caller frees it); -EAGAIN after
 * `timeout_ms` (-1: wait); -ENOENT when nothing is outstanding; -ENOMEM.
 */
int client_next(struct client *client, int timeout_ms, uint32_t *ret_id, struct report *ret_report);
unsigned client_outstanding(const struct client *client);
/* Has the scanner finished loading its definitions (or failed to)? For a progress display. */
bool client_ready(const struct client *client);
/* Ends the private scanner and all below it, and waits for it (at most a second or so). NULL is allowed. */
void client_close(struct client *client);

/*
 * A report about a message that never reached a scanner: an input that cannot be read, bad use. Settled, with part 0 only.
 * `text` says what and may be NULL.
 */
int client_report(enum scan_code code, const char *text, struct report *ret_report);

#endif
