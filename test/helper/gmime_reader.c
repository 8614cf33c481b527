/*
 * gmime_reader.c - what a program gets out of a mail that uses GMime as its manual shows: the contents of all leaves.
 *
 * usage: gmime-reader DIRECTORY < MAIL. The mail is a file, not a pipe.
 * Writes them to DIRECTORY/0, 1, ...; for scripts/compare-readings.
 */
#include <fcntl.h>
#include <gmime/gmime.h>
#include <stdio.h>
#include <stdlib.h>

static void write_leaf(GMimeObject *parent, GMimeObject *part, gpointer context)
{
	static unsigned count;
	char path[4096];
	(void)parent;
	if (GMIME_IS_MESSAGE_PART(part)) {
		GMimeMessage *inner = g_mime_message_part_get_message(GMIME_MESSAGE_PART(part));
		if (inner)
			g_mime_message_foreach(inner, write_leaf, context);
		return;
	}
	GMimeDataWrapper *content = GMIME_IS_PART(part) ? g_mime_part_get_content(GMIME_PART(part)) : NULL;
	if (!content)
		return;
	snprintf(path, sizeof path, "%s/%u", (const char *)context, count++);
	GMimeStream *out = g_mime_stream_fs_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600, NULL);
	if (!out)
		exit(2);
	g_mime_data_wrapper_write_to_stream(content, out);
	g_object_unref(out);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	g_mime_init();
	GMimeStream *in = g_mime_stream_fs_new(0);
	GMimeParser *parser = g_mime_parser_new_with_stream(in);
	GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
	if (message)
		g_mime_message_foreach(message, write_leaf, argv[1]);
	return message ? 0 : 1;
}
