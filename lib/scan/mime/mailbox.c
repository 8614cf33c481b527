/*
 * mailbox.c - several messages in one file, each behind a "From " line; see mailbox.h.
 *
 * Takes a "From " line for one only where a header follows. Called by mime.
 */
#include "scan/mime/mailbox.h"

#include "scan/mime/line.h"
#include "scan/mime/object.h"

#include <stdio.h>
#include <string.h>

/* The start of the next "From " line behind a blank line and in front of a header field; `size` if there is none. */
static size_t separator_find(const uint8_t *data, size_t size, size_t from)
{
	while (from < size) {
		const uint8_t *hit = memmem(data + from, size - from, "\nFrom ", 6);
		if (!hit)
			return size;
		size_t at = (size_t)(hit - data);
		size_t line = at + 1;
		size_t next = line + line_length(data + line, size - line);
		bool blank =
			at > 0 && (data[at - 1] == '\n' || (at > 1 && data[at - 1] == '\r' && data[at - 2] == '\n'));
		if (blank && line_is_field(data + next, line_length(data + next, size - next)))
			return line;
		from = line;
	}
	return size;
}

/* Does the message end before its bytes do, so that what follows is surely another one? */
static bool message_is_closed(const uint8_t *data, size_t size)
{
	struct message message;
	bool known;
	message_open(&message, data, size);
	bool closed = message.root != NULL;
	if (closed && GMIME_IS_MULTIPART(message.root))
		closed = g_mime_multipart_get_count(GMIME_MULTIPART(message.root)) &&
			 GMIME_MULTIPART(message.root)->write_end_boundary;
	else if (closed)
		closed = object_transfer(message.root, &known) == TRANSFER_IDENTITY;
	message_close(&message);
	return closed;
}

static int walk_mail(struct walk *walk, unsigned number, const uint8_t *data, size_t size)
{
	if (tree_count(walk))
		return 1;
	size_t line = line_length(data, size);
	char section[16];
	snprintf(section, sizeof(section), "%u", number);
	struct mime_part part = {.section = section, .parent = "", .type = "message/rfc822"};
	struct buffer buffer;
	tree_decode(walk, TRANSFER_IDENTITY, data + line, size - line, &part, &buffer);
	return tree_inner(walk, &part);
}

/*
 * A mailbox: each message, and where the first one is not at its end when the second begins, also the whole as the
 * single message that it would be to a reader who knows no mailboxes.
 */
void mailbox_walk(struct walk *walk, const uint8_t *data, size_t size)
{
	unsigned number = 0;
	size_t start = 0;
	size_t first = separator_find(data, size, 0);
	int ended = 0;
	while (!ended && start < size) {
		size_t next = separator_find(data, size, start);
		ended = walk_mail(walk, ++number, data + start, next - start);
		start = next;
	}
	if (!ended && !message_is_closed(data, first))
		walk_mail(walk, ++number, data, size);
}

bool mailbox_begins(const uint8_t *data, size_t size)
{
	return size >= 5 && !memcmp(data, "From ", 5) && separator_find(data, size, 0) < size;
}
