/*
 * utf8.c - hostile names made harmless; see utf8.h. Called by scan, format and cmd.
 */
#include "base/utf8.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/* Length of the valid character at `data`, 0 if there is none; its code point in *ret_point. */
static size_t character(const uint8_t *data, size_t size, uint32_t *ret_point)
{
	uint8_t first = data[0];
	if (first < 0x80) {
		*ret_point = first;
		return 1;
	}
	size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
	if (first < 0xC2 || first > 0xF4 || length > size)
		return 0;
	uint32_t point = first & (0xFFu >> (length + 1));
	for (size_t i = 1; i < length; i++) {
		if ((data[i] & 0xC0) != 0x80)
			return 0;
		point = point << 6 | (data[i] & 0x3Fu);
	}
	bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
	bool surrogate = point >= 0xD800 && point <= 0xDFFF;
	if (overlong || surrogate || point > 0x10FFFF)
		return 0;
	*ret_point = point;
	return length;
}

char *utf8_clean(const void *data, size_t size, size_t most)
{
	const uint8_t *in = data;
	/* Each byte becomes at most one U+FFFD of three bytes. */
	size_t room = size > most / 3 ? most : size * 3;
	char *text = malloc(room + 1);
	if (!text)
		return NULL;
	size_t used = 0;
	for (size_t i = 0; i < size;) {
		uint32_t point = 0;
		size_t length = character(in + i, size - i, &point);
		bool bad = length == 0 || point == 0;
		const void *from = bad ? (const void *)REPLACEMENT : (const void *)(in + i);
		size_t put = bad ? sizeof REPLACEMENT - 1 : length;
		if (put > room - used)
			break;
		memcpy(text + used, from, put);
		used += put;
		i += bad ? 1 : length;
	}
	text[used] = '\0';
	return text;
}

/* Would a terminal or a reader be misled by it? Controls, separators, bidirectional and invisible marks. */
static bool deceptive(uint32_t point)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0x00, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},       {0x61C, 0x61C},      {0x180E, 0x180E},
		{0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F},   {0xFEFF, 0xFEFF},    {0xFFF9, 0xFFFB},
		{0xE000, 0xF8FF}, {0xFFFE, 0xFFFF}, {0xE0000, 0xE0FFF}, {0xF0000, 0x10FFFF},
	};
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (point >= ranges[i].first && point <= ranges[i].last)
			return true;
	return false;
}

char *utf8_visible(const char *text)
{
	size_t size = strlen(text);
	/* "\u{10ffff}" is the longest form and stands for at least one byte. */
	char *visible = malloc(size * sizeof "\\u{10ffff}" + 1);
	if (!visible)
		return NULL;
	size_t used = 0;
	for (size_t i = 0; i < size;) {
		uint32_t point = 0;
		size_t length = character((const uint8_t *)text + i, size - i, &point);
		if (length && !deceptive(point)) {
			memcpy(visible + used, text + i, length);
			used += length;
		} else {
			const char *form = length ? "\\u{%x}" : "\\x%02x";
			uint32_t value = length ? point : (uint8_t)text[i];
			used += (size_t)sprintf(visible + used, form, value);
		}
		i += length ? length : 1;
	}
	visible[used] = '\0';
	return visible;
}

int utf8_valid(const char *text)
{
	size_t size = strlen(text);
	for (size_t i = 0; i < size;) {
		uint32_t point;
		size_t length = character((const uint8_t *)text + i, size - i, &point);
		if (!length)
			return 0;
		i += length;
	}
	return 1;
}

size_t utf8_write(uint32_t point, char ret[4])
{
	static const uint8_t first[] = {0, 0, 0xC0, 0xE0, 0xF0};
	size_t size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	if (point > 0x10FFFF)
		return 0;
	for (size_t i = size; i-- > 1; point >>= 6)
		ret[i] = (char)(0x80 | (point & 0x3F));
	ret[0] = (char)(first[size] | point);
	return size;
}
