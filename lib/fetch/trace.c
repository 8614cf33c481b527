/*
 * trace.c - libcurl's trace, line by line; see trace.h.
 *
 * "> " begins a request, whose other headers follow without a mark; "< " stands before each header of the answer, "* " before what libcurl
 * itself has to say.
 */
#include "fetch/trace.h"

#include "fetch/http.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void trace_init(struct trace *ret_trace)
{
	*ret_trace = (struct trace){0};
}

static bool begins(const char *line, const char *with, const char **ret_rest)
{
	size_t length = strlen(with);
	*ret_rest = line + length;
	return strncasecmp(line, with, length) == 0;
}

bool trace_patch(const struct trace *trace)
{
	const char *dot = strrchr(trace->target, '.');
	return dot && strcmp(dot, ".cdiff") == 0;
}

/* The connection is gone, however it went. */
static void end_request(struct trace *trace)
{
	if (!trace->active || trace->tunnel)
		return;
	trace->active = false;
	bool good = trace->status >= 200 && trace->status <= 299;
	if (good && trace->length > trace->missing)
		trace->carried += trace->length - trace->missing;
	if (good && !trace->missing && !trace->ranged && !trace_patch(trace))
		trace->whole = true;
}

static void request(struct trace *trace, const char *target, bool tunnel)
{
	end_request(trace);
	trace->active = true;
	trace->tunnel = tunnel;
	trace->ranged = false;
	trace->status = 0;
	trace->length = trace->missing = 0;
	trace->requests += !tunnel;
	/* The last part of the path, without what follows a question mark or the protocol's name. */
	size_t length = strcspn(target, " ?");
	const char *slash = memrchr(target, '/', length);
	const char *from = slash ? slash + 1 : target;
	(void)snprintf(trace->target, sizeof trace->target, "%.*s", (int)(target + length - from), from);
}

static void status(struct trace *trace, const char *version)
{
	unsigned long number = strtoul(version + strcspn(version, " "), NULL, 10);
	if (number < 200 || number > 999)
		return;
	trace->status = (uint32_t)number;
	trace->answers += !trace->tunnel || number > 299;
	if (number < 400)
		return;
	trace->refused = trace->status;
	(void)snprintf(trace->refused_target, sizeof trace->refused_target, "%s", trace->tunnel ? "" : trace->target);
	/* Without the header; with it a line comes that knows better. */
	int64_t retry_at = http_retry_at(trace->status, NULL);
	if (retry_at > trace->retry_at)
		trace->retry_at = retry_at;
}

static void line(struct trace *trace, const char *text)
{
	const char *rest;
	if (begins(text, "> CONNECT ", &rest))
		request(trace, rest, true);
	else if (begins(text, "> GET ", &rest))
		request(trace, rest, false);
	else if (begins(text, "Range: ", &rest))
		trace->ranged = true;
	else if (begins(text, "< HTTP/", &rest))
		status(trace, rest);
	else if (begins(text, "< Content-Length: ", &rest))
		trace->length = isdigit((unsigned char)*rest) ? strtoull(rest, NULL, 10) : 0;
	else if (begins(text, "< Retry-After: ", &rest) && http_retry_at(trace->status, rest))
		trace->retry_at = http_retry_at(trace->status, rest);
	else if (begins(text, "* transfer closed with ", &rest))
		trace->missing = isdigit((unsigned char)*rest) ? strtoull(rest, NULL, 10) : 0;
	else if (begins(text, "* Closing connection", &rest) ||
		 (begins(text, "* Connection #", &rest) && strstr(rest, "left intact")))
		end_request(trace);
}

void trace_feed(struct trace *trace, const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (data[i] == '\n') {
			trace->line[trace->size] = '\0';
			line(trace, trace->line);
			trace->size = 0;
		} else if (trace->size < sizeof trace->line - 1 && data[i] && data[i] != '\r') {
			trace->line[trace->size++] = data[i];
		}
	}
}
