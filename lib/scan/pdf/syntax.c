/*
 * syntax.c - the syntax of PDF; see syntax.h.
 *
 * Never fails: what is no PDF has no dictionaries.
 */
#include "scan/pdf/syntax.h"

#include "scan/transfer.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Longest dictionary that is read where nothing else bounds the work, and deepest nesting in it: real ones have a few hundred bytes. */
#define DICTIONARY_MOST 65536u
#define DEPTH_MOST      32
/* Comments between "obj" and a dictionary, and their length. */
#define COMMENTS_MOST 8u
#define COMMENT_MOST  1024u

bool syntax_is_blank(uint8_t byte)
{
	return byte == 0 || byte == '\t' || byte == '\n' || byte == '\f' || byte == '\r' || byte == ' ';
}

static bool is_regular(uint8_t byte)
{
	return !syntax_is_blank(byte) && !strchr("()<>[]{}/%", byte);
}

void syntax_skip_blanks(struct syntax_cursor *cursor)
{
	while (cursor->at < cursor->size) {
		uint8_t byte = cursor->data[cursor->at];
		if (byte == '%')
			while (cursor->at < cursor->size && cursor->data[cursor->at] != '\n' &&
			       cursor->data[cursor->at] != '\r')
				cursor->at++;
		else if (syntax_is_blank(byte))
			cursor->at++;
		else
			return;
	}
}

bool syntax_next_is(const struct syntax_cursor *cursor, const char *text)
{
	size_t size = strlen(text);
	return cursor->size - cursor->at >= size && memcmp(cursor->data + cursor->at, text, size) == 0;
}

/* A name with its escapes undone; longer ones are cut. */
static void read_name(struct syntax_cursor *cursor, char ret_name[SYNTAX_NAME_MOST])
{
	size_t used = 0;
	cursor->at++;
	while (cursor->at < cursor->size && is_regular(cursor->data[cursor->at])) {
		int byte = cursor->data[cursor->at++];
		if (byte == '#' && cursor->size - cursor->at >= 2 && transfer_digit(cursor->data[cursor->at]) >= 0 &&
		    transfer_digit(cursor->data[cursor->at + 1]) >= 0) {
			byte = transfer_digit(cursor->data[cursor->at]) << 4 |
			       transfer_digit(cursor->data[cursor->at + 1]);
			cursor->at += 2;
		}
		if (used < SYNTAX_NAME_MOST - 1)
			ret_name[used++] = (char)byte;
	}
	ret_name[used] = '\0';
}

/* A text in parentheses, which may hold others. */
static void skip_text(struct syntax_cursor *cursor)
{
	unsigned depth = 0;
	for (; cursor->at < cursor->size; cursor->at++) {
		uint8_t byte = cursor->data[cursor->at];
		if (byte == '\\')
			cursor->at++;
		else if (byte == '(')
			depth++;
		else if (byte == ')' && --depth == 0)
			break;
	}
	cursor->at += cursor->at < cursor->size;
}

/* One token that is no name. */
static void skip_token(struct syntax_cursor *cursor)
{
	size_t before = cursor->at;
	if (cursor->data[cursor->at] == '(') {
		skip_text(cursor);
	} else if (cursor->data[cursor->at] == '<') {
		const uint8_t *end = memchr(cursor->data + cursor->at, '>', cursor->size - cursor->at);
		cursor->at = end ? (size_t)(end - cursor->data) + 1 : cursor->size;
	} else {
		while (cursor->at < cursor->size && is_regular(cursor->data[cursor->at]))
			cursor->at++;
	}
	if (cursor->at > cursor->size)
		cursor->at = cursor->size;
	cursor->at += cursor->at == before;
}

/* Moves over one token, which may open or close something; by how many levels. */
static int skip_level(struct syntax_cursor *cursor)
{
	char name[SYNTAX_NAME_MOST];
	uint8_t byte = cursor->data[cursor->at];
	if (syntax_next_is(cursor, "<<") || syntax_next_is(cursor, ">>")) {
		cursor->at += 2;
		return byte == '<' ? 1 : -1;
	}
	if (byte == '[' || byte == ']') {
		cursor->at++;
		return byte == '[' ? 1 : -1;
	}
	if (byte == '/')
		read_name(cursor, name);
	else
		skip_token(cursor);
	return 0;
}

