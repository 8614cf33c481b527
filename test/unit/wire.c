/*
 * wire.c - commands of clamd's protocol out of whatever bytes come.
 */
#include "gateway/wire.h"

#include "test/unit/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The first command of `text`, of `size` bytes; what it took. */
static ssize_t first(const char *text, size_t size, struct wire_command *command, char *room)
{
	memcpy(room, text, size);
	return wire_next(room, size, command);
}

static void test_one(const char *what, const char *text, size_t size, ssize_t took, enum wire_word word,
		     const char *argument)
{
	char room[256];
	struct wire_command command = {.word = WIRE_UNKNOWN, .argument = room};
	ssize_t got = first(text, size, &command, room);
	okf(got == took && (got <= 0 || (command.word == word && strcmp(command.argument, argument) == 0)), "%s", what);
	/* Any shorter beginning asks for more. */
	bool patient = true;
	for (size_t less = 0; took > 0 && less < (size_t)took; less++)
		patient &= first(text, less, &command, room) == 0;
	okf(patient, "%s: not before its end", what);
}

#define ONE(what, text, took, word, argument) test_one(what, text, sizeof text - 1, took, word, argument)

static void test_words(void)
{
	ONE("z", "zPING\0rest", 6, WIRE_PING, "");
	ONE("n", "nPING\nrest", 6, WIRE_PING, "");
	ONE("bare", "PING\nrest", 5, WIRE_PING, "");
	ONE("CR LF", "PING\r\n", 6, WIRE_PING, "");
	ONE("a path", "zSCAN /a b\0", 11, WIRE_SCAN, "/a b");
	ONE("a path with a line end", "zCONTSCAN /a\nb\0", 15, WIRE_CONTSCAN, "/a\nb");
	ONE("NULs before it", "\0\0zFILDES\0", 10, WIRE_FILDES, "");
	ONE("in small letters it is unknown", "zping\0", 6, WIRE_UNKNOWN, "");
	ONE("a beginning", "zPIN\0", 5, WIRE_UNKNOWN, "");
	ONE("more than the word", "zPINGS\0", 7, WIRE_UNKNOWN, "");
	ONE("an argument that it does not take", "zPING x\0", 8, WIRE_UNKNOWN, "");
	ONE("no path", "zSCAN\0", 6, WIRE_UNKNOWN, "");
	ONE("an empty path", "zSCAN \0", 7, WIRE_UNKNOWN, "");
	ONE("nothing", "z\0", 2, WIRE_UNKNOWN, "");
	ONE("an empty line", "\n", 1, WIRE_UNKNOWN, "");
}

static void test_endings(void)
{
	char room[64];
	struct wire_command command;
	ok(first("zPING\0", 6, &command, room) == 6 && command.ending == '\0' && !command.bare, "z answers with NUL");
	ok(first("nPING\n", 6, &command, room) == 6 && command.ending == '\n' && !command.bare, "n answers with LF");
	ok(first("PING\n", 5, &command, room) == 5 && command.ending == '\n' && command.bare, "bare answers with LF");
}

static void test_length(void)
{
	size_t size = WIRE_COMMAND_MOST + 10;
	char *data = malloc(size);
	struct wire_command command;
	if (!data)
		abort();
	memset(data, 'a', size);
	ok(wire_next(data, WIRE_COMMAND_MOST - 1, &command) == 0, "it may still end");
	ok(wire_next(data, size, &command) == -EMSGSIZE, "it is too long");
	memset(data, 'a', size);
	data[0] = 'z';
	memcpy(data + 1, "SCAN /", 6);
	data[WIRE_COMMAND_MOST - 1] = '\0';
	ok(wire_next(data, size, &command) == WIRE_COMMAND_MOST && command.word == WIRE_SCAN, "the longest one");
	memset(data, '\0', size);
	ok(wire_next(data, size, &command) == 0, "nothing but NULs");
	free(data);
}

/* No bytes make it read or write beyond its buffer, or take more than there is. */
static void test_noise(void)
{
	bool well = true;
	srand(1);
	for (int round = 0; round < 200000 && well; round++) {
		size_t size = (size_t)(rand() % 40);
		char *data = malloc(size ? size : 1);
		struct wire_command command;
		if (!data)
			abort();
		for (size_t i = 0; i < size; i++)
			data[i] = "znSCANPIG /\0\n\rx"[rand() % 16];
		ssize_t took = wire_next(data, size, &command);
		well = took >= 0 && took <= (ssize_t)size;
		if (took > 0)
			well &= command.argument[0] == '\0' ||
				(command.argument > data && command.argument < data + took);
		free(data);
	}
	ok(well, "200,000 times noise");
}

int main(void)
{
	test_words();
	test_endings();
	test_length();
	test_noise();
	return tap_end();
}
