/*
 * wire.h - commands of clamd's protocol out of a run of bytes.
 *
 * Three forms: "zCOMMAND", ended by NUL; "nCOMMAND", ended by LF; and COMMAND alone, ended by LF, of which a connection takes one. Answers
 * end as the command did. A pure parser of what a client says; refuses a command longer than WIRE_COMMAND_MOST. Called by session.c.
 */
#ifndef CSAPI_GATEWAY_WIRE_H
#define CSAPI_GATEWAY_WIRE_H

#include <stddef.h>
#include <sys/types.h>

/* Bytes of a command with its path and its end: PATH_MAX, and room for the word. */
#define WIRE_COMMAND_MOST 4352u

enum wire_word {
	WIRE_PING,
	WIRE_VERSION,
	WIRE_VERSIONCOMMANDS,
	WIRE_RELOAD,
	WIRE_STATS,
	WIRE_SHUTDOWN,
	WIRE_SCAN,
	WIRE_CONTSCAN,
	WIRE_MULTISCAN,
	WIRE_ALLMATCHSCAN,
	WIRE_INSTREAM,
	WIRE_FILDES,
	WIRE_IDSESSION,
	WIRE_END,
	WIRE_UNKNOWN,
};

struct wire_command {
	enum wire_word word;
	char *argument; /* the path, in the bytes given; "" when there is none */
	char ending;    /* of the answer: NUL or LF */
	int bare;       /* in the form that a connection takes one of */
};

/*
 * The first command in `data`, which is changed. Bytes that it took, with its end; 0: more are needed; -EMSGSIZE: it is too long. NULs before it,
 * which go with descriptors, are passed over.
 */
ssize_t wire_next(char *data, size_t size, struct wire_command *ret_command);

#endif
