/*
 * unpack.h - messages taken apart by a worker of our own scanner, for engines that cannot do it themselves.
 *
 * The thin client never parses a message: a copy of it goes to a sandboxed worker, which has no engine and writes what it finds behind the message, and
 * comes back with a report that says where. Inside lib/engine; called by clamav.c.
 */
#ifndef CSAPI_ENGINE_UNPACK_H
#define CSAPI_ENGINE_UNPACK_H

#include "process/client.h"

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

struct unpack;

/* What came of one message. */
struct unpacked {
	uint32_t id;
	struct report report; /* settled, and never clean; the receiver's (report_free) */
	int fd;               /* the message and its parts, sealed; the receiver's; -1: there are none */
};

/* `options` as for client_open; borrowed until unpack_close. 0 or -ENOMEM. */
int unpack_open(const struct client_options *options, struct unpack **ret_unpack);
/* Room for one more? */
bool unpack_room(const struct unpack *unpack);
/* Hands one message over, with `extract` or `measure` in the request. `fd` stays the caller's. 0, or -errno: it could not be copied. */
int unpack_submit(struct unpack *unpack, uint32_t id, const struct request *request, int fd);
/* What has come: 0; -EAGAIN; -ENOENT: nothing is under way; -ENOMEM. */
int unpack_next(struct unpack *unpack, struct unpacked *ret_unpacked);
/* As client_poll: a descriptor to wait for (-1: none). */
int unpack_poll(const struct unpack *unpack, int64_t *ret_deadline);
/* NULL is allowed. */
void unpack_close(struct unpack *unpack);

#endif
