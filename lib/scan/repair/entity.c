/*
 * entity.c - where things stand in a message; see entity.h. Refuses to guess: a boundary that is not written plainly is none.
 */
#include "scan/repair/entity.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Longest value of a field that is looked at, in bytes. */
#define VALUE_MOST 4096u
/* Lines in front of the first field of a message that are passed over. */
#define LEADING_LINES_MOST 20u

struct lines lines_of(const uint8_t *data, size_t size)
{
	bool cr = size && !memchr(data, '\n', size) && memchr(data, '\r', size);
	return (struct lines){data, size, cr};
}

const char *lines_end(const struct lines *lines)
{
	const uint8_t *lf = lines->size ? memchr(lines->data, '\n', lines->size) : NULL;
	if (lines->cr)
		return "\r";
	return lf && lf > lines->data && lf[-1] == '\r' ? "\r\n" : "\n";
}

size_t lines_next(const struct lines *lines, size_t at, size_t end)
{
	const uint8_t *stop = at < end ? memchr(lines->data + at, lines->cr ? '\r' : '\n', end - at) : NULL;
	return stop ? (size_t)(stop - lines->data) + 1 : end;
}

/* Does the line hold nothing but its end? */
static bool is_blank(const struct lines *lines, size_t at, size_t next)
{
	while (at < next && (lines->data[at] == '\r' || lines->data[at] == '\n'))
		at++;
	return at == next;
}

/* Length of the name of the field that begins here; 0: none does. */
static size_t field_name(const struct lines *lines, size_t at, size_t end)
{
	size_t start = at;
	while (at < end && lines->data[at] > ' ' && lines->data[at] < 0x7f && lines->data[at] != ':')
		at++;
	size_t length = at - start;
	while (at < end && (lines->data[at] == ' ' || lines->data[at] == '\t'))
		at++;
	return at < end && lines->data[at] == ':' ? length : 0;
}

size_t lines_next_message(const struct lines *lines, size_t at)
{
	const uint8_t *data = lines->data;
	while (at < lines->size) {
		const uint8_t *hit = memmem(data + at, lines->size - at, "\nFrom ", 6);
		if (!hit)
			break;
		size_t before = (size_t)(hit - data), line = before + 1;
		size_t next = lines_next(lines, line, lines->size);
		bool blank = before && (data[before - 1] == '\n' ||
					(before > 1 && data[before - 1] == '\r' && data[before - 2] == '\n'));
		if (blank && field_name(lines, next, lines->size))
			return line;
		at = line;
	}
	return lines->size;
}

size_t entity_field(const struct lines *lines, size_t at, size_t end)
{
	do
		at = lines_next(lines, at, end);
	while (at < end && (lines->data[at] == ' ' || lines->data[at] == '\t'));
	return at;
}

bool entity_field_is(const struct lines *lines, size_t at, size_t end, const char *name)
{
	size_t length = field_name(lines, at, end), wanted = strlen(name);
	bool beginning = wanted && name[wanted - 1] == '-';
	if (beginning ? length < wanted : length != wanted)
		return false;
	return strncasecmp((const char *)lines->data + at, name, wanted) == 0;
}

/* What stands behind the colon, NULs as blanks, cut. */
static void field_value(const struct lines *lines, size_t at, size_t end, char ret_value[VALUE_MOST])
{
	const uint8_t *colon = memchr(lines->data + at, ':', end - at);
	size_t start = colon ? (size_t)(colon - lines->data) + 1 : end;
	size_t size = end - start < VALUE_MOST - 1 ? end - start : VALUE_MOST - 1;
	for (size_t i = 0; i < size; i++)
		ret_value[i] = lines->data[start + i] ? (char)lines->data[start + i] : ' ';
	ret_value[size] = '\0';
}

/* A value in quotes or without; how long it is with them. Line ends in it are dropped. */
static size_t take_value(const char *from, char *ret_value, size_t room)
{
	size_t at = 0, used = 0;
	bool quoted = from[0] == '"';
	for (at = quoted; from[at]; at++) {
		if (quoted ? from[at] == '"' : strchr("; \t\r\n", from[at]) != NULL)
			break;
		if (from[at] == '\r' || from[at] == '\n')
			continue;
		if (quoted && from[at] == '\\' && from[at + 1])
			at++;
		if (used < room - 1)
			ret_value[used++] = from[at];
	}
	ret_value[used] = '\0';
	return at + (quoted && from[at] == '"');
}

/* The parameter of that name; "" if there is none, or it does not fit. */
static void parameter(const char *value, const char *name, char *ret_value, size_t room)
{
	char found[VALUE_MOST];
	ret_value[0] = '\0';
	value += strcspn(value, ";\"");
	while (*value == ';') {
		value += 1 + strspn(value + 1, " \t\r\n");
		size_t length = strcspn(value, "=; \t\r\n");
		bool wanted = length == strlen(name) && strncasecmp(value, name, length) == 0;
		value += length + strspn(value + length, " \t\r\n");
		if (*value != '=')
			continue;
		value += 1 + strspn(value + 1, " \t\r\n");
		value += take_value(value, found, sizeof found);
		if (wanted && strlen(found) < room) {
			(void)strcpy(ret_value, found);
			return;
		}
		value += strcspn(value, ";");
	}
}

static void lower(char *text)
{
	for (; *text; text++)
		*text = (char)tolower((unsigned char)*text);
}

static void take_type(const char *value, struct entity *entity)
{
	value += strspn(value, " \t\r\n");
	size_t length = strcspn(value, "; \t\r\n");
	if (length && length < sizeof entity->type) {
		memcpy(entity->type, value, length);
		entity->type[length] = '\0';
		lower(entity->type);
	}
	parameter(value, "boundary", entity->boundary, sizeof entity->boundary);
	parameter(value, "protocol", entity->protocol, sizeof entity->protocol);
	lower(entity->protocol);
}

