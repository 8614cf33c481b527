/*
 * reading.c - other readings of an encoded part; see reading.h.
 *
 * Decodes no more than the beginning of anything, so it needs no budget. Called by mime.
 */
#include "scan/reading.h"

#include "scan/transfer.h"

#include <string.h>

/* How much of a beginning is decoded, in bytes of base64. */
#define HEAD_MOST 6144u
/* A line of nothing but base64 with so many characters is no word of a footer. */
#define LINE_LEAST 16u
/* In the middle of a line it takes more: the path of an address has letters and slashes only, too. */
#define RUN_LEAST 64u

bool reading_detection_matters(const struct detection *detection)
{
	static const char *const types[] = {"application/x-executable", "application/x-mach-binary",
					    "application/java-vm", "application/x-ms-shortcut"};
	if (detection->count)
		return true;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strcmp(detection->type, types[i]) == 0)
			return true;
	return false;
}

bool reading_matters(const uint8_t *data, size_t size)
{
	struct detection detection;
	detect(data, size, &detection);
	return reading_detection_matters(&detection);
}

static bool is_letter(uint8_t byte)
{
	return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
	       byte == '+' || byte == '/';
}

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* The first byte that is neither base64 nor blank; `size` if there is none. */
static size_t stop_find(const uint8_t *data, size_t size)
{
	bool passed[256];
	size_t at = 0;
	for (unsigned i = 0; i < sizeof passed / sizeof *passed; i++)
		passed[i] = is_letter((uint8_t)i) || is_blank((uint8_t)i);
	while (at < size && passed[data[at]])
		at++;
	return at;
}

/* Does base64 go on behind that byte: in a later line that is nothing else, or in a long run of the same line? */
static bool goes_on(const uint8_t *data, size_t size, size_t at)
{
	bool first = true;
	while (at < size) {
		const uint8_t *end = memchr(data + at, '\n', size - at);
		size_t length = end ? (size_t)(end - (data + at)) : size - at, run = 0, longest = 0, letters = 0;
		const uint8_t *line = data + at;
		at += length + 1;
		while (length && (is_blank(line[length - 1]) || line[length - 1] == '='))
			length--;
		for (size_t i = 0; i < length; i++) {
			run = is_letter(line[i]) ? run + 1 : 0;
			letters += is_letter(line[i]);
			longest = run > longest ? run : longest;
		}
		if (first ? longest >= RUN_LEAST : letters == length && length >= LINE_LEAST)
			return true;
		first = false;
	}
	return false;
}

/* Decodes the beginning; with `padding` also what stands behind padding, as if that were not there. */
static size_t head_decode(const uint8_t *data, size_t size, bool padding, uint8_t ret_head[HEAD_MOST])
{
	uint8_t letters[HEAD_MOST];
	struct buffer buffer;
	size_t count = 0;
	for (size_t i = 0; i < size && i < HEAD_MOST; i++)
		if (is_letter(data[i]) || (!padding && data[i] == '='))
			letters[count++] = data[i];
	transfer_look(TRANSFER_BASE64, letters, count, &buffer);
	size_t got = buffer.size < HEAD_MOST ? buffer.size : HEAD_MOST;
	if (got)
		memcpy(ret_head, buffer.data, got);
	buffer_free(&buffer);
	return got;
}

bool reading_base64_matters(const uint8_t *encoded, size_t size)
{
	uint8_t head[HEAD_MOST];
	return reading_matters(head, head_decode(encoded, size, false, head));
}

bool reading_base64_holds(const uint8_t *encoded, size_t size, const char *line)
{
	uint8_t head[HEAD_MOST];
	size_t length = strlen(line), got = head_decode(encoded, size, false, head);
	for (size_t at = 0; at + length <= got; at++)
		if ((at == 0 || head[at - 1] == '\n') && memcmp(head + at, line, length) == 0)
			return true;
	return false;
}

bool reading_base64_differs(const uint8_t *encoded, size_t size, const uint8_t *decoded, size_t decoded_size,
			    size_t *ret_at)
{
	uint8_t head[HEAD_MOST];
	size_t stop = stop_find(encoded, size);
	*ret_at = stop;
	if (stop == size || !goes_on(encoded, size, stop + 1))
		return false;
	if (reading_matters(decoded, decoded_size) || reading_base64_matters(encoded + stop, size - stop))
		return true;
	return reading_matters(head, head_decode(encoded, size, true, head));
}
