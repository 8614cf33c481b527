/*
 * limits_line.c - figures and names in the lines about limits; see limits_line.h.
 */
#include "format/limits_line.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void limits_line_size(uint64_t bytes, char *ret_text, size_t size)
{
	static const char *const units[] = {"KiB", "MiB", "GiB"};
	double figure = (double)bytes / 1024;
	size_t unit = 0;
	if (bytes < 10240) {
		(void)snprintf(ret_text, size, "%" PRIu64 " byte%s", bytes, bytes == 1 ? "" : "s");
		return;
	}
	while (figure >= 1024 && unit + 1 < sizeof units / sizeof *units) {
		figure /= 1024;
		unit++;
	}
	/* Rounded down: what does not reach a limit must not look as if it did. */
	uint64_t tenths = (uint64_t)(figure * 10);
	if (tenths % 10)
		(void)snprintf(ret_text, size, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10, units[unit]);
	else
		(void)snprintf(ret_text, size, "%" PRIu64 " %s", tenths / 10, units[unit]);
}

void limits_line_value(enum limit limit, uint64_t value, char *ret_text, size_t size)
{
	char shorter[32];
	const char *unit = limits_row(limit)->unit;
	if (value == UINT64_MAX) {
		(void)snprintf(ret_text, size, "none");
	} else if (strcmp(unit, "bytes") == 0 && value >= 10240) {
		limits_line_size(value, shorter, sizeof shorter);
		(void)snprintf(ret_text, size, "%" PRIu64 " bytes (%s)", value, shorter);
	} else {
		(void)snprintf(ret_text, size, "%" PRIu64 " %.*s", value, (int)(strlen(unit) - (value == 1)), unit);
	}
}

/* The code point of a character of valid UTF-8 that begins here, and its length. */
static uint32_t point_of(const char *at, size_t *ret_length)
{
	const uint8_t *bytes = (const uint8_t *)at;
	*ret_length = bytes[0] < 0xE0 ? 2 : bytes[0] < 0xF0 ? 3 : 4;
	uint32_t point = bytes[0] & (0xFFu >> (*ret_length + 1));
	for (size_t i = 1; i < *ret_length; i++)
		point = point << 6 | (bytes[i] & 0x3Fu);
	return point;
}

void limits_line_name(struct text *text, const char *foreign, bool ascii)
{
	char *visible = utf8_visible(foreign);
	if (!visible)
		text->failed = true;
	for (const char *at = visible; ascii && at && *at;) {
		size_t plain = 0;
		while (at[plain] && (unsigned char)at[plain] < 0x80)
			plain++;
		text_add(text, "%.*s", (int)plain, at);
		at += plain;
		if (*at) {
			size_t length;
			text_add(text, "\\u{%" PRIx32 "}", point_of(at, &length));
			at += length;
		}
	}
	if (visible && !ascii)
		text_add(text, "%s", visible);
	free(visible);
}