/* One field of the header; the first of each kind counts. */
static void take_field(const struct lines *lines, size_t at, size_t end, struct entity *entity)
{
	char value[VALUE_MOST];
	field_value(lines, at, end, value);
	if (entity_field_is(lines, at, end, "content-type") && !*entity->type) {
		take_type(value, entity);
	} else if (entity_field_is(lines, at, end, "content-transfer-encoding") &&
		   entity->encoding_start == entity->encoding_end) {
		entity->transfer = transfer_find(value);
		entity->encoding_start = at;
		entity->encoding_end = end;
	}
	entity->version |= entity_field_is(lines, at, end, "mime-version");
	entity->dkim |= entity_field_is(lines, at, end, "dkim-signature");
	entity->arc |= entity_field_is(lines, at, end, "arc-");
}

/* Where the first field of a message begins: behind a byte order mark, blank lines, "From " lines and a few that are nothing. */
static size_t fields_find(const struct lines *lines, size_t start, size_t end)
{
	size_t at = end - start >= 3 && memcmp(lines->data + start, "\xef\xbb\xbf", 3) == 0 ? start + 3 : start;
	for (unsigned i = 0; i < LEADING_LINES_MOST && at < end; i++) {
		if (field_name(lines, at, end))
			return at;
		at = lines_next(lines, at, end);
	}
	return start;
}

void entity_read(const struct lines *lines, size_t start, size_t end, bool message, struct entity *ret_entity)
{
	struct entity *entity = ret_entity;
	*entity = (struct entity){.start = start, .end = end, .fields = end, .body = end};
	size_t at = message ? fields_find(lines, start, end) : start;
	while (at < end) {
		size_t next = lines_next(lines, at, end);
		if (is_blank(lines, at, next)) {
			entity->blank = true;
			entity->body = next;
			break;
		}
		next = entity_field(lines, at, end);
		if (field_name(lines, at, next)) {
			entity->fields = entity->fields == end ? at : entity->fields;
			take_field(lines, at, next, entity);
		}
		at = next;
	}
	if (entity->fields == end)
		entity->fields = entity->body;
}

bool entity_is_message(const struct entity *entity)
{
	return !strcmp(entity->type, "message/rfc822") || !strcmp(entity->type, "message/global") ||
	       !strcmp(entity->type, "message/news") || !strcmp(entity->type, "message/rfc2822");
}

bool entity_is_multipart(const struct entity *entity)
{
	return !strncmp(entity->type, "multipart/", 10) && *entity->boundary;
}

/* --- parts of a multipart --------------------------------------------------------------------------------------- */

enum delimiter { DELIMITER_NONE, DELIMITER_NEXT, DELIMITER_LAST };

/* Is the line one of the multipart's delimiters? */
static enum delimiter delimiter_at(const struct lines *lines, size_t at, size_t next, const char *boundary)
{
	size_t length = strlen(boundary);
	if (next - at < length + 2 || memcmp(lines->data + at, "--", 2) != 0 ||
	    memcmp(lines->data + at + 2, boundary, length) != 0)
		return DELIMITER_NONE;
	at += length + 2;
	bool last = next - at >= 2 && memcmp(lines->data + at, "--", 2) == 0;
	at += last ? 2 : 0;
	while (at < next && strchr(" \t\r\n", lines->data[at]) && lines->data[at])
		at++;
	return at < next ? DELIMITER_NONE : last ? DELIMITER_LAST : DELIMITER_NEXT;
}

/* The next delimiter from `at` on: where it begins, `*ret_next` behind it; `end` and DELIMITER_NONE if there is none. */
static size_t delimiter_find(const struct lines *lines, size_t at, size_t end, const char *boundary, size_t *ret_next,
			     enum delimiter *ret_kind)
{
	*ret_kind = DELIMITER_NONE;
	*ret_next = end;
	while (at < end) {
		size_t next = lines_next(lines, at, end);
		*ret_kind = delimiter_at(lines, at, next, boundary);
		if (*ret_kind != DELIMITER_NONE) {
			*ret_next = next;
			return at;
		}
		at = next;
	}
	return end;
}

void entity_parts_begin(const struct lines *lines, const struct entity *multipart, struct entity_parts *ret_parts)
{
	enum delimiter kind;
	*ret_parts = (struct entity_parts){.lines = lines, .multipart = multipart, .epilogue = multipart->end};
	ret_parts->preamble =
		delimiter_find(lines, multipart->body, multipart->end, multipart->boundary, &ret_parts->at, &kind);
	ret_parts->closed = kind != DELIMITER_NEXT;
	if (kind == DELIMITER_LAST)
		ret_parts->epilogue = ret_parts->at;
}

bool entity_parts_next(struct entity_parts *parts, size_t *ret_start, size_t *ret_end)
{
	enum delimiter kind;
	size_t next;
	if (parts->closed)
		return false;
	*ret_start = parts->at;
	size_t at = delimiter_find(parts->lines, parts->at, parts->multipart->end, parts->multipart->boundary, &next,
				   &kind);
	parts->closed = kind != DELIMITER_NEXT;
	parts->at = next;
	if (kind == DELIMITER_LAST)
		parts->epilogue = next;
	/* The line end in front of a delimiter is its own. */
	const uint8_t *data = parts->lines->data;
	if (kind != DELIMITER_NONE && at > *ret_start && data[at - 1] == '\n')
		at--;
	if (kind != DELIMITER_NONE && at > *ret_start && data[at - 1] == '\r')
		at--;
	*ret_end = at;
	return true;
}
