/*
 * gateway.h - the sockets on which the scanner speaks clamd's protocol, where the settings want that.
 *
 * Called by serve.c.
 */
#ifndef CSAPI_CMD_SCANNER_GATEWAY_H
#define CSAPI_CMD_SCANNER_GATEWAY_H

#include "base/why.h"
#include "process/listener.h"
#include "process/supervisor.h"
#include "settings.h"

struct gateway_sockets {
	struct listener local; /* count 0: none */
	int network;           /* -1: none */
	char *program;         /* owned */
	struct gateway_options options;
};

/*
 * Listens. `scanner` is the path of the scanner's own socket, NULL where it has none; borrowed. 1: the options are filled in; 0: clamd's protocol is not
 * wanted; -errno with why. gateway_close in any case.
 */
int gateway_open(const struct scanner_settings *settings, const char *scanner, struct gateway_sockets *ret_sockets,
		 struct why *why);
void gateway_close(struct gateway_sockets *sockets);

#endif
