/*
 * teller.c - events to whoever started us; see teller.h.
 */
#include "fetch/teller.h"

#include "base/fd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void teller_init(struct teller *ret_teller, int fd)
{
	*ret_teller = (struct teller){.fd = fd};
}

/* User and password of each URL in the text go, as url_shown does it for one. */
static void hide_users(char *text)
{
	for (char *at = strstr(text, "://"); at; at = strstr(at, "://")) {
		at += 3;
		char *end = memrchr(at, '@', strcspn(at, "/?# \""));
		if (end)
			memmove(at, end + 1, strlen(end + 1) + 1);
	}
}

void teller_say(struct teller *teller, const struct fetch_event *event)
{
	struct fetch_event copy = *event;
	hide_users(copy.text);
	char *line = fetch_json_event(&copy);
	size_t size = line ? strlen(line) : 0;
	if (line)
		line[size++] = '\n'; /* in place of the NUL */
	if (!line || fd_write_all(teller->fd, line, size) < 0)
		_exit(EXIT_FAILURE);
	free(line);
}

static bool counted(struct teller *teller, enum fetch_level level)
{
	unsigned *count = level == FETCH_DEBUG ? &teller->debug : &teller->messages;
	if (*count >= (level == FETCH_DEBUG ? TELLER_DEBUG_MAX : TELLER_MESSAGES_MAX)) {
		teller->dropped++;
		return false;
	}
	++*count;
	return true;
}

void teller_message(struct teller *teller, enum fetch_level level, bool feed, const char *name, const char *text)
{
	struct fetch_event event = {.kind = FETCH_MESSAGE, .level = level, .feed = feed};
	if (!counted(teller, level))
		return;
	(void)snprintf(event.name, sizeof event.name, "%s", name);
	(void)snprintf(event.text, sizeof event.text, "%s", text);
	teller_say(teller, &event);
}

void teller_progress(struct teller *teller, bool feed, const char *name, uint64_t got, uint64_t total)
{
	struct fetch_event event = {.kind = FETCH_PROGRESS, .feed = feed, .got = got, .total = total};
	(void)snprintf(event.name, sizeof event.name, "%s", name);
	teller_say(teller, &event);
}

void teller_done(struct teller *teller)
{
	struct fetch_event event = {.kind = FETCH_DONE};
	if (teller->dropped) {
		struct fetch_event last = {.kind = FETCH_MESSAGE, .level = FETCH_INFO};
		(void)snprintf(last.text, sizeof last.text, "%u more messages were left out", teller->dropped);
		teller_say(teller, &last);
	}
	teller_say(teller, &event);
}
