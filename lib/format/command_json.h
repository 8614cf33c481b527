/*
 * command_json.h - what an administrator asks of a resident scanner, and the short answers, as JSON, and back.
 *
 * status and stats are answered with documents of their own (status_json, stats_json). Called by process and cmd.
 */
#ifndef CSAPI_FORMAT_COMMAND_JSON_H
#define CSAPI_FORMAT_COMMAND_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum command { COMMAND_STATUS, COMMAND_STATS, COMMAND_RELOAD, COMMAND_STOP, COMMAND_PING, COMMAND_COUNT };

const char *command_word(enum command command);
/* 0 or -EINVAL: no such word. */
int command_find(const char *word, enum command *ret_command);

/* {"command": "status"}; caller frees; NULL: no memory. */
char *command_json_encode(enum command command);
/* Hostile input: 0, -EBADMSG for what is none, -EINVAL for a word that is not known. */
int command_json_decode(const char *text, size_t size, enum command *ret_command);

/* How a command ended: for reload when it is over, for stop and ping at once. */
struct command_outcome {
	bool done;
	int32_t pid;
	uint32_t generation; /* of the definitions in use */
	char text[512];      /* for people */
};

/* {"done": true, "pid": 1, "generation": 1, "text": "..."}; caller frees; NULL: no memory. */
char *command_json_outcome(const struct command_outcome *outcome);
/* 0 or -EBADMSG. */
int command_json_outcome_decode(const char *text, size_t size, struct command_outcome *ret_outcome);

#endif
