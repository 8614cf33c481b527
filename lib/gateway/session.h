/*
 * session.h - one client of clamd's protocol, from its first byte to its last, in a process of its own.
 *
 * What it reads are commands and the bytes of messages, of which it understands none. A path is opened with the rights of whoever asks, or not at all.
 * Called by server.c, in a child.
 */
#ifndef CSAPI_GATEWAY_SESSION_H
#define CSAPI_GATEWAY_SESSION_H

#include "base/why.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What clamd has for StreamMaxLength when nobody sets it, in bytes. */
#define SESSION_STREAM_DEFAULT (100u << 20)

struct session_options {
	const char *scanner;         /* path of the scanner's socket */
	uint64_t stream_most;        /* bytes of a stream; more are answered with an error */
	uint64_t max_age;            /* seconds: what older definitions scanned is never clean; 0: any will do */
	bool paranoid, part_by_part; /* as in a request */
	/* Bytes of messages that each client's process holds in memory, shared by all; and which of them is ours. */
	_Atomic uint64_t *held;
	unsigned held_count, place;
	bool local; /* a unix socket: there is somebody whose rights are known */
	bool drop;  /* root only: who came by a network is served as: */
	uid_t user;
	gid_t group;
};

/* Bytes that all clients' messages may take in memory together: ten of the largest by INSTREAM. Who finds no room waits for a while. */
#define SESSION_HELD_MOST ((uint64_t)1 << 30)

/* Serves `fd` until its end; takes it over. Exit status of the process. */
int session_run(int take_fd, const struct session_options *options);

#endif
