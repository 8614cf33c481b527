/*
 * clamd.h - one clamd or several that share the work: messages in, one answer for each out, whatever happens to any of them.
 *
 * A message goes to the healthy address with the fewest under way. One that refuses, hangs or breaks off is left alone until it answers a PING again,
 * and its messages go to the others within their own time; they are sealed files, so sending one twice does no harm. Nothing here blocks but clamd_open,
 * which looks names up. Called by lib/engine.
 */
#ifndef CSAPI_CLAMD_CLAMD_H
#define CSAPI_CLAMD_CLAMD_H

#include "base/why.h"
#include "verdict/scan_code.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clamd;

#define CLAMD_ADDRESSES_MAX 32u
/* Messages under way in all. */
#define CLAMD_CONCURRENCY_MAX 256u

struct clamd_options {
	char *const *addresses;   /* as address.h takes them, NULL-terminated; borrowed until clamd_close */
	int64_t timeout_ms;       /* for the answer to one message, all tries together */
	unsigned max_concurrency; /* messages under way; 0: CLAMD_EACH for each address */
};
/* clamd has 10 threads where nothing else is configured (clamd.conf(5), MaxThreads). */
#define CLAMD_EACH 10u

struct clamd_answer {
	uint32_t id;
	enum ec_av_status status;
	enum scan_code scan_code; /* ours for the same; SCAN_CODE_NONE: there is none */
	char *info; /* virus name, name of a limit or of encryption, or what was in the way; "" when clean; owned like all texts here */
	char *code;        /* "OK", "Empty file", the name of the signature; NULL: no answer of that kind */
	bool official;     /* of a virus: the signature is from a signed set */
	char *address;     /* of who answered; NULL: nobody */
	char *version;     /* as clamd says it, "ClamAV 1.4.6/27000/..."; NULL: not told */
	uint64_t size;     /* bytes sent */
	uint64_t ms;       /* from its submission */
	unsigned attempts; /* connections that were made for it */
};

/* 0; -EINVAL or -EHOSTUNREACH with why (an address that is none; a name that nobody knows); -ENOMEM. */
int clamd_open(const struct clamd_options *options, struct clamd **ret_clamd, struct why *why);
/*
 * Hands one message over, while there is room (assert): the bytes of the file `fd` from `begin` to `end` (UINT64_MAX: its end), read with pread. It stays the caller's
 * and may be closed at once. 0 or -ENOMEM.
 */
int clamd_submit(struct clamd *clamd, uint32_t id, int fd, uint64_t begin, uint64_t end);
/* Waits for the next answer: 0 (clamd_answer_free it), -EAGAIN after `timeout_ms` (-1: wait; 0: what has come), -ENOENT: nothing is under way, -ENOMEM. */
int clamd_next(struct clamd *clamd, int timeout_ms, struct clamd_answer *ret_answer);
unsigned clamd_outstanding(const struct clamd *clamd);
unsigned clamd_room(const struct clamd *clamd);
/* What to wait for beside other things: how many descriptors, and when clamd_next wants to be called in any case. */
size_t clamd_poll(const struct clamd *clamd, struct pollfd *ret_fds, size_t most, int64_t *ret_deadline);
/* Gives up what is under way. NULL is allowed. */
void clamd_close(struct clamd *clamd);
void clamd_answer_free(struct clamd_answer *answer);

#endif
