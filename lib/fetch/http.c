/*
 * http.c - requests by libcurl; see http.h.
 */
#include "fetch/http.h"

#include "base/clock.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* Of an answer that is no 2xx; nobody reads them, but a connection ends better when they are taken. */
#define ERROR_BODY_MAX 65536u
#define PROXY_PORT     8080

struct transfer {
	const struct http_request *request;
	struct http_answer *answer;
	CURL *curl;
	uint64_t ignored; /* bytes of an error page */
	bool enough, large;
};

int http_start(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -ENOMEM;
}

int64_t http_retry_at(uint32_t status, const char *text)
{
	int64_t now = clock_wall(), seconds = 0;
	if (status != 429 && status != 503)
		return 0;
	if (text) {
		char *end;
		errno = 0;
		seconds = strtoll(text, &end, 10);
		if (end == text || errno)
			seconds = (int64_t)curl_getdate(text, NULL) - now;
	}
	if (seconds <= 0)
		return status == 429 ? now + HTTP_WAIT_DEFAULT : 0;
	return now + (seconds < HTTP_WAIT_MAX ? seconds : HTTP_WAIT_MAX);
}

int http_proxy(const struct fetch_job *job, char **ret_server, uint16_t *ret_port)
{
	CURLU *url = curl_url();
	char *scheme = NULL, *host = NULL, *port = NULL;
	int error = url ? 0 : -ENOMEM;
	if (!error && (curl_url_set(url, CURLUPART_URL, job->proxy, CURLU_DEFAULT_SCHEME | CURLU_NON_SUPPORT_SCHEME) ||
		       curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) || curl_url_get(url, CURLUPART_HOST, &host, 0)))
		error = -EINVAL;
	if (!error && curl_url_get(url, CURLUPART_PORT, &port, 0))
		port = NULL;
	*ret_port = port ? (uint16_t)strtoul(port, NULL, 10) : PROXY_PORT;
	if (!error && asprintf(ret_server, "%s://%s", scheme, host) < 0)
		error = -ENOMEM;
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(url);
	return error;
}

static uint32_t status_of(CURL *curl)
{
	long status = 0;
	(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	return status > 0 ? (uint32_t)status : 0;
}

/* libcurl's callback for the body: what it returns less than it was given ends the transfer. */
static size_t take_body(char *data, size_t one, size_t size, void *context)
{
	struct transfer *transfer = context;
	const struct http_request *request = transfer->request;
	struct http_answer *answer = transfer->answer;
	uint32_t status = status_of(transfer->curl);
	(void)one;
	if (!request->file && (status < 200 || status > 299)) {
		transfer->ignored += size;
		transfer->enough = transfer->ignored > ERROR_BODY_MAX;
		return transfer->enough ? 0 : size;
	}
	size_t wanted = size;
	if (request->first && answer->got + wanted > request->first)
		wanted = (size_t)(request->first - answer->got);
	else if (answer->got + size > request->most) {
		transfer->large = true;
		return 0;
	}
	curl_off_t length = -1;
	/* For who shows how far it is; what counts is looked at in the end. */
	if (!answer->got && !curl_easy_getinfo(transfer->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length) &&
	    length > 0)
		answer->total = (uint64_t)length;
	answer->got += wanted;
	answer->error = wanted ? request->body(request->context, data, wanted) : 0;
	transfer->enough = request->first && answer->got >= request->first;
	return answer->error || transfer->enough ? 0 : size;
}

/* Returns false when there is no memory. */
static bool add_header(struct curl_slist **list, const char *text)
{
	struct curl_slist *longer = curl_slist_append(*list, text);
	if (longer)
		*list = longer;
	return longer != NULL;
}

static bool conditional_headers(const struct http_request *request, struct curl_slist **list)
{
	char text[512];
	if (request->etag) {
		(void)snprintf(text, sizeof text, "If-None-Match: %s", request->etag);
		return add_header(list, text);
	}
	if (request->changed > 0) {
		time_t changed = (time_t)request->changed;
		struct tm parts;
		if (!gmtime_r(&changed, &parts) ||
		    !strftime(text, sizeof text, "If-Modified-Since: %a, %d %b %Y %H:%M:%S GMT", &parts))
			return true;
		return add_header(list, text);
	}
	return true;
}

/* NULL with *ret_good false: no memory. */
static struct curl_slist *headers_of(const struct http_request *request, bool elsewhere, bool *ret_good)
{
	struct curl_slist *list = NULL;
	*ret_good = conditional_headers(request, &list);
	if (request->header && !elsewhere)
		*ret_good = *ret_good && add_header(&list, request->header);
	return list;
}

static int set_proxy(CURL *curl, const struct fetch_job *job)
{
	char *server = NULL;
	uint16_t port;
	if (!job->proxy)
		return 0;
	int error = http_proxy(job, &server, &port);
	if (!error &&
	    (curl_easy_setopt(curl, CURLOPT_PROXY, server) || curl_easy_setopt(curl, CURLOPT_PROXYPORT, (long)port) ||
	     (job->proxy_user && curl_easy_setopt(curl, CURLOPT_PROXYUSERNAME, job->proxy_user)) ||
	     (job->proxy_password && curl_easy_setopt(curl, CURLOPT_PROXYPASSWORD, job->proxy_password))))
		error = -ENOMEM;
	free(server);
	return error;
}

static int set_waits(CURL *curl, const struct fetch_job *job, const struct http_request *request)
{
	/* The head of a file comes at once or not at all. */
	long most = request->first ? (long)job->connect_timeout + (long)job->request_timeout : 0;
	return curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) ||
			       curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)job->connect_timeout) ||
			       curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)job->request_timeout) ||
			       curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)HTTP_LOW_SPEED) ||
			       curl_easy_setopt(curl, CURLOPT_TIMEOUT, most)
		       ? -ENOMEM
		       : 0;
}

