/*
 * line.c - the lines of a message: ends, and what a line looks like; see line.h.
 *
 * Refuses nothing: what is no line end to anybody is part of the line. Called by the rest of this folder.
 */
#include "scan/mime/line.h"

#include <stdlib.h>
#include <string.h>

size_t line_length(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
	return end ? (size_t)(end - data) + 1 : size;
}

bool line_is_blank(const uint8_t *line, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!strchr(" \t\r\n", line[i]) || !line[i])
			return false;
	return true;
}

/* Does the line begin with the name of a header field and a colon? */
bool line_is_field(const uint8_t *line, size_t length)
{
	size_t at = 0;
	while (at < length && line[at] > ' ' && line[at] < 0x7f && line[at] != ':')
		at++;
	if (at == 0)
		return false;
	while (at < length && (line[at] == ' ' || line[at] == '\t'))
		at++;
	return at < length && line[at] == ':';
}

bool line_is_from(const uint8_t *line, size_t length)
{
	return (length >= 5 && !memcmp(line, "From ", 5)) || (length >= 6 && !memcmp(line, ">From ", 6));
}

/* Is the line nothing, or a word, such as a boundary? Most texts that are no message begin with more. */
bool line_is_word(const uint8_t *line, size_t length)
{
	while (length && (line[length - 1] == '\r' || line[length - 1] == '\n'))
		length--;
	return line_is_blank(line, length) || !memchr(line, ' ', length);
}

size_t line_mark(const uint8_t *data, size_t size, size_t from, const char *mark)
{
	size_t length = strlen(mark);
	while (from < size) {
		const uint8_t *at = memmem(data + from, size - from, mark, length);
		if (!at)
			return size;
		if (at == data || at[-1] == '\n' || at[-1] == '\r')
			return (size_t)(at - data) + length;
		from = (size_t)(at - data) + 1;
	}
	return size;
}

/* Only with LF or CRLF is it a message to GMime; some mail programs take CR, or CRCRLF, for a line end too. */
bool line_ends_odd(const uint8_t *data, size_t size)
{
	size_t length = line_length(data, size);
	const uint8_t *first = memchr(data, '\r', length);
	size_t at = first ? (size_t)(first - data) : length;
	return at + 2 < length || (at + 1 < length && data[at + 1] != '\n') || (at < length && length == size);
}

uint8_t *line_ends_mended(const uint8_t *data, size_t size, size_t *ret_size)
{
	uint8_t *copy = malloc(size);
	size_t out = 0;
	for (size_t i = 0; copy && i < size; i++) {
		size_t next = i + 1;
		while (data[i] == '\r' && next < size && data[next] == '\r')
			next++;
		bool ends = next < size && data[next] == '\n';
		if (data[i] != '\r' || (ends && next == i + 1))
			copy[out++] = data[i];
		else if (!ends)
			copy[out++] = '\n';
	}
	*ret_size = out;
	return copy;
}