/* Everything up to the next name of this dictionary, or its end. */
static struct syntax_span read_value(struct syntax_cursor *cursor)
{
	syntax_skip_blanks(cursor);
	size_t begin = cursor->at;
	int depth = 0;
	for (bool first = true; cursor->at < cursor->size; first = false) {
		syntax_skip_blanks(cursor);
		if (cursor->at >= cursor->size || depth > DEPTH_MOST)
			break;
		uint8_t byte = cursor->data[cursor->at];
		if (!depth && ((!first && byte == '/') || syntax_next_is(cursor, ">>")))
			break;
		depth += skip_level(cursor);
		if (depth < 0)
			break;
	}
	return (struct syntax_span){cursor->data + begin, cursor->at - begin};
}

/* Digits at the cursor, if a blank or the end follows them. */
static bool skip_number(struct syntax_cursor *cursor)
{
	size_t start = cursor->at;
	while (cursor->at < cursor->size && isdigit(cursor->data[cursor->at]))
		cursor->at++;
	size_t end = cursor->at;
	syntax_skip_blanks(cursor);
	return end > start && cursor->at > end;
}

bool syntax_item_next(struct syntax_cursor *cursor, struct syntax_span *ret_item)
{
	syntax_skip_blanks(cursor);
	if (cursor->at >= cursor->size)
		return false;
	size_t start = cursor->at, depth = 0;
	struct syntax_cursor reference = *cursor;
	if (skip_number(&reference) && skip_number(&reference) && syntax_next_is(&reference, "R")) {
		cursor->at = reference.at + 1;
	} else {
		do {
			int level = skip_level(cursor);
			depth += level > 0;
			depth -= level < 0 && depth;
			syntax_skip_blanks(cursor);
		} while (depth && cursor->at < cursor->size);
	}
	*ret_item = (struct syntax_span){cursor->data + start, cursor->at - start};
	return true;
}

void syntax_name(struct syntax_span item, char ret_name[SYNTAX_NAME_MOST])
{
	struct syntax_cursor cursor = {item.data, item.size, 0};
	ret_name[0] = '\0';
	if (item.size && item.data[0] == '/')
		read_name(&cursor, ret_name);
}