static int set_request(CURL *curl, const struct http_request *request, const char *url)
{
	/* Where https has brought us, http must not lead away. */
	const char *protocols = request->file                                          ? "file"
				: strncasecmp(url, "https:", sizeof "https:" - 1) == 0 ? "https"
										       : "http";
	const char *bundle = getenv("CURL_CA_BUNDLE");
	char range[64];
	(void)snprintf(range, sizeof range, "0-%llu", (unsigned long long)request->first - 1);
	return curl_easy_setopt(curl, CURLOPT_URL, url) || curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocols) ||
			       curl_easy_setopt(curl, CURLOPT_USERAGENT, request->user_agent) ||
			       curl_easy_setopt(curl, CURLOPT_FILETIME, 1L) ||
			       (request->first && curl_easy_setopt(curl, CURLOPT_RANGE, range)) ||
			       (bundle && curl_easy_setopt(curl, CURLOPT_CAINFO, bundle)) ||
			       /* With a range the announced length is that of the piece, or of what we stop reading. */
			       (!request->first &&
				curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)request->most))
		       ? -ENOMEM
		       : 0;
}

static const char *header_of(CURL *curl, const char *name)
{
	struct curl_header *header;
	return curl_easy_header(curl, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK ? header->value : NULL;
}

static void note_answer(CURL *curl, const struct http_request *request, struct http_answer *answer)
{
	curl_off_t length = -1, changed = -1;
	const char *range = header_of(curl, "Content-Range"), *etag = header_of(curl, "ETag");
	const char *type = header_of(curl, "Content-Type");
	(void)curl_easy_getinfo(curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	(void)curl_easy_getinfo(curl, CURLINFO_FILETIME_T, &changed);
	answer->status = request->file ? 0 : status_of(curl);
	answer->changed = changed > 0 ? (int64_t)changed : 0;
	answer->html = type && strncasecmp(type, "text/html", sizeof "text/html" - 1) == 0;
	answer->retry_at = http_retry_at(answer->status, header_of(curl, "Retry-After"));
	/* A tag that does not fit could not be given back whole. */
	if (etag && strlen(etag) < sizeof answer->etag)
		(void)snprintf(answer->etag, sizeof answer->etag, "%s", etag);
	const char *of = answer->status == 206 && range ? strrchr(range, '/') : NULL;
	if (of)
		answer->total = strtoull(of + 1, NULL, 10);
	else
		answer->total = answer->status != 206 && length > 0 ? (uint64_t)length : 0;
	if (answer->total > INT64_MAX)
		answer->total = 0;
}

static void judge(const struct transfer *transfer, CURLcode code, const char *detail)
{
	struct http_answer *answer = transfer->answer;
	if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && transfer->enough && !answer->error)) {
		answer->end = HTTP_ANSWERED;
		return;
	}
	/* The long text names hosts, which a URL with a key in it may have one of. */
	const char *text = *detail && !transfer->request->secret ? detail : curl_easy_strerror(code);
	if (transfer->large || code == CURLE_FILESIZE_EXCEEDED)
		answer->end = HTTP_TOO_LARGE;
	else if (answer->error)
		answer->end = HTTP_STOPPED;
	else if (code == CURLE_PARTIAL_FILE || (answer->got && code == CURLE_RECV_ERROR))
		answer->end = HTTP_CUT;
	else
		answer->end = HTTP_FAILED;
	(void)snprintf(answer->text, sizeof answer->text, "%.*s", (int)strcspn(text, "\r\n"), text);
}

