/*
 * carve.c - encoded files in a text that nothing declares; see carve.h.
 *
 * Refuses what is too short to hold a file: every word of a text is base64. Called by readings.
 */
#include "scan/carve.h"

#include "scan/letter.h"

#include <string.h>
#include <strings.h>

/* Letters of base64 in lines that are nothing else, with padding at their end and without. */
#define PADDED_LEAST 16u
#define BLOCK_LEAST  40u
/* Letters in the middle of a line: behind "base64," of a data: address (RFC 2397), and anywhere. */
#define ADDRESS_LEAST 16u
#define RUN_LEAST     1024u
/*
 * Between quotes, or between tags: a value in a script, or in XML. More than the 64 bytes of the longest digest or signature of which there are lists:
 * their bytes are chance, and now and then look like something. And at the end of a line, when lines of base64 follow (RFC 5545, 3.1).
 */
#define VALUE_LEAST 87u
#define FIRST_LEAST 16u
/* Lines of something else that a uuencoded file may have in it: some programs leave them out. */
#define FOREIGN_MOST 4u

struct line {
	size_t start, end, next; /* of the text, without quoting and blanks */
};

/* Letters that count: neither padding nor the alphabet for addresses. */
#define LETTERS (LETTER_WORD | LETTER_SIGN)

static void line_read(const uint8_t *data, size_t size, size_t at, struct line *ret)
{
	const uint8_t *feed = memchr(data + at, '\n', size - at);
	size_t end = feed ? (size_t)(feed - data) : size;
	/* A return alone ends a line as well. */
	const uint8_t *lone = memchr(data + at, '\r', end - at);
	bool alone = lone && lone + 1 < data + end;
	ret->start = at;
	ret->end = alone ? (size_t)(lone - data) : end;
	ret->next = alone ? ret->end + 1 : feed ? end + 1 : size;
	while (ret->start < ret->end && strchr("> \t\r", data[ret->start]) && data[ret->start])
		ret->start++;
	while (ret->end > ret->start && data[ret->end - 1] <= ' ')
		ret->end--;
}

/* Letters of a line that is nothing but base64; 0: it is something else. */
static size_t base64_letters(const uint8_t *data, const struct line *line)
{
	size_t letters = 0;
	for (size_t i = line->start; i < line->end; i++) {
		if (!letter_is(data[i], LETTER_ADDRESS))
			return 0;
		letters += letter_is(data[i], LETTERS);
	}
	return 2 * letters > line->end - line->start ? letters : 0;
}

/* Base64 of a file has small letters, large ones, and something else; a name in a program has not. */
static bool is_mixed(const uint8_t *data, size_t size)
{
	unsigned kinds = 0;
	for (size_t i = 0; i < size; i++) {
		kinds |= letter_kinds[data[i]];
		if (kinds & LETTER_SMALL && kinds & LETTER_LARGE && kinds & (LETTER_DECIMAL | LETTER_SIGN))
			return true;
	}
	return false;
}

/* Behind a tag of HTML a line begins as well. */
static void pass_tags(const uint8_t *data, struct line *line)
{
	const uint8_t *tag = line->start < line->end && data[line->start] == '<'
				     ? memrchr(data + line->start, '>', line->end - line->start)
				     : NULL;
	if (tag && tag + 1 < data + line->end)
		line->start = (size_t)(tag - data) + 1;
}

static bool is_begin(const uint8_t *data, const struct line *line)
{
	return line->end - line->start >= 5 && (data[line->start] | 0x20) == 'b' &&
	       strncasecmp((const char *)data + line->start, "begin", 5) == 0;
}

/* "begin 644 NAME" */
static bool has_mode(const uint8_t *data, const struct line *line)
{
	size_t at = line->start + 5, digits = 0;
	while (at < line->end && (data[at] == ' ' || data[at] == '\t'))
		at++;
	for (; at < line->end && data[at] >= '0' && data[at] <= '7'; at++)
		digits++;
	return digits >= 3 && digits <= 4 && at < line->end && data[at] == ' ';
}

