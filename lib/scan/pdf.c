/*
 * pdf.c - encryption of a PDF that the engine does not notice, and streams that it does not undo; see pdf.h.
 *
 * For encryption, reads the dictionaries behind "trailer", and those of cross-reference streams. Words in a text are not taken for encryption:
 * what is named must be an object that looks like it. Decrypts nothing, and undoes nothing.
 */
#include "scan/pdf.h"

#include "scan/transfer.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* Where the engine looks: so many bytes before the end. */
#define ENGINE_LOOKS 2048u
/* Longest dictionary that is read, and deepest nesting in it: real ones have a few hundred bytes. */
#define DICTIONARY_MOST 65536u
#define DEPTH_MOST      32
/* Claims of encryption that are looked into, and objects that one may name: each look costs a search. */
#define CLAIMS_MOST  16u
#define OBJECTS_MOST 64u
/* Longest value of a key that is passed on. */
#define VALUE_MOST 1024u
#define NAME_MOST  32u

struct span {
	const uint8_t *data;
	size_t size;
};

/* What a dictionary says, as far as it matters. */
struct dictionary {
	struct span encrypt, id, filter_value, parameters; /* values; size 0: there is none */
	bool xref;                                         /* /Type /XRef */
	bool objects;                                      /* /Type /ObjStm */
	bool image;                                        /* /Subtype /Image */
	bool filter;                                       /* has a /Filter */
	bool version;                                      /* has a /V */
};

struct cursor {
	const uint8_t *data;
	size_t size, at;
};

static bool is_blank(uint8_t byte)
{
	return byte == 0 || byte == '\t' || byte == '\n' || byte == '\f' || byte == '\r' || byte == ' ';
}

static bool is_regular(uint8_t byte)
{
	return !is_blank(byte) && !strchr("()<>[]{}/%", byte);
}

static void skip_blanks(struct cursor *cursor)
{
	while (cursor->at < cursor->size) {
		uint8_t byte = cursor->data[cursor->at];
		if (byte == '%')
			while (cursor->at < cursor->size && cursor->data[cursor->at] != '\n' &&
			       cursor->data[cursor->at] != '\r')
				cursor->at++;
		else if (is_blank(byte))
			cursor->at++;
		else
			return;
	}
}

static bool next_is(const struct cursor *cursor, const char *text)
{
	size_t size = strlen(text);
	return cursor->size - cursor->at >= size && memcmp(cursor->data + cursor->at, text, size) == 0;
}

/* A name with its escapes undone; longer ones are cut. */
static void read_name(struct cursor *cursor, char ret_name[NAME_MOST])
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
		if (used < NAME_MOST - 1)
			ret_name[used++] = (char)byte;
	}
	ret_name[used] = '\0';
}

/* A text in parentheses, which may hold others. */
static void skip_text(struct cursor *cursor)
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
static void skip_token(struct cursor *cursor)
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

/* Everything up to the next name of this dictionary, or its end. */
static struct span read_value(struct cursor *cursor)
{
	skip_blanks(cursor);
	size_t begin = cursor->at;
	int depth = 0;
	for (bool first = true; cursor->at < cursor->size; first = false) {
		skip_blanks(cursor);
		if (cursor->at >= cursor->size || depth > DEPTH_MOST)
			break;
		char name[NAME_MOST];
		uint8_t byte = cursor->data[cursor->at];
		if (!depth && !first && (byte == '/' || next_is(cursor, ">>")))
			break;
		if (!depth && first && next_is(cursor, ">>"))
			break;
		if (next_is(cursor, "<<") || next_is(cursor, ">>")) {
			depth += byte == '<' ? 1 : -1;
			cursor->at += 2;
		} else if (byte == '[' || byte == ']') {
			depth += byte == '[' ? 1 : -1;
			cursor->at++;
		} else if (byte == '/') {
			read_name(cursor, name);
		} else {
			skip_token(cursor);
		}
		if (depth < 0)
			break;
	}
	return (struct span){cursor->data + begin, cursor->at - begin};
}

static void note(struct dictionary *dictionary, const char *key, struct span value)
{
	char name[NAME_MOST];
	if (strcmp(key, "Encrypt") == 0) {
		dictionary->encrypt = value;
	} else if (strcmp(key, "ID") == 0) {
		dictionary->id = value;
	} else if (strcmp(key, "Filter") == 0) {
		dictionary->filter = true;
		dictionary->filter_value = value;
	} else if (strcmp(key, "DecodeParms") == 0 || strcmp(key, "DP") == 0) {
		dictionary->parameters = value;
	} else if (strcmp(key, "V") == 0) {
		dictionary->version = true;
	} else if (value.size && value.data[0] == '/' && (strcmp(key, "Type") == 0 || strcmp(key, "Subtype") == 0)) {
		struct cursor cursor = {value.data, value.size, 0};
		read_name(&cursor, name);
		dictionary->xref |= strcmp(name, "XRef") == 0;
		dictionary->objects |= strcmp(name, "ObjStm") == 0;
		dictionary->image |= strcmp(name, "Image") == 0;
	}
}

