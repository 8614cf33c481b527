/*
 * wire.c - commands of clamd's protocol; see wire.h.
 */
#include "gateway/wire.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *word;
	size_t size;
	int argument; /* it takes a path, behind a blank */
} words[] = {
#define WORD(name, argument) [WIRE_##name] = {#name, sizeof #name - 1, argument}
	WORD(PING, 0),     WORD(VERSION, 0), WORD(VERSIONCOMMANDS, 0), WORD(RELOAD, 0),    WORD(STATS, 0),
	WORD(SHUTDOWN, 0), WORD(SCAN, 1),    WORD(CONTSCAN, 1),        WORD(MULTISCAN, 1), WORD(ALLMATCHSCAN, 1),
	WORD(INSTREAM, 0), WORD(FILDES, 0),  WORD(IDSESSION, 0),       WORD(END, 0),
#undef WORD
};

static void find_word(char *text, struct wire_command *command)
{
	static char none[] = "";
	size_t size = strcspn(text, " ");
	command->word = WIRE_UNKNOWN;
	command->argument = none;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (size != words[i].size || memcmp(text, words[i].word, size) != 0)
			continue;
		/* What stands behind a word that takes nothing, or nothing behind one that takes a path, is no command. */
		if (words[i].argument != (text[size] == ' ' && text[size + 1] != '\0'))
			return;
		command->word = (enum wire_word)i;
		if (words[i].argument)
			command->argument = text + size + 1;
		return;
	}
}

ssize_t wire_next(char *data, size_t size, struct wire_command *ret_command)
{
	size_t skipped = 0;
	while (skipped < size && data[skipped] == '\0')
		skipped++;
	char *text = data + skipped;
	size -= skipped;
	if (!size)
		return 0;
	ret_command->bare = text[0] != 'z' && text[0] != 'n';
	ret_command->ending = text[0] == 'z' ? '\0' : '\n';
	char *end = memchr(text, ret_command->ending, size < WIRE_COMMAND_MOST ? size : WIRE_COMMAND_MOST);
	if (!end)
		return size >= WIRE_COMMAND_MOST ? -EMSGSIZE : 0;
	*end = '\0';
	if (end > text && end[-1] == '\r' && ret_command->ending == '\n')
		end[-1] = '\0';
	find_word(text + !ret_command->bare, ret_command);
	return (end - data) + 1;
}
