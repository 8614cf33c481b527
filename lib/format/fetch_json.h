/*
 * fetch_json.h - the conversation with csapi-fetch, the one program that talks to the network: a job, then events.
 *
 * One JSON document a line, over a stream socket: one job to it; progress, messages and one result for each database and
 * feed from it; then "done". Called by update and by cmd/csapi-fetch.c. Keys and passwords travel here and not on a command line.
 */
#ifndef CSAPI_FORMAT_FETCH_JSON_H
#define CSAPI_FORMAT_FETCH_JSON_H

#include "verdict/update.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FETCH_LINE_MAX    (1u << 20) /* bytes of one line */
#define FETCH_SOURCES_MAX 64u        /* mirrors, databases, feeds: each at most */
#define FETCH_URL_MAX     2048u
#define FETCH_BASE_MAX    32u /* name of a database with its NUL */

struct fetch_feed {
	char *name;      /* of the feed, for people and results */
	char *url;       /* with the key in it, where it has one: never shown */
	char *shown;     /* the same as people may see it */
	char *file;      /* what it is kept as: a good definition name */
	char *header;    /* "Name: value" to send along, or NULL; never shown */
	bool licensed;   /* 401, 402 and 403 mean that the key is refused */
	char *etag;      /* of the copy that is there, or NULL */
	int64_t changed; /* Last-Modified of that copy, or 0 */
};

struct fetch_job {
	char *directory;                   /* absolute; holds what is there already (links), and gets what is fetched */
	char *temporary;                   /* absolute, empty, on the same filesystem */
	char **mirrors;                    /* URLs, in the order in which they are tried; NULL-terminated */
	bool *cooling;                     /* beside each mirror: it asked to wait, and must be left alone */
	bool private;                      /* they are private mirrors: other rules, no DNS */
	char *dns;                         /* where versions of the official databases are told, or NULL */
	char **databases;                  /* "main", "daily", "bytecode"; NULL-terminated */
	bool incremental;                  /* try patches first */
	bool check_only;                   /* tell what there is and fetch nothing */
	char *proxy;                       /* URL with host and port, or NULL */
	char *proxy_user, *proxy_password; /* or NULL */
	char *user_agent;                  /* or NULL; official mirrors only know ClamAV's */
	char *local_address;               /* or NULL */
	uint32_t connect_timeout;          /* seconds */
	uint32_t request_timeout;          /* seconds without progress */
	uint32_t attempts;                 /* for each mirror, >= 1 */
	uint64_t max_size;                 /* bytes of one file */
	uint64_t *refused;                 /* beside each database: a version that must not be fetched again, or 0 */
	struct fetch_feed *feeds;
	uint32_t feed_count;
};

enum fetch_event_kind { FETCH_PROGRESS, FETCH_MESSAGE, FETCH_RESULT, FETCH_DONE, FETCH_EVENT_COUNT };
enum fetch_level { FETCH_ERROR, FETCH_WARNING, FETCH_INFO, FETCH_DEBUG };
enum fetch_method { FETCH_NONE, FETCH_INCREMENTAL, FETCH_WHOLE, FETCH_METHOD_COUNT };

struct fetch_event {
	enum fetch_event_kind kind;
	bool feed;                      /* name is a feed's, else a database's */
	char name[DEFINITION_NAME_MAX]; /* "" with FETCH_MESSAGE about nothing in particular */

	/* FETCH_PROGRESS: bytes; total 0: unknown. FETCH_RESULT: what was carried over the network, and what it would take with check_only. */
	uint64_t got, total;

	/* FETCH_MESSAGE. One about a mirror that asks to wait has mirror, mirror_number and retry_at, whatever the result will be. */
	enum fetch_level level;

	/* FETCH_RESULT: one of UPDATED, AVAILABLE (check_only), CURRENT, PARTIAL (newer, and not the newest), RATE_LIMITED,
	 * UNREACHABLE, REJECTED, NO_SPACE, FAILED. What is in the directory is whole or the old one, but not verified. */
	enum update_outcome outcome;
	enum scan_code code; /* LIC_...: the key is missing or refused; else SCAN_CODE_NONE */
	enum fetch_method method;
	uint32_t before, after, remote; /* versions; 0: none, unknown */
	uint32_t http;                  /* the last status that mattered; 0: none came */
	int64_t retry_at;               /* RATE_LIMITED: when to try again, on the wall's clock; 0: not said */
	int64_t changed;                /* feeds: Last-Modified, or 0 */
	char etag[256];                 /* feeds, or "" */
	char mirror[FETCH_URL_MAX];     /* who answered, or was asked last; as people may see it */
	uint32_t mirror_number;         /* its place in job.mirrors, from 1; 0: none of them */

	char text[512]; /* FETCH_MESSAGE and FETCH_RESULT: one line for people, without keys */
};

void fetch_job_free(struct fetch_job *job);
/* How many there are in the list. */
uint32_t fetch_job_mirrors(const struct fetch_job *job);
uint32_t fetch_job_databases(const struct fetch_job *job);
/* One line without its newline; caller frees; NULL: no memory. */
char *fetch_json_job(const struct fetch_job *job);
/* 0 (fetch_job_free it), -EBADMSG (also: a relative directory, a name with a slash, a figure out of its range), -ENOMEM. */
int fetch_json_job_decode(const char *text, size_t size, struct fetch_job *ret_job);
char *fetch_json_event(const struct fetch_event *event);
/* 0 or -EBADMSG. */
int fetch_json_event_decode(const char *text, size_t size, struct fetch_event *ret_event);

#endif
