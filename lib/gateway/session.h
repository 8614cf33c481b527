/*
 * session.h - one client of clamd's protocol, from its first byte to its last, in a process of its own.
 *
 * What it reads are commands and the bytes of messages, of which it understands none. A path is opened with the rights of whoever asks, or not at all.
 * Called by server.c, in a child.
 */
#ifndef CSAPI_GATEWAY_SESSION_H
#define CSAPI_GATEWAY_SESSION_H

#include "base/why.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What clamd has for StreamMaxLength when nobody sets it, in bytes. */
#define SESSION_STREAM_DEFAULT (100u << 20)

struct session_options {
	const char *scanner;  /* path of the scanner's socket */
	uint64_t stream_most; /* bytes of a stream; more are answered with an error */
	bool local;           /* a unix socket: there is somebody whose rights are known */
	bool drop;            /* root only: who came by a network is served as: */
	uid_t user;
	gid_t group;
};

/* Serves `fd` until its end; takes it over. Exit status of the process. */
int session_run(int take_fd, const struct session_options *options);

#endif
