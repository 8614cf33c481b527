/*
 * control.h - what supervisor and zygote say to each other over a SOCK_SEQPACKET pair.
 *
 * Both are the same build and the zygote never touches a message, so this is a plain struct; a worker inherits neither
 * end. Called by supervisor and zygote.
 */
#ifndef CSAPI_PROCESS_CONTROL_H
#define CSAPI_PROCESS_CONTROL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum control_kind {
	CONTROL_READY = 1, /* zygote: text is facts_json */
	CONTROL_FORK,      /* supervisor, with the worker's socket: text is the name of its directory below base */
	CONTROL_FORKED,    /* zygote: result is the pid, or -errno */
	CONTROL_ISOLATION, /* zygote, before CONTROL_READY: text is isolation_json */
};

/* A path, or the facts with a text: both have smaller caps of their own. */
#define CONTROL_TEXT_MAX 16384

struct control {
	uint32_t kind;
	uint32_t slot;       /* the supervisor's place for the worker */
	uint32_t generation; /* of that place, so that a late answer does not meet a new worker */
	int32_t result;
	char text[CONTROL_TEXT_MAX];
};

/* Sends one packet; `pass` as in fd_send. 0 or -errno. */
int control_send(int socket, const struct control *control, int pass);
/* Receives one packet: 1, 0 (the other side closed), or -errno; -EBADMSG for what is not one. */
int control_receive(int socket, struct control *ret_control, int *ret_pass);

#endif
