/*
 * reply.c - the replies of a clamd; see reply.h. Refuses to take for an answer what is none: a line that is cut, or of another shape, is strange.
 */
#include "clamd/reply.h"

#include <string.h>

static void copy_printable(char *to, size_t room, const char *from, size_t size)
{
	size_t used = 0;
	for (; used < room - 1 && used < size; used++)
		to[used] = from[used] >= ' ' && from[used] <= '~' ? from[used] : '?';
	to[used] = '\0';
}

static bool begins(const char *line, size_t size, const char *word)
{
	return size >= strlen(word) && memcmp(line, word, strlen(word)) == 0;
}

static bool is(const char *line, size_t size, const char *word)
{
	return size == strlen(word) && memcmp(line, word, size) == 0;
}

/* Does it end so? What stands before the ending, in *ret_size. */
static bool ends(const char *line, size_t size, const char *ending, size_t *ret_size)
{
	size_t length = strlen(ending);
	if (size <= length || memcmp(line + size - length, ending, length) != 0)
		return false;
	*ret_size = size - length;
	return true;
}

static void set(struct clamd_reply *reply, enum reply_kind kind, const char *text, size_t size)
{
	reply->kind = kind;
	copy_printable(reply->text, sizeof reply->text, text, size);
}

void reply_parse(const char *line, size_t size, struct clamd_reply *ret_reply)
{
	static const char stream[] = "stream: ", too_large[] = "INSTREAM size limit exceeded";
	size_t digits = 0, rest;
	*ret_reply = (struct clamd_reply){.kind = REPLY_STRANGE};
	while (digits < size && line[digits] >= '0' && line[digits] <= '9')
		digits++;
	/* The number of the command in the session. */
	if (digits && digits + 2 <= size && line[digits] == ':' && line[digits + 1] == ' ') {
		line += digits + 2;
		size -= digits + 2;
	}
	if (is(line, size, "PONG")) {
		ret_reply->kind = REPLY_PONG;
	} else if (begins(line, size, too_large)) {
		ret_reply->kind = REPLY_TOO_LARGE;
	} else if (ends(line, size, " ERROR", &rest)) {
		set(ret_reply, REPLY_ERROR, line, rest);
	} else if (begins(line, size, stream)) {
		line += sizeof stream - 1;
		size -= sizeof stream - 1;
		if (is(line, size, "OK"))
			ret_reply->kind = REPLY_CLEAN;
		else if (is(line, size, "Empty file"))
			ret_reply->kind = REPLY_EMPTY;
		else if (ends(line, size, " FOUND", &rest))
			set(ret_reply, REPLY_FOUND, line, rest);
	} else if (begins(line, size, "ClamAV ")) {
		set(ret_reply, REPLY_VERSION, line, size);
	}
}
