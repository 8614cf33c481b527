/*
 * header.c - the MIME fields of one header; see header.h.
 *
 * Refuses to call ambiguous what changes nothing: a field that is doubled word for word, two kinds of text, a blank behind
 * the name of a field that says "text/html". Called by mime.
 */
#include "scan/header.h"

#include "scan/transfer.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Longest value that is looked at, in bytes. */
#define VALUE_MOST    4096
#define BOUNDARY_MOST 128
/* Likewise of a name with all that does not belong in it. */
#define NAME_MOST 64

enum field { FIELD_OTHER, FIELD_TYPE, FIELD_ENCODING, FIELD_DISPOSITION };

/* What the type makes of a part. */
enum shape { SHAPE_UNKNOWN, SHAPE_TEXT, SHAPE_LEAF, SHAPE_MULTIPART, SHAPE_MESSAGE };

/* What the fields before this one said. */
struct header {
	struct evasion_list *list;
	enum shape shape;
	bool encoded; /* there was an encoding */
	enum transfer transfer;
	char boundary[BOUNDARY_MOST]; /* "" = none */
};

static const char *const names[] = {
	[FIELD_TYPE] = "content-type",
	[FIELD_ENCODING] = "content-transfer-encoding",
	[FIELD_DISPOSITION] = "content-disposition",
};

/* The MIME field that this is to a reader who passes over what cannot stand in a name; *ret_broken: there is such. */
static enum field field_of(const uint8_t *name, size_t size, bool *ret_broken)
{
	char plain[32];
	size_t length = 0;
	*ret_broken = false;
	for (size_t i = 0; i < size; i++) {
		if (name[i] <= ' ' || name[i] >= 0x7F) {
			*ret_broken = true;
			continue;
		}
		if (length == sizeof plain - 1)
			return FIELD_OTHER;
		plain[length++] = (char)tolower(name[i]);
	}
	plain[length] = '\0';
	for (int i = FIELD_TYPE; i <= FIELD_DISPOSITION; i++)
		if (strcmp(plain, names[i]) == 0)
			return (enum field)i;
	return FIELD_OTHER;
}

/* Does a MIME field begin here? */
static enum field field_at(const uint8_t *data, size_t size, size_t *ret_colon, bool *ret_broken)
{
	size_t most = size < NAME_MOST ? size : NAME_MOST;
	const uint8_t *colon = memchr(data, ':', most);
	const uint8_t *line = memchr(data, '\n', most);
	if (!colon || (line && line < colon))
		return FIELD_OTHER;
	*ret_colon = (size_t)(colon - data);
	return field_of(data, *ret_colon, ret_broken);
}

/* Length of a field with its continuations; 0: a blank line, or the end. */
static size_t field_length(const uint8_t *data, size_t size, size_t *ret_blank)
{
	size_t at = 0;
	*ret_blank = 0;
	while (at < size) {
		const uint8_t *end = memchr(data + at, '\n', size - at);
		size_t length = end ? (size_t)(end - (data + at)) + 1 : size - at;
		size_t text = length;
		while (text && (data[at + text - 1] == '\n' || data[at + text - 1] == '\r'))
			text--;
		if (!text) {
			*ret_blank = at ? 0 : length;
			return at;
		}
		if (at && data[at] != ' ' && data[at] != '\t')
			return at;
		at += length;
	}
	return at;
}

/* The value as a text: cut, and NULs as blanks. */
static void value_of(const uint8_t *data, size_t size, char ret_value[VALUE_MOST])
{
	size_t length = size < VALUE_MOST - 1 ? size : VALUE_MOST - 1;
	for (size_t i = 0; i < length; i++)
		ret_value[i] = data[i] ? (char)data[i] : ' ';
	ret_value[length] = '\0';
}

static enum shape shape_of(const char *value)
{
	value += strspn(value, " \t\r\n\"");
	if (strncasecmp(value, "multipart/", 10) == 0)
		return SHAPE_MULTIPART;
	if (strncasecmp(value, "message/rfc822", 14) == 0)
		return SHAPE_MESSAGE;
	if (strncasecmp(value, "text", 4) == 0)
		return SHAPE_TEXT;
	return strchr(value, '/') ? SHAPE_LEAF : SHAPE_UNKNOWN;
}

/* Behind the next ";" that stands in no quotes; NULL: there is none. */
static const char *parameter_next(const char *value)
{
	bool quoted = false;
	for (; *value; value++) {
		if (quoted && *value == '\\' && value[1])
			value++;
		else if (*value == '"')
			quoted = !quoted;
		else if (*value == ';' && !quoted)
			return value + 1;
	}
	return NULL;
}

