/*
 * note.c - notes about what was removed; see note.h. Refuses to be longer than NOTE_MOST: what does not fit is counted.
 */
#include "scan/repair/note.h"

#include "base/utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longest name or cause that is shown, in bytes. */
#define SHOWN_MOST 200u
/* Things that one note tells of. */
#define TOLD_MOST 20u
/* Characters of a line of base64 and of quoted-printable (RFC 2045). */
#define BASE64_BYTES   57u
#define QUOTED_COLUMNS 74u

static int add(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int add(struct buffer *buffer, const char *format, ...)
{
	char line[1024];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	return buffer_append_text(buffer, line);
}

/* A line "  name:    value", the value as it can be shown. */
static int add_shown(struct buffer *buffer, const char *label, const char *value, const char *line_end)
{
	char *clean = utf8_clean(value, strlen(value), SHOWN_MOST);
	char *shown = clean ? utf8_visible(clean) : NULL;
	int error = shown ? add(buffer, "  %-8s %.600s%s", label, shown, line_end) : -ENOMEM;
	free(clean);
	free(shown);
	return error;
}

static int add_digest(struct buffer *buffer, const uint8_t digest[32], const char *line_end)
{
	char hex[65];
	for (unsigned i = 0; i < 32; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return add(buffer, "  SHA-256: %s%s", hex, line_end);
}

static int add_order(const struct note *note, const struct repair_order *order, struct buffer *buffer)
{
	const char *end = note->line_end;
	int error = 0;
	if (!note->terse && *order->name)
		error = add_shown(buffer, "name:", order->name, end);
	if (!error && order->has_sha256)
		error = add(buffer, "  size:    %" PRIu64 " bytes%s", order->size, end);
	if (!error && order->has_sha256)
		error = add_digest(buffer, order->sha256, end);
	if (!error && !order->remove)
		error = add(buffer, "  reason:  it could not be written without something in it, and of that:%s", end);
	error = error ? error : add(buffer, "  reason:  %s%s", repair_reason_text(order->reason), end);
	if (!error && *order->what)
		error = add_shown(buffer, "found:", order->what, end);
	return error ? error : add(buffer, "%s", end);
}

static int add_orders(const struct note *note, struct buffer *buffer)
{
	unsigned told = 0, more = 0;
	int error = 0;
	for (uint32_t i = 0; i < note->plan->count && !error; i++) {
		bool wanted = note->single ? i == note->order : note->plan->orders[i].remove;
		if (!wanted)
			continue;
		if (told++ < TOLD_MOST)
			error = add_order(note, &note->plan->orders[i], buffer);
		else
			more++;
	}
	if (!error && more)
		error = add(buffer, "And %u more.%s%s", more, note->line_end, note->line_end);
	return error;
}

static int add_signatures(const struct note *note, struct buffer *buffer)
{
	int error = 0;
	for (int i = 0; i < REPAIR_SIGNATURE_COUNT && !error; i++)
		if (note->signatures[i])
			error = add(buffer, "A signature of the message (%s) does not hold any more because of that.%s",
				    repair_signature_text((enum repair_signature)i), note->line_end);
	return error;
}

int note_text(const struct note *note, struct buffer *buffer)
{
	const char *what = note->header ? "The body of this message, and fields of its header, were"
			   : note->body ? "The body of this message was"
					: "A part of this message was";
	int error = add(buffer, "%s removed by the virus scanner csapi.%s%s", what, note->line_end, note->line_end);
	error = error ? error : add_orders(note, buffer);
	return error ? error : add_signatures(note, buffer);
}

/* --- as a part of a message ------------------------------------------------------------------------------------- */

static bool is_ascii(const struct buffer *buffer)
{
	for (size_t i = 0; i < buffer->size; i++)
		if (buffer->data[i] > '~')
			return false;
	return true;
}

/* Quoted-printable; line ends stay what they are. A dash at the start of a line could be a boundary's. */
static int add_quoted(struct buffer *buffer, const struct buffer *text, const char *line_end)
{
	size_t column = 0;
	int error = 0;
	for (size_t i = 0; i < text->size && !error; i++) {
		uint8_t c = text->data[i];
		if (c == '\r' || c == '\n') {
			column = 0;
			error = buffer_append(buffer, &c, 1);
			continue;
		}
		if (column >= QUOTED_COLUMNS - 3) {
			error = add(buffer, "=%s", line_end);
			column = 0;
		}
		bool plain = c >= ' ' && c <= '~' && c != '=' && (column || (c != '-' && c != '.' && c != ' '));
		if (!error)
			error = plain ? buffer_append(buffer, &c, 1) : add(buffer, "=%02X", c);
		column += plain ? 1 : 3;
	}
	return error;
}

int note_part(const struct note *note, bool version, bool last_end, struct buffer *buffer)
{
	struct buffer text;
	const char *end = note->line_end;
	buffer_init(&text, NOTE_MOST);
	int error = note_text(note, &text);
	/* Its last line end, if that is not wanted. */
	size_t ends = strlen(end);
	while (!error && text.size > ends && memcmp(text.data + text.size - ends, end, ends) == 0)
		text.size -= ends;
	bool ascii = is_ascii(&text);
	if (!error && version)
		error = add(buffer, "MIME-Version: 1.0%s", end);
	if (!error)
		error = add(buffer,
			    "Content-Type: text/plain; charset=%s%sContent-Transfer-Encoding: %s%s"
			    "Content-Disposition: inline%s%s",
			    ascii ? "us-ascii" : "utf-8", end, ascii ? "7bit" : "quoted-printable", end, end, end);
	if (!error)
		error = ascii ? buffer_append(buffer, text.data, text.size) : add_quoted(buffer, &text, end);
	if (!error && last_end)
		error = add(buffer, "%s", end);
	buffer_free(&text);
	return error;
}

/* Four characters for up to three bytes. */
static void encode(const uint8_t *data, size_t size, char ret_text[4])
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = (uint32_t)data[0] << 16 | (size > 1 ? (uint32_t)data[1] << 8 : 0) | (size > 2 ? data[2] : 0u);
	for (unsigned i = 0; i < 4; i++)
		ret_text[i] = i <= size ? alphabet[bits >> (18 - 6 * i) & 63] : '=';
}

int note_base64(const uint8_t *data, size_t size, const char *line_end, bool last_end, struct buffer *buffer)
{
	int error = 0;
	for (size_t at = 0; at < size && !error; at += BASE64_BYTES) {
		char line[BASE64_BYTES / 3 * 4 + 3];
		size_t bytes = size - at < BASE64_BYTES ? size - at : BASE64_BYTES, used = 0;
		for (size_t i = 0; i < bytes; i += 3, used += 4)
			encode(data + at + i, bytes - i, line + used);
		error = buffer_append(buffer, line, used);
		if (!error && (at + bytes < size || last_end))
			error = buffer_append_text(buffer, line_end);
	}
	return error;
}
