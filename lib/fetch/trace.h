/*
 * trace.h - what libfreshclam's requests were answered, read from the trace that libcurl writes of them.
 *
 * Its return code and its messages do not tell. The trace holds what a server sent: hostile input, of which only status, lengths and
 * Retry-After are taken. Called by call.
 */
#ifndef CSAPI_FETCH_TRACE_H
#define CSAPI_FETCH_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACE_LINE_MAX 1024u

struct trace {
	char line[TRACE_LINE_MAX]; /* the one that is not ended yet, cut */
	size_t size;

	/* the request at work, or the last one */
	char target[128]; /* "test-2.cdiff": the last part of its path */
	bool active;      /* between the request and the end of its connection */
	bool tunnel;      /* it was a CONNECT to a proxy */
	bool ranged;      /* it asks for the head of a file only */
	uint32_t status;  /* 0: none yet */
	uint64_t length;  /* announced bytes of body, 0: unknown */
	uint64_t missing; /* bytes of it that did not come */

	/* all of them */
	unsigned requests; /* without tunnels */
	unsigned answers;  /* with a status */
	uint64_t carried;  /* bytes of bodies that came as announced */
	bool whole;        /* a whole database was brought */
	uint32_t refused;  /* the last status from 400 on; 0 */
	char refused_target[128];
	int64_t retry_at; /* somebody asked to wait */
};

void trace_init(struct trace *ret_trace);
void trace_feed(struct trace *trace, const char *data, size_t size);
/* Is the request at work, or the last one, for a patch? */
bool trace_patch(const struct trace *trace);

#endif
