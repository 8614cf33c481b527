/*
 * command_json.c - commands and their outcome as JSON; see command_json.h. Refuses words that are not in its table.
 */
#include "format/command_json.h"

#include "format/json_field.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const words[COMMAND_COUNT] = {"status", "stats", "reload", "stop", "ping"};

const char *command_word(enum command command)
{
	return words[command];
}

int command_find(const char *word, enum command *ret_command)
{
	for (int i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(words[i], word) == 0) {
			*ret_command = (enum command)i;
			return 0;
		}
	return -EINVAL;
}

char *command_json_encode(enum command command)
{
	json_t *object = json_object();
	json_field_set_text(&object, "command", words[command]);
	return json_field_print(object);
}

int command_json_decode(const char *text, size_t size, enum command *ret_command)
{
	const char *word;
	json_t *object = json_field_parse(text, size);
	int error = object && json_field_text(object, "command", 32, &word) == 0 ? command_find(word, ret_command)
										 : -EBADMSG;
	json_decref(object);
	return error;
}

char *command_json_outcome(const struct command_outcome *outcome)
{
	json_t *object = json_object();
	json_field_set(&object, "done", json_boolean(outcome->done));
	json_field_set_number(&object, "pid", (uint64_t)(outcome->pid < 0 ? 0 : outcome->pid));
	json_field_set_number(&object, "generation", outcome->generation);
	json_field_set_text(&object, "text", outcome->text);
	return json_field_print(object);
}

int command_json_outcome_decode(const char *text, size_t size, struct command_outcome *ret_outcome)
{
	const char *said;
	uint64_t pid, generation;
	json_t *object = json_field_parse(text, size);
	int error = -EBADMSG;
	*ret_outcome = (struct command_outcome){0};
	if (object && json_field_bool(object, "done", &ret_outcome->done) == 0 &&
	    json_field_number(object, "pid", INT32_MAX, &pid) == 0 &&
	    json_field_number(object, "generation", UINT32_MAX, &generation) == 0 &&
	    json_field_text(object, "text", sizeof ret_outcome->text - 1, &said) == 0) {
		ret_outcome->pid = (int32_t)pid;
		ret_outcome->generation = (uint32_t)generation;
		(void)snprintf(ret_outcome->text, sizeof ret_outcome->text, "%s", said);
		error = 0;
	}
	json_decref(object);
	return error;
}
