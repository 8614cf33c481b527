/*
 * text.c - lines for people; see text.h.
 */
#include "format/text.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_MOST ((size_t)64 << 20) /* bytes: a report of 20,000 parts with long names stays below it */

void text_init(struct text *text)
{
	*text = (struct text){0};
	buffer_init(&text->buffer, TEXT_MOST);
}

void text_add(struct text *text, const char *format, ...)
{
	char *piece = NULL;
	va_list arguments;
	va_start(arguments, format);
	int length = vasprintf(&piece, format, arguments);
	va_end(arguments);
	if (length < 0) {
		text->failed = true;
		return;
	}
	if (!text->failed && buffer_append(&text->buffer, piece, (size_t)length))
		text->failed = true;
	free(piece);
}

void text_add_visible(struct text *text, const char *foreign)
{
	char *visible = utf8_visible(foreign);
	if (visible)
		text_add(text, "%s", visible);
	else
		text->failed = true;
	free(visible);
}

char *text_take(struct text *text)
{
	if (text->failed || buffer_append(&text->buffer, "", 1)) {
		buffer_free(&text->buffer);
		return NULL;
	}
	return (char *)buffer_take(&text->buffer, NULL);
}
