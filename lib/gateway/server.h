/*
 * server.h - accepts clients of clamd's protocol, and gives each a process of its own.
 *
 * So whatever a client sends or does not send costs its own process, which has its own rights. Called by cmd/csapi-clamd.c.
 */
#ifndef CSAPI_GATEWAY_SERVER_H
#define CSAPI_GATEWAY_SERVER_H

#include "base/why.h"
#include "gateway/session.h"

#include <stdbool.h>

/* Sockets that are listened on, and clients at once; more wait in the kernel's queue. */
#define SERVER_SOCKETS_MOST 8
#define SERVER_CLIENTS_MOST 200

struct server_options {
	struct session_options session; /* `local` is set for each client */
	int sockets[SERVER_SOCKETS_MOST];
	bool local[SERVER_SOCKETS_MOST]; /* a unix socket */
	unsigned count;
	int lifeline; /* its end is ours */
};

/* Serves until the lifeline ends or SIGTERM comes; the clients' processes end then. 0 or -errno with why. */
int server_run(const struct server_options *options, struct why *why);

#endif
