/*
 * http.h - one request to a server of which nothing good is expected, with a cap and a deadline for everything.
 *
 * The only door to libcurl. Refuses protocols other than http and https (file where the request says so), a way back from https to http,
 * more than HTTP_REDIRECTS_MAX redirects, and bodies longer than agreed. Called by database and feed.
 */
#ifndef CSAPI_FETCH_HTTP_H
#define CSAPI_FETCH_HTTP_H

#include "format/fetch_json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_REDIRECTS_MAX 5
/*
 * Slower than this over request_timeout is no progress. The slowest line that somebody may still update over, a modem, brings 50 times as
 * much; who drips a few bytes a second keeps a connection and not a file.
 */
#define HTTP_LOW_SPEED 100 /* bytes a second */
/* No mirror makes us wait longer, whatever it or a wrong clock says; and what 429 without a Retry-After means. */
#define HTTP_WAIT_MAX     (24 * 3600)
#define HTTP_WAIT_DEFAULT (4 * 3600)

struct http_request {
	const char *url;
	const char *user_agent;
	const char *header; /* "Name: value", not sent along to another host; NULL */
	const char *etag;   /* of the copy that is there; NULL */
	int64_t changed;    /* its Last-Modified, used without etag; 0 */
	bool secret;        /* the URL must not come up in texts */
	bool file;          /* a file:// URL and nothing else */
	uint64_t first; /* only so many bytes from the front (a range request, and no more is read than that); 0: all */
	uint64_t most;  /* bytes of body */
	/* Pieces of the body of an answer 2xx. 0, or -errno: stop, and give that back. */
	int (*body)(void *context, const void *data, size_t size);
	void *context;
};

enum http_end {
	HTTP_ANSWERED,  /* look at status; of 2xx the body came as far as it was asked for */
	HTTP_STOPPED,   /* body() said so: look at error */
	HTTP_TOO_LARGE, /* longer than `most` */
	HTTP_CUT,       /* the body ended too early */
	HTTP_FAILED,    /* no connection, no TLS, no answer, too slow, a redirect not to be followed */
};

struct http_answer {
	enum http_end end;
	int error;
	uint32_t status;  /* 0: none came, or a file */
	uint64_t total;   /* bytes of the whole thing, as announced; 0: unknown */
	uint64_t got;     /* bytes of body received */
	int64_t retry_at; /* asks to wait (429, 503 with Retry-After): until then, on the wall's clock; 0 */
	int64_t changed;  /* Last-Modified, or the file's time; 0 */
	bool html;        /* by its Content-Type */
	char etag[256];
	char text[256]; /* what is wrong, unless HTTP_ANSWERED */
};

/* Once, before anything else. 0 or -ENOMEM. */
int http_start(void);
void http_get(const struct fetch_job *job, const struct http_request *request, struct http_answer *ret_answer);
/* When an answer with `status` and the Retry-After `text` (NULL: none) allows another try; 0: it does not ask to wait. */
int64_t http_retry_at(uint32_t status, const char *text);

/* The host and port of job.proxy: "http://host" (with its scheme) and the port, 8080 where it names none. 0 or -ENOMEM. */
int http_proxy(const struct fetch_job *job, char **ret_server, uint16_t *ret_port);

#endif