/* The dictionary that stands at the cursor, blanks aside. False: there is none. */
static bool read_dictionary(struct cursor *all, struct dictionary *ret)
{
	struct cursor cursor = *all;
	*ret = (struct dictionary){0};
	skip_blanks(&cursor);
	if (!next_is(&cursor, "<<"))
		return false;
	cursor.at += 2;
	if (cursor.size - cursor.at > DICTIONARY_MOST)
		cursor.size = cursor.at + DICTIONARY_MOST;
	while (cursor.at < cursor.size) {
		char key[NAME_MOST];
		skip_blanks(&cursor);
		if (cursor.at >= cursor.size || next_is(&cursor, ">>"))
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

/* Behind "12 0 obj": is the word at `at` that of an object? */
static bool is_object(const uint8_t *data, size_t at)
{
	while (at && is_blank(data[at - 1]))
		at--;
	size_t digits = at;
	while (digits && isdigit(data[digits - 1]))
		digits--;
	return digits < at && digits && is_blank(data[digits - 1]);
}

/* Does "12 0 R" name an object here that says how something is encrypted? */
static bool names_encryption(const uint8_t *data, size_t size, struct span reference)
{
	char object[64];
	size_t used = 0;
	bool blank = false;
	for (size_t i = 0; i < reference.size && reference.data[i] != 'R'; i++) {
		if (!isdigit(reference.data[i]) && !is_blank(reference.data[i]))
			return false;
		if (isdigit(reference.data[i]) && used < sizeof object - 8) {
			if (blank && used)
				object[used++] = ' ';
			object[used++] = (char)reference.data[i];
		}
		blank = is_blank(reference.data[i]);
	}
	memcpy(object + used, " obj", 4);
	used += 4;
	unsigned looks = OBJECTS_MOST;
	for (size_t at = 0; at < size;) {
		const uint8_t *found = looks-- ? memmem(data + at, size - at, object, used) : NULL;
		if (!found)
			return false;
		at = (size_t)(found - data) + used;
		struct cursor cursor = {data, size, at};
		struct dictionary dictionary;
		if (found != data && isdigit(found[-1]))
			continue;
		if (read_dictionary(&cursor, &dictionary) && dictionary.filter && dictionary.version)
			return true;
	}
	return false;
}

/* Does the engine see the word? It looks from the end of the file up to its last end mark. */
static bool engine_sees(const uint8_t *data, size_t size)
{
	const uint8_t *from = size > ENGINE_LOOKS ? data + size - ENGINE_LOOKS : data;
	const uint8_t *end = NULL, *at = from;
	while ((at = memmem(at, (size_t)(data + size - at), "%%EOF", 5)))
		end = at++;
	return end && memmem(from, (size_t)(end - from), "startxref", 9) &&
	       memmem(from, (size_t)(data + size - from), "/Encrypt", 8);
}

/* The same words once more, where the engine looks. 0 or -errno. */
static int write_tail(const struct dictionary *dictionary, struct buffer *tail)
{
	static const char begin[] = "\ntrailer\n<< /Encrypt ", id[] = "\n/ID ";
	static const char end[] = "\n>>\nstartxref\n0\n%%EOF\n";
	int error = buffer_append(tail, begin, sizeof begin - 1);
	error = error ? error : buffer_append(tail, dictionary->encrypt.data, dictionary->encrypt.size);
	if (!error && dictionary->id.size && dictionary->id.size <= VALUE_MOST) {
		error = buffer_append(tail, id, sizeof id - 1);
		error = error ? error : buffer_append(tail, dictionary->id.data, dictionary->id.size);
	}
	return error ? error : buffer_append(tail, end, sizeof end - 1);
}

static enum pdf_encryption judge(const uint8_t *data, size_t size, const struct dictionary *found, struct buffer *tail)
{
	bool reference = isdigit(found->encrypt.data[0]);
	if (reference && !names_encryption(data, size, found->encrypt))
		return PDF_PLAIN;
	if (!reference && !(found->encrypt.size > 2 && memcmp(found->encrypt.data, "<<", 2) == 0))
		return PDF_PLAIN;
	return reference && found->encrypt.size <= VALUE_MOST && write_tail(found, tail) == 0 ? PDF_HIDDEN
											      : PDF_CRYPTIC;
}

/* The next word that a dictionary may follow, from the cursor on; behind it. False: there is none. */
static bool find_next(struct cursor *cursor, bool *ret_trailer)
{
	while (cursor->at < cursor->size) {
		const uint8_t *at = memchr(cursor->data + cursor->at, '<', cursor->size - cursor->at);
		if (!at)
			return false;
		size_t found = (size_t)(at - cursor->data), before = found;
		cursor->at = found + 1;
		if (found + 1 >= cursor->size || at[1] != '<')
			continue;
		while (before && is_blank(cursor->data[before - 1]))
			before--;
		*ret_trailer = before >= 7 && memcmp(cursor->data + before - 7, "trailer", 7) == 0;
		bool object = before >= 3 && memcmp(cursor->data + before - 3, "obj", 3) == 0 &&
			      is_object(cursor->data, before - 3);
		if (*ret_trailer || object) {
			cursor->at = found;
			return true;
		}
	}
	return false;
}

/* All dictionaries of objects and trailers, one by one. */
struct search {
	struct cursor cursor;
	/* What stands in a text may be a dictionary to those who begin there; but nobody gets the same bytes read for ever. */
	uint64_t work;
	struct dictionary found;
	size_t end;   /* of it */
	bool trailer; /* it is that of one */
};

static struct search search_begin(const uint8_t *data, size_t size)
{
	return (struct search){.cursor = {data, size, 0}, .work = 4 * (uint64_t)size};
}

static bool search_next(struct search *search)
{
	if (!find_next(&search->cursor, &search->trailer))
		return false;
	size_t before = search->cursor.at;
	(void)read_dictionary(&search->cursor, &search->found);
	search->end = search->cursor.at;
	if (search->end - before <= search->work) {
		search->work -= search->end - before;
		search->cursor.at = before + 2;
	}
	return true;
}

enum pdf_encryption pdf_encryption(const uint8_t *data, size_t size, struct buffer *ret_tail)
{
	struct search search = search_begin(data, size);
	unsigned claims = CLAIMS_MOST;
	buffer_init(ret_tail, 8 * VALUE_MOST);
	if (engine_sees(data, size))
		return PDF_PLAIN;
	while (search_next(&search)) {
		if (!search.found.encrypt.size || (!search.trailer && !search.found.xref))
			continue;
		enum pdf_encryption answer = judge(data, size, &search.found, ret_tail);
		if (answer != PDF_PLAIN)
			return answer;
		if (!--claims)
			return PDF_CRYPTIC;
	}
	return PDF_PLAIN;
}

/* "12 0 R", or an array that begins with one. */
static bool is_elsewhere(struct span value)
{
	struct cursor cursor = {value.data, value.size, 0};
	if (value.size && value.data[0] == '[')
		cursor.at++;
	skip_blanks(&cursor);
	return cursor.at < cursor.size && isdigit(cursor.data[cursor.at]);
}

/* Does it name a predictor that is one? The engine does not read these parameters. */
static bool is_predicted(struct span value)
{
	struct cursor cursor = {value.data, value.size, 0};
	char name[NAME_MOST];
	if (is_elsewhere(value))
		return true;
	while (cursor.at < cursor.size) {
		if (cursor.data[cursor.at] != '/') {
			cursor.at++;
			continue;
		}
		read_name(&cursor, name);
		if (strcmp(name, "Predictor") != 0)
			continue;
		skip_blanks(&cursor);
		unsigned number = 0;
		for (; cursor.at < cursor.size && isdigit(cursor.data[cursor.at]) && number < 100; cursor.at++)
			number = number * 10 + (unsigned)(cursor.data[cursor.at] - '0');
		if (number > 1)
			return true;
	}
	return false;
}

const char *pdf_unread_stream(const uint8_t *data, size_t size)
{
	struct search search = search_begin(data, size);
	while (search_next(&search)) {
		const struct dictionary *found = &search.found;
		struct cursor behind = {data, size, search.end};
		behind.at += next_is(&behind, ">>") ? 2 : 0;
		skip_blanks(&behind);
		if (!next_is(&behind, "stream"))
			continue;
		if (is_elsewhere(found->filter_value))
			return "a stream of a PDF whose filter stands elsewhere";
		if (!found->xref && !found->objects && !found->image && is_predicted(found->parameters))
			return "a stream of a PDF with a predictor";
	}
	return NULL;
}
