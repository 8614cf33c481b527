/*
 * yenc.c - yEnc (version 1.3 of its draft): binary files in a text, between lines "=ybegin" and "=yend".
 *
 * Neither libclamav nor GMime reads it; news readers and some mail programs do. Every file in the text becomes a member.
 * Called by walk.
 */
#include "scan/archive/walk.h"

#include <stdlib.h>
#include <string.h>

#define STEP 4096u
/* The longest header line that is looked at, and the longest number in it. */
#define LINE_MOST   1024u
#define NUMBER_MOST 19u

/* One header line, as a text. */
struct header {
	char text[LINE_MOST];
};

/* Where the line at `at` ends, its end not counted. */
static size_t line_end(const uint8_t *data, size_t size, size_t at)
{
	while (at < size && data[at] != '\n' && data[at] != '\r')
		at++;
	return at;
}

static size_t line_next(const uint8_t *data, size_t size, size_t end)
{
	while (end < size && data[end] == '\r')
		end++;
	return end < size && data[end] == '\n' ? end + 1 : end;
}

static void header_read(const uint8_t *data, size_t end, size_t at, struct header *ret)
{
	size_t length = end - at < LINE_MOST - 1 ? end - at : LINE_MOST - 1;
	for (size_t i = 0; i < length; i++)
		ret->text[i] = data[at + i] ? (char)data[at + i] : '_';
	ret->text[length] = '\0';
}

/* The number behind " KEY="; -1: there is none. */
static long long header_number(const struct header *header, const char *key)
{
	const char *found = strstr(header->text, key);
	if (!found || found == header->text || found[-1] != ' ')
		return -1;
	found += strlen(key);
	size_t digits = strspn(found, "0123456789");
	return digits && digits < NUMBER_MOST ? strtoll(found, NULL, 10) : -1;
}

static bool starts(const uint8_t *data, size_t size, size_t at, const char *word)
{
	size_t length = strlen(word);
	return size - at >= length && memcmp(data + at, word, length) == 0;
}

/* One line of the body. */
static bool line_decode(struct walk *walk, struct member *member, size_t at, size_t end)
{
	uint8_t bytes[STEP];
	size_t count = 0;
	for (; at < end; at++) {
		uint8_t byte = walk->data[at];
		if (byte == '=' && at + 1 < end)
			byte = (uint8_t)(walk->data[++at] - 64);
		bytes[count++] = (uint8_t)(byte - 42);
		if (count == STEP) {
			if (!member_append(walk, member, bytes, count))
				return false;
			count = 0;
		}
	}
	return member_append(walk, member, bytes, count);
}

/* What the header says of the file, and whether that is what came. */
static void judge(struct member *member, const struct header *header, bool ended, bool full)
{
	long long total = header_number(header, "total="), part = header_number(header, "part=");
	long long size = header_number(header, "size=");
	if (total > 1 || part > 1)
		member_code(member, DEC_RESULT_FILE_SPLIT_ACROSS_CONTAINERS, "yEnc, part %lld", part);
	else if (!full && (!ended || (size >= 0 && (unsigned long long)size != member->bytes.size)))
		member_code(member, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "yEnc, %zu of %lld bytes%s",
			    member->bytes.size, size, ended ? "" : ", without an end");
}

/* The file whose first line begins at `at`; what is behind it. */
static size_t file_walk(struct walk *walk, size_t at)
{
	struct header header;
	struct member member;
	size_t end = line_end(walk->data, walk->size, at);
	header_read(walk->data, end, at, &header);
	const char *name = strstr(header.text, " name=");
	name = name ? name + strlen(" name=") : "";
	if (!member_begin(walk, &member, name, strlen(name), false))
		return walk->size;
	bool ended = false, more = true;
	for (at = line_next(walk->data, walk->size, end); at < walk->size && !ended;) {
		end = line_end(walk->data, walk->size, at);
		ended = starts(walk->data, walk->size, at, "=yend");
		if (starts(walk->data, walk->size, at, "=ybegin "))
			break;
		if (!ended && !starts(walk->data, walk->size, at, "=ypart "))
			more = more && line_decode(walk, &member, at, end);
		size_t next = line_next(walk->data, walk->size, end);
		at = next > at ? next : at + 1;
	}
	judge(&member, &header, ended, !more);
	member_end(walk, &member);
	return at;
}

void yenc_walk(struct walk *walk)
{
	size_t at = 0;
	while (!walk->over && at < walk->size) {
		const uint8_t *mark = memmem(walk->data + at, walk->size - at, "=ybegin ", 8);
		if (!mark)
			break;
		at = (size_t)(mark - walk->data);
		bool first = at == 0 || mark[-1] == '\n' || mark[-1] == '\r';
		at = first ? file_walk(walk, at) : at + 1;
	}
}