/* Lines of base64 from this one on. */
static bool take_block(const uint8_t *data, size_t size, const struct line *first, struct carving *ret)
{
	struct line line = *first;
	size_t letters = 0, end = line.start, count;
	while ((count = base64_letters(data, &line)) > 0 && (line.start == first->start || !is_begin(data, &line))) {
		letters += count;
		end = line.end;
		if (line.next >= size)
			break;
		line_read(data, size, line.next, &line);
	}
	*ret = (struct carving){TRANSFER_BASE64, first->start, end - first->start};
	bool enough = letters >= BLOCK_LEAST || (letters >= PADDED_LEAST && data[end - 1] == '=');
	return enough && is_mixed(data + first->start, end - first->start);
}

static bool behind_address(const uint8_t *data, size_t at)
{
	static const char mark[] = "base64,";
	size_t length = sizeof mark - 1;
	return at >= length && data[at - 1] == ',' && strncasecmp((const char *)data + at - length, mark, length) == 0;
}

/* Is it all that stands between two quotes or tags, and as long as base64 is? */
static bool is_value(const uint8_t *data, size_t size, size_t start, size_t stop, size_t letters)
{
	static const char before[] = "\"'`>: \t", after[] = "\"'`< \t\r\n";
	if (letters < VALUE_LEAST || (stop - start) % 4)
		return false;
	bool begins = start == 0 || (data[start - 1] && strchr(before, data[start - 1]));
	return begins && (stop == size || (data[stop] && strchr(after, data[stop])));
}

/* Does base64 go on in the lines behind this one? Then up to where. */
static size_t follow(const uint8_t *data, size_t size, size_t stop)
{
	struct line line;
	const uint8_t *end = memchr(data + stop, '\n', size - stop);
	size_t next = end ? (size_t)(end - data) + 1 : size, last = stop;
	while (next < size) {
		line_read(data, size, next, &line);
		if (!base64_letters(data, &line))
			break;
		last = line.end;
		next = line.next;
	}
	return last;
}

/* A run of base64 in a line from *at on. */
static bool take_run(const uint8_t *data, size_t size, size_t end, size_t *at, struct carving *ret)
{
	while (*at < end) {
		size_t start = *at, stop = start, letters = 0;
		if (!letter_is(data[start], LETTERS)) {
			++*at;
			continue;
		}
		bool address = behind_address(data, start);
		/* In a data: address blanks and line ends do not count. */
		size_t most = address ? size : end;
		while (stop < most &&
		       (letter_is(data[stop], LETTER_ADDRESS) || (address && letter_is(data[stop], LETTER_SPACE))))
			letters += letter_is(data[stop++], LETTERS);
		size_t more = stop == end && letters >= FIRST_LEAST ? follow(data, size, stop) : stop;
		*at = more;
		*ret = (struct carving){TRANSFER_BASE64, start, more - start};
		bool enough = more > stop || letters >= (address ? ADDRESS_LEAST : RUN_LEAST);
		if ((enough || is_value(data, size, start, stop, letters)) && is_mixed(data + start, more - start))
			return true;
	}
	return false;
}

/* Like transfer_is_uuencode, for xxencode, whose lengths are letters too. */
static bool is_xxencode(const uint8_t *line, size_t size, bool first)
{
	(void)first;
	static const char alphabet[] = "+-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	const char *length = size > 1 && line[0] ? strchr(alphabet, line[0]) : NULL;
	for (size_t i = 1; length && i < size; i++)
		if (!line[i] || !strchr(alphabet, line[i]))
			return false;
	return length && length > alphabet && size == 1 + ((size_t)(length - alphabet) + 2) / 3 * 4;
}

