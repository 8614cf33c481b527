/* wire.c - clamd's protocol, both sides: commands that clients send us, and replies that a clamd sends. */
#include "fuzz.h"

#include "clamd/reply.h"
#include "gateway/wire.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1);
	struct clamd_reply reply;
	size_t at = 0;
	if (!copy)
		return 0;
	memcpy(copy, data, size);
	while (at < size) {
		struct wire_command command;
		ssize_t used = wire_next(copy + at, size - at, &command);
		PROMISE(used <= (ssize_t)(size - at));
		if (used <= 0)
			break;
		PROMISE(command.word <= WIRE_UNKNOWN && (command.ending == '\0' || command.ending == '\n'));
		PROMISE(strlen(command.argument) < WIRE_COMMAND_MOST);
		at += (size_t)used;
	}
	free(copy);
	reply_parse((const char *)data, size, &reply);
	for (const char *text = reply.text; *text; text++)
		PROMISE(*text >= ' ' && *text < 0x7f);
	return 0;
}