/* One exchange. *ret_next: where to go on, for the caller to free; NULL: this was the end. 0 or -ENOMEM and the like. */
static int exchange(const struct fetch_job *job, const struct http_request *request, const char *url, bool elsewhere,
		    struct http_answer *answer, char **ret_next)
{
	char detail[CURL_ERROR_SIZE] = "";
	bool good;
	CURL *curl = curl_easy_init();
	struct curl_slist *headers = headers_of(request, elsewhere, &good);
	struct transfer transfer = {.request = request, .answer = answer, .curl = curl};
	*ret_next = NULL;
	int error = curl && good ? 0 : -ENOMEM;
	error = error ? error : set_proxy(curl, job);
	error = error ? error : set_waits(curl, job, request);
	error = error ? error : set_request(curl, request, url);
	if (!error && (curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) ||
		       curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) ||
		       curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer) ||
		       curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail)))
		error = -ENOMEM;
	if (!error) {
		char *next = NULL;
		judge(&transfer, curl_easy_perform(curl), detail);
		note_answer(curl, request, answer);
		(void)curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &next);
		*ret_next = next && answer->status >= 300 && answer->status <= 399 ? strdup(next) : NULL;
	}
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	return error;
}

/* Scheme, host and port: as far as the third slash. */
static bool same_host(const char *one, const char *other)
{
	const char *host = strstr(one, "://");
	size_t length = host ? (size_t)(host - one) + 3 + strcspn(host + 3, "/?#") : 0;
	return length && strncasecmp(one, other, length) == 0 &&
	       (other[length] == '\0' || strchr("/?#", other[length]));
}

static bool may_lead(const char *from, const char *to)
{
	bool secure = strncasecmp(to, "https://", 8) == 0;
	return secure || (strncasecmp(to, "http://", 7) == 0 && strncasecmp(from, "https://", 8) != 0);
}

static void fail(struct http_answer *answer, const char *text)
{
	*answer = (struct http_answer){.end = HTTP_FAILED, .status = answer->status};
	(void)snprintf(answer->text, sizeof answer->text, "%s", text);
}

/* Where to go on, for the caller to free; NULL: nowhere, and the answer says why. */
static char *follow(const char *from, char *take_to, unsigned turn, struct http_answer *answer)
{
	if (turn < HTTP_REDIRECTS_MAX && may_lead(from, take_to))
		return take_to;
	fail(answer, turn < HTTP_REDIRECTS_MAX ? "redirects to where no file may come from" : "too many redirects");
	free(take_to);
	return NULL;
}

void http_get(const struct fetch_job *job, const struct http_request *request, struct http_answer *ret_answer)
{
	char *url = strdup(request->url), *next = NULL;
	bool elsewhere = false;
	*ret_answer = (struct http_answer){0};
	fail(ret_answer, "no memory");
	for (unsigned turn = 0; url; turn++) {
		*ret_answer = (struct http_answer){.end = HTTP_FAILED};
		if (exchange(job, request, url, elsewhere, ret_answer, &next))
			fail(ret_answer, "the request cannot be made");
		if (next)
			next = follow(url, next, turn, ret_answer);
		/* Once the key was left out it stays so. */
		elsewhere = elsewhere || (next && !same_host(url, next));
		free(url);
		url = next;
	}
}
