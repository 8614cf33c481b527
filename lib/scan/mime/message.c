/*
 * message.c - one message, parsed by GMime; see message.h.
 *
 * Each message is parsed on its own, inner ones included, and as a part, which spares GMime's recursive address parser. Refuses none: what
 * cannot be parsed has no root. Called by tree, mailbox and mime.
 */
#include "scan/mime/message.h"

#include "scan/mime/line.h"

#include <stdlib.h>
#include <string.h>

/* Lines in front of the first field that are none would make GMime give up. */
size_t message_header(const uint8_t *data, size_t size)
{
	size_t at = size >= 3 && !memcmp(data, "\xef\xbb\xbf", 3) ? 3 : 0;
	bool begun = false;
	while (at < size) {
		size_t length = line_length(data + at, size - at);
		bool blank = line_is_blank(data + at, length);
		if (line_is_field(data + at, length))
			return at;
		if (blank && begun)
			return size;
		begun |= !blank && !line_is_from(data + at, length);
		at += length;
	}
	return size;
}

void message_open(struct message *message, const uint8_t *data, size_t size)
{
	size_t header = message_header(data, size), given = header < size ? header : 0;
	*message = (struct message){.data = data + header,
				    .size = size - header,
				    .given = data + given,
				    .given_size = size - given,
				    .skipped = given};
	message->windows = g_array_new(FALSE, FALSE, sizeof(struct window));
	if (header == size || message->size > G_MAXUINT)
		return;
	if (line_ends_odd(message->data, message->size)) {
		message->owned = line_ends_mended(message->data, message->size, &message->size);
		message->data = message->owned;
		if (!message->owned)
			return;
	}
	/* GMime wants an array of its own; it only reads from this one, which is taken apart again unfreed. */
	message->bytes = g_byte_array_new_take((guint8 *)(uintptr_t)message->data, message->size);
	GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(message->bytes);
	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	message->root = g_mime_parser_construct_part(parser, NULL);
	g_object_unref(parser);
	g_object_unref(stream);
}

void message_close(struct message *message)
{
	if (message->root)
		g_object_unref(message->root);
	if (message->bytes)
		g_byte_array_free(message->bytes, FALSE);
	g_array_free(message->windows, TRUE);
	free(message->owned);
}