static bool is_end(const uint8_t *data, const struct line *line)
{
	return line->end - line->start == 3 && strncasecmp((const char *)data + line->start, "end", 3) == 0;
}

/* Is the first of the next few lines that is either xxencode rather than uuencode? Then *line is that one. */
static bool find_xxencode(const uint8_t *data, size_t size, struct line *line)
{
	struct line ahead = *line;
	for (unsigned foreign = 0; foreign <= FOREIGN_MOST; foreign++) {
		size_t length = ahead.end - ahead.start;
		if (is_xxencode(data + ahead.start, length, true)) {
			*line = ahead;
			return true;
		}
		if (transfer_is_uuencode(data + ahead.start, length, true) || ahead.next >= size)
			break;
		line_read(data, size, ahead.next, &ahead);
	}
	return false;
}

/*
 * "begin" in any case and with anything behind it, and then lines of uuencode or xxencode; up to the last one, with few foreign lines in
 * between.
 */
static bool take_uuencode(const uint8_t *data, size_t size, const struct line *begin, struct carving *ret)
{
	struct line line = *begin;
	pass_tags(data, &line);
	if (!is_begin(data, &line))
		return false;
	/* A word that is followed by no mode begins a file only if a line soon behind it is just as long as it says, and ends with the first that is none. */
	bool strict = !has_mode(data, &line);
	do {
		if (line.next >= size)
			return false;
		line_read(data, size, line.next, &line);
	} while (line.start == line.end);
	bool letters = find_xxencode(data, size, &line);
	bool (*is)(const uint8_t *, size_t, bool) = letters ? is_xxencode : transfer_is_uuencode;
	*ret = (struct carving){letters ? TRANSFER_XXENCODE : TRANSFER_UUENCODE, line.start, 0};
	for (unsigned foreign = 0; foreign <= FOREIGN_MOST;) {
		/* Behind a foreign line, only what is just as long as it says counts, with the blanks at its end or without. */
		bool just = strict ? ret->size == 0 || foreign : foreign;
		size_t length = line.end - line.start, full = length;
		while (line.start + full < line.next && data[line.start + full] == ' ')
			full++;
		if (is(data + line.start, length, just) || is(data + line.start, full, just))
			ret->size = line.start + full - ret->start;
		else if (is_end(data, &line) || (strict && ret->size && line.start < line.end))
			break;
		else
			foreign += line.start < line.end || !strict;
		if (line.next >= size)
			break;
		line_read(data, size, line.next, &line);
	}
	return ret->size > 0;
}

size_t carve_blocks_end(const uint8_t *data, size_t size, const struct carving *carving)
{
	struct line line;
	size_t end = carving->start + carving->size, at = end;
	while (carving->transfer == TRANSFER_BASE64 && at < size) {
		line_read(data, size, at, &line);
		/* A boundary looks like the alphabet for addresses. */
		bool dashes = line.end - line.start >= 2 && memcmp(data + line.start, "--", 2) == 0;
		if (!dashes && base64_letters(data, &line))
			end = line.end;
		else if (line.start < line.end)
			break;
		at = line.next;
	}
	return end;
}

bool carve_next(const uint8_t *data, size_t size, size_t *at, struct carving *ret_carving)
{
	struct line line;
	while (*at < size) {
		line_read(data, size, *at, &line);
		bool found = take_uuencode(data, size, &line, ret_carving);
		if (!found && base64_letters(data, &line)) {
			found = take_block(data, size, &line, ret_carving);
			/* What is no file as a whole is none from its second line on. */
			*at = ret_carving->start + ret_carving->size;
			if (!found)
				continue;
		}
		if (found) {
			*at = ret_carving->start + ret_carving->size;
			return true;
		}
		size_t in = *at > line.start ? *at : line.start;
		found = take_run(data, size, line.end, &in, ret_carving);
		*at = found || in > line.next ? in : line.next;
		if (found)
			return true;
	}
	return false;
}
