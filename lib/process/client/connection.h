/*
 * connection.h - the way to a scanner that runs: its socket, whether to trust who answers there, and the greeting.
 *
 * Called by client.c, command.c and limits.c.
 */
#ifndef CSAPI_PROCESS_CLIENT_CONNECTION_H
#define CSAPI_PROCESS_CLIENT_CONNECTION_H

#include "base/why.h"
#include "format/hello_json.h"
#include "process/channel.h"

/*
 * Connects to the scanner at `socket` (NULL: to the first of listener_candidates that answers) and greets it. One whose limits are
 * tighter than the set ones of `wanted` (NULL: none) is passed over. Waits for each place up to `patience_ms`. 0 with the channel
 * and the greeting (the caller's both); else -errno of the last place with why: -ENOENT, -ECONNREFUSED (none runs), -EACCES,
 * -ETIMEDOUT, -ECONNRESET, -EBADMSG (not our protocol), -EPERM (limits, or a stranger's process), -ENOMEM.
 */
int connection_find(const char *socket, const struct limits *wanted, int patience_ms, struct channel *ret_channel,
		    struct hello *ret_hello, struct why *why);
/* Waits until the channel has bytes or its end, or until the deadline, and receives. Bytes; 0: its end; -ETIMEDOUT or -errno. */
ssize_t connection_hear(struct channel *channel, int64_t deadline);

/*
 * Thousands may come at once, and each is served in its turn: a scanner that has not answered for this long, in milliseconds, is
 * stopped rather than busy.
 */
#define CONNECTION_MS 60000

#endif