/* The value of a parameter that begins here, if it is a boundary; else NULL. *ret_length is what of it counts. */
static const char *boundary_at(const char *parameter, size_t *ret_length)
{
	parameter += strspn(parameter, " \t\r\n");
	if (strncasecmp(parameter, "boundary", 8) != 0)
		return NULL;
	parameter += 8;
	parameter += strspn(parameter, " \t\r\n");
	if (*parameter != '=')
		return NULL;
	parameter++;
	parameter += strspn(parameter, " \t\r\n");
	if (*parameter == '"') {
		*ret_length = strcspn(parameter + 1, "\"");
		return parameter + 1;
	}
	*ret_length = strcspn(parameter, "; \t\r\n");
	return parameter;
}

static void judge_boundaries(struct header *header, const char *value)
{
	while ((value = parameter_next(value)) != NULL) {
		char boundary[BOUNDARY_MOST];
		size_t length;
		const char *found = boundary_at(value, &length);
		if (!found || !length)
			continue;
		(void)snprintf(boundary, sizeof boundary, "%.*s", length < 200 ? (int)length : 200, found);
		if (!*header->boundary)
			(void)strcpy(header->boundary, boundary);
		else if (strcmp(header->boundary, boundary) != 0)
			evasion_add(header->list, EVASION_ConflictingBoundary, "%.60s and %.60s", header->boundary,
				    boundary);
	}
}

static void judge_type(struct header *header, const char *value, bool broken)
{
	enum shape shape = shape_of(value);
	bool structure = shape == SHAPE_MULTIPART || shape == SHAPE_MESSAGE;
	if (shape == SHAPE_UNKNOWN)
		return;
	if (broken && shape != SHAPE_TEXT)
		evasion_add(header->list, EVASION_BrokenField, "Content-Type");
	bool before = header->shape == SHAPE_MULTIPART || header->shape == SHAPE_MESSAGE;
	if (header->shape != SHAPE_UNKNOWN && shape != header->shape && (structure || before))
		evasion_add(header->list, EVASION_ConflictingType, "%s",
			    shape == SHAPE_MULTIPART || header->shape == SHAPE_MULTIPART ? "one is a multipart"
											 : "one is a message");
	if (shape == SHAPE_MULTIPART)
		judge_boundaries(header, value);
	if (!structure && before)
		return;
	header->shape = shape;
}

static bool heavy(enum transfer transfer)
{
	return transfer == TRANSFER_BASE64 || transfer == TRANSFER_UUENCODE || transfer == TRANSFER_XXENCODE;
}

static void judge_encoding(struct header *header, const char *value, bool broken)
{
	enum transfer transfer = transfer_find(value);
	if (broken && heavy(transfer))
		evasion_add(header->list, EVASION_BrokenField, "Content-Transfer-Encoding");
	if (header->encoded && transfer != header->transfer && (heavy(transfer) || heavy(header->transfer)))
		evasion_add(header->list, EVASION_ConflictingEncoding, "%s",
			    transfer == TRANSFER_BASE64 || header->transfer == TRANSFER_BASE64 ? "one is base64"
											       : "one is uuencode");
	if (!header->encoded || heavy(transfer))
		header->transfer = transfer;
	header->encoded = true;
}

/* Carriage returns in the middle of lines, behind which a MIME field begins. */
static void judge_returns(struct header *header, const uint8_t *data, size_t size)
{
	size_t colon;
	bool broken;
	for (size_t at = 0; at + 1 < size; at++) {
		const uint8_t *mark = memchr(data + at, '\r', size - at - 1);
		if (!mark)
			return;
		at = (size_t)(mark - data);
		if (data[at + 1] != '\r' && data[at + 1] != '\n' &&
		    field_at(data + at + 1, size - at - 1, &colon, &broken) != FIELD_OTHER) {
			evasion_add(header->list, EVASION_BareReturn, "%s",
				    names[field_at(data + at + 1, size - at - 1, &colon, &broken)]);
			return;
		}
	}
}

static void judge_field(struct header *header, const uint8_t *data, size_t size)
{
	size_t colon;
	bool broken;
	char value[VALUE_MOST];
	judge_returns(header, data, size);
	enum field field = field_at(data, size, &colon, &broken);
	if (field == FIELD_OTHER)
		return;
	if (memchr(data, 0, size))
		evasion_add(header->list, EVASION_NulInField, "%s", names[field]);
	value_of(data + colon + 1, size - colon - 1, value);
	if (field == FIELD_TYPE)
		judge_type(header, value, broken);
	else if (field == FIELD_ENCODING)
		judge_encoding(header, value, broken);
}

size_t header_judge(const uint8_t *data, size_t size, const char *mark, struct evasion_list *list)
{
	struct header header = {.list = list};
	size_t at = 0, length, blank = 0, marked = mark ? strlen(mark) : 0;
	while (at < size && (length = field_length(data + at, size - at, &blank)) > 0) {
		if (mark && length >= marked && memcmp(data + at, mark, marked) == 0)
			break;
		judge_field(&header, data + at, length);
		at += length;
	}
	return at + blank;
}
