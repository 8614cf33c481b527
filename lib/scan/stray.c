/*
 * stray.c - files in a text that no header field declares; see stray.h.
 *
 * Refuses a "begin" that is only a word: the line after it must be one of uuencode or base64. Called by mime.
 */
#include "scan/stray.h"

#include "scan/letter.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Lines of a header block behind the field that was found. */
#define HEADER_LINES_MOST 200

static const char field[] = "Content-Transfer-Encoding";

/* Length of the line at `data` with its end; `*ret_text` without it. */
static size_t line_length(const uint8_t *data, size_t size, size_t *ret_text)
{
	const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
	size_t whole = end ? (size_t)(end - data) + 1 : size;
	*ret_text = end ? whole - 1 : whole;
	while (*ret_text && data[*ret_text - 1] == '\r')
		--*ret_text;
	return whole;
}

static bool line_is(const uint8_t *line, size_t text, const char *word)
{
	return text == strlen(word) && memcmp(line, word, text) == 0;
}

/* "644 NAME" behind the word; false if it is something else. */
static bool take_name(const uint8_t *line, size_t text, char ret_name[256])
{
	size_t at = 0;
	while (at < text && at < 4 && line[at] >= '0' && line[at] <= '7')
		at++;
	if (at < 3 || at == text || line[at] != ' ')
		return false;
	(void)snprintf(ret_name, 256, "%.*s", (int)(text - at - 1 < 255 ? text - at - 1 : 255),
		       (const char *)line + at + 1);
	return true;
}

/* A line of uuencode holds as many characters as its first one says, or a few more. */
static bool is_uuencode(const uint8_t *line, size_t text)
{
	if (!text || line[0] < ' ' || line[0] > '`')
		return false;
	size_t most = (size_t)((line[0] - 32) & 63);
	/* Blanks at the end of a line are lost on the way. */
	for (size_t i = 1; i < text; i++)
		if (line[i] < ' ' || line[i] > '`')
			return false;
	return text <= 1 + (most + 2) / 3 * 4 + 2;
}

static bool is_base64(const uint8_t *line, size_t text)
{
	for (size_t i = 0; i < text; i++)
		if (!letter_is(line[i], LETTER_BASE64))
			return false;
	return text > 0;
}

/* What begins at this line? */
static bool begins(const uint8_t *data, size_t size, struct stray *ret)
{
	size_t text, next;
	size_t whole = line_length(data, size, &text);
	bool base64 = text > 13 && memcmp(data, "begin-base64 ", 13) == 0;
	if (!base64 && (text < 6 || memcmp(data, "begin ", 6) != 0))
		return false;
	size_t word = base64 ? 13 : 6;
	if (whole == size || !take_name(data + word, text - word, ret->name))
		return false;
	(void)line_length(data + whole, size - whole, &next);
	ret->transfer = base64 ? TRANSFER_BASE64 : TRANSFER_UUENCODE;
	ret->start = whole;
	return base64 ? is_base64(data + whole, next) : is_uuencode(data + whole, next);
}

bool stray_file(const uint8_t *data, size_t size, size_t *at, struct stray *ret_stray)
{
	while (*at < size) {
		const uint8_t *mark = memmem(data + *at, size - *at, "begin", 5);
		if (!mark)
			break;
		size_t begin = (size_t)(mark - data);
		*at = begin + 5;
		if ((begin && data[begin - 1] != '\n') || !begins(mark, size - begin, ret_stray))
			continue;
		size_t start = begin + ret_stray->start;
		size_t end = start;
		const char *last = ret_stray->transfer == TRANSFER_BASE64 ? "====" : "end";
		while (end < size) {
			size_t text;
			size_t whole = line_length(data + end, size - end, &text);
			if (line_is(data + end, text, last) || (text > 6 && memcmp(data + end, "begin ", 6) == 0))
				break;
			end += whole;
		}
		*at = end;
		ret_stray->start = start;
		ret_stray->size = end - start;
		return true;
	}
	*at = size;
	return false;
}

/* The encoding that the line tells, as a header field; TRANSFER_IDENTITY for every other line. */
static enum transfer line_transfer(const uint8_t *line, size_t text)
{
	char value[64];
	size_t length = sizeof field - 1;
	if (text <= length || strncasecmp((const char *)line, field, length) != 0)
		return TRANSFER_IDENTITY;
	while (length < text && (line[length] == ' ' || line[length] == '\t'))
		length++;
	if (length == text || line[length] != ':')
		return TRANSFER_IDENTITY;
	size_t left = text - length - 1;
	(void)snprintf(value, sizeof value, "%.*s", (int)(left < sizeof value ? left : sizeof value - 1),
		       (const char *)line + length + 1);
	return transfer_find(value);
}

bool stray_part(const uint8_t *data, size_t size, size_t *at, struct stray *ret_stray)
{
	*ret_stray = (struct stray){.transfer = TRANSFER_IDENTITY};
	size_t text;
	while (*at < size && ret_stray->transfer == TRANSFER_IDENTITY) {
		size_t whole = line_length(data + *at, size - *at, &text);
		ret_stray->transfer = line_transfer(data + *at, text);
		*at += whole;
	}
	if (ret_stray->transfer == TRANSFER_IDENTITY)
		return false;
	for (unsigned i = 0; *at < size && i < HEADER_LINES_MOST; i++) {
		*at += line_length(data + *at, size - *at, &text);
		if (!text)
			break;
	}
	ret_stray->start = *at;
	while (*at < size && !(size - *at >= 2 && memcmp(data + *at, "--", 2) == 0))
		*at += line_length(data + *at, size - *at, &text);
	ret_stray->size = *at - ret_stray->start;
	return true;
}
