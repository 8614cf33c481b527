/*
 * session.h - one message over one connection to a clamd, or a question whether it lives; nothing here ever blocks.
 *
 * PING and VERSION go before the message in one session, so that a clamd that hangs is told from one that scans. The message goes as a stream
 * (INSTREAM) over unix sockets too: there clamd says loudly what exceeds its StreamMaxLength, whereas of a descriptor that is larger than its
 * MaxFileSize it says "OK" and has not seen it. Called by clamd.c.
 */
#ifndef CSAPI_CLAMD_SESSION_H
#define CSAPI_CLAMD_SESSION_H

#include "base/buffer.h"
#include "base/why.h"
#include "clamd/address.h"
#include "clamd/reply.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

enum session_state {
	SESSION_CONNECTING,
	SESSION_TALKING,
	SESSION_ANSWERED, /* reply tells */
	SESSION_FAILED,   /* why tells */
};

struct session {
	enum session_state state;
	int fd;      /* owned; -1: none */
	int message; /* borrowed; -1: only the question */
	const struct address *address;
	unsigned next_socket;       /* of the address, to be tried when this one refuses */
	uint64_t begin, end;        /* of the message in its file; `end` may lie behind the file's */
	uint64_t offset;            /* of the next byte to send */
	bool unreadable;            /* it failed on our side: no other clamd would do better */
	bool all_sent, send_broken; /* the other side takes no more: what it has said is still to be read */
	bool pong;
	struct buffer in, out;
	struct clamd_reply reply;
	char version[REPLY_NAME_MAX]; /* "" until it is told */
	struct why why;
};

/*
 * Begins; it may have failed at once. Sends the bytes from `begin` to `end` of the file `message`, UINT64_MAX: to its end. A file that is shorter fails. Both it and `address` are borrowed
 * until session_close.
 */
void session_open(struct session *ret_session, const struct address *address, int message, uint64_t begin,
		  uint64_t end);
/* What to wait for. */
struct pollfd session_poll(const struct session *session);
/* Does what can be done now without waiting. */
void session_run(struct session *session);
/* Has the other side been sent the whole message? */
bool session_whole(const struct session *session);
void session_close(struct session *session);

#endif