/* The digits at the cursor, and the blanks behind them; too large a number is UINT32_MAX. */
static uint32_t number_read(struct syntax_cursor *cursor)
{
	uint64_t number = 0;
	for (; cursor->at < cursor->size && isdigit(cursor->data[cursor->at]); cursor->at++)
		number = number > UINT32_MAX ? number : number * 10 + (unsigned)(cursor->data[cursor->at] - '0');
	syntax_skip_blanks(cursor);
	return number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

uint32_t syntax_number(struct syntax_span item, uint32_t missing)
{
	struct syntax_cursor cursor = {item.data, item.size, 0};
	uint32_t number = item.size && isdigit(item.data[0]) ? number_read(&cursor) : UINT32_MAX;
	return number == UINT32_MAX || syntax_is_reference(item) ? missing : number;
}

bool syntax_is_reference(struct syntax_span item)
{
	struct syntax_cursor cursor = {item.data, item.size, 0};
	return skip_number(&cursor) && skip_number(&cursor) && syntax_next_is(&cursor, "R");
}

static void note_type(struct syntax_dictionary *dictionary, struct syntax_span value)
{
	char name[SYNTAX_NAME_MOST];
	syntax_name(value, name);
	dictionary->xref |= strcmp(name, "XRef") == 0;
	dictionary->image |= strcmp(name, "Image") == 0;
}

static void note(struct syntax_dictionary *dictionary, const char *key, struct syntax_span value)
{
	const struct {
		const char *key;
		struct syntax_span *value;
	} values[] = {{"Encrypt", &dictionary->encrypt},      {"ID", &dictionary->id},
		      {"Filter", &dictionary->filter},        {"DecodeParms", &dictionary->parameters},
		      {"DP", &dictionary->parameters},        {"Length", &dictionary->length},
		      {"Width", &dictionary->width},          {"Height", &dictionary->height},
		      {"BitsPerComponent", &dictionary->bits}};
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		if (strcmp(key, values[i].key) == 0)
			*values[i].value = value;
	if (strcmp(key, "V") == 0)
		dictionary->version = true;
	else if (strcmp(key, "ImageMask") == 0)
		dictionary->mask = value.size && value.data[0] == 't';
	else if (strcmp(key, "Type") == 0 || strcmp(key, "Subtype") == 0)
		note_type(dictionary, value);
}

/* In so many bytes at most. */
static bool dictionary_read(struct syntax_cursor *all, uint64_t most, struct syntax_dictionary *ret)
{
	struct syntax_cursor cursor = *all;
	*ret = (struct syntax_dictionary){0};
	syntax_skip_blanks(&cursor);
	if (!syntax_next_is(&cursor, "<<"))
		return false;
	cursor.at += 2;
	if (cursor.size - cursor.at > most)
		cursor.size = cursor.at + (size_t)most;
	while (cursor.at < cursor.size) {
		char key[SYNTAX_NAME_MOST];
		syntax_skip_blanks(&cursor);
		if (cursor.at >= cursor.size || syntax_next_is(&cursor, ">>"))
			break;
		if (cursor.data[cursor.at] != '/') {
			skip_token(&cursor);
			continue;
		}
		read_name(&cursor, key);
		note(ret, key, read_value(&cursor));
	}
	all->at = cursor.at;
	return true;
}

bool syntax_dictionary_read(struct syntax_cursor *cursor, struct syntax_dictionary *ret)
{
	return dictionary_read(cursor, DICTIONARY_MOST, ret);
}

/* Back over blanks, and over comments where something stands before them. */
static size_t back_over_blanks(const uint8_t *data, size_t at)
{
	for (unsigned i = 0; i < COMMENTS_MOST; i++) {
		bool ended = false; /* the line before */
		for (; at && syntax_is_blank(data[at - 1]); at--)
			ended |= data[at - 1] == '\n' || data[at - 1] == '\r';
		size_t line = at;
		while (ended && line && at - line < COMMENT_MOST && data[line - 1] != '\n' && data[line - 1] != '\r')
			line--;
		const uint8_t *comment = line < at ? memchr(data + line, '%', at - line) : NULL;
		if (!comment)
			break;
		at = (size_t)(comment - data);
	}
	return at;
}

/* Behind "12 0 obj": is the word at `at` that of an object? */
static bool is_object(const uint8_t *data, size_t at)
{
	at = back_over_blanks(data, at);
	size_t digits = at;
	while (digits && isdigit(data[digits - 1]))
		digits--;
	return digits < at && digits && syntax_is_blank(data[digits - 1]);
}

static bool ends_with(const uint8_t *data, size_t at, const char *word)
{
	size_t size = strlen(word);
	return at >= size && memcmp(data + at - size, word, size) == 0;
}

/* The next word that a dictionary may follow, from the cursor on; at the dictionary. False: there is none. */
static bool find_next(struct syntax_cursor *cursor, bool *ret_trailer)
{
	while (cursor->at < cursor->size) {
		const uint8_t *at = memchr(cursor->data + cursor->at, '<', cursor->size - cursor->at);
		if (!at)
			return false;
		size_t found = (size_t)(at - cursor->data);
		cursor->at = found + 1;
		if (found + 1 >= cursor->size || at[1] != '<')
			continue;
		size_t before = back_over_blanks(cursor->data, found);
		*ret_trailer = ends_with(cursor->data, before, "trailer");
		if (*ret_trailer || (ends_with(cursor->data, before, "obj") && is_object(cursor->data, before - 3))) {
			cursor->at = found;
			return true;
		}
	}
	return false;
}

struct syntax_search syntax_search_begin(const uint8_t *data, size_t size)
{
	return (struct syntax_search){.cursor = {data, size, 0}, .work = 4 * (uint64_t)size};
}

bool syntax_search_next(struct syntax_search *search)
{
	if (!find_next(&search->cursor, &search->trailer))
		return false;
	search->start = search->cursor.at;
	/* A long one may have a stream behind it, too. */
	uint64_t most = search->work > DICTIONARY_MOST ? search->work : DICTIONARY_MOST;
	(void)dictionary_read(&search->cursor, most, &search->found);
	search->end = search->cursor.at;
	search->unread |= search->end < search->cursor.size && search->end - search->start - 2 >= most;
	if (search->end - search->start <= search->work) {
		search->work -= search->end - search->start;
		search->cursor.at = search->start + 2;
	}
	return true;
}

bool syntax_object_next(const uint8_t *data, size_t size, struct syntax_span reference, size_t *at)
{
	struct syntax_cursor cursor = {reference.data, reference.size, 0};
	char object[32];
	if (!syntax_is_reference(reference))
		return false;
	uint32_t number = number_read(&cursor), generation = number_read(&cursor);
	size_t length = (size_t)snprintf(object, sizeof object, "%lu %lu obj", (unsigned long)number,
					 (unsigned long)generation);
	while (*at < size) {
		const uint8_t *found = memmem(data + *at, size - *at, object, length);
		if (!found)
			return false;
		*at = (size_t)(found - data) + length;
		if (found == data || !isdigit(found[-1]))
			return true;
	}
	return false;
}
