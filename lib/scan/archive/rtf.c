/*
 * rtf.c - objects in RTF: what stands as hexadecimal digits, or as plain bytes, behind \objdata, and the file in it.
 *
 * Writers of hostile documents break the digits by control words, groups, escapes and \bin, which Word reads over and scanners stumble at; where
 * readers differ, each reading is given. An object is an OLE 1.0 structure ([MS-OLEDS] 2.2.5) around a file from the packager, or around anything. What is
 * damaged is not told: Word opens such documents too. Called by walk.
 */
#include "scan/archive/walk.h"

#include "scan/mark.h"
#include "scan/transfer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Letters of a control word (RTF 1.9.1). */
#define WORD_MOST 32u
/* Digits of its number. */
#define NUMBER_MOST 10u

struct reader {
	const uint8_t *data;
	size_t size, at;
};

struct control {
	char word[WORD_MOST + 1]; /* "": a symbol */
	uint8_t symbol;
	size_t number; /* 0: none, or a negative one */
};

/* How the digits of an object are read. */
struct reading {
	bool groups;  /* those in groups within it count */
	bool escapes; /* those of \'hh count */
};

/* What was met, so that a reading in which it counts would differ. */
struct met {
	bool groups, escapes;
};

/* Behind a backslash. */
static void control_read(struct reader *reader, struct control *ret)
{
	size_t used = 0, digits = 0;
	*ret = (struct control){.number = 0};
	if (reader->at < reader->size && !isalpha(reader->data[reader->at])) {
		ret->symbol = reader->data[reader->at++];
		return;
	}
	for (; reader->at < reader->size && isalpha(reader->data[reader->at]); reader->at++)
		if (used < WORD_MOST)
			ret->word[used++] = (char)reader->data[reader->at];
	bool minus = reader->at < reader->size && reader->data[reader->at] == '-';
	reader->at += minus;
	for (; reader->at < reader->size && isdigit(reader->data[reader->at]); reader->at++)
		if (digits++ < NUMBER_MOST)
			ret->number = ret->number * 10 + (size_t)(reader->data[reader->at] - '0');
	ret->number = minus ? 0 : ret->number;
	reader->at += reader->at < reader->size && reader->data[reader->at] == ' ';
}

static void control_take(struct reader *reader, const struct reading *reading, struct transfer_digits *digits,
			 bool counts, struct met *met)
{
	struct control control;
	control_read(reader, &control);
	size_t left = reader->size - reader->at;
	if (strcmp(control.word, "bin") == 0) {
		size_t size = control.number < left ? control.number : left;
		if (counts)
			digits->failed |= size && buffer_append(digits->bytes, reader->data + reader->at, size) != 0;
		reader->at += size;
	} else if (control.symbol == '\'' && left >= 2 && isxdigit(reader->data[reader->at]) &&
		   isxdigit(reader->data[reader->at + 1])) {
		met->escapes = true;
		/* Else they are passed over. */
		for (unsigned i = 0; i < 2; i++, reader->at++)
			if (reading->escapes && counts)
				transfer_digit_add(digits, reader->data[reader->at]);
	}
}

/* Reads an object up to the end of its group. False: no memory. */
static bool object_read(struct reader *reader, const struct reading *reading, struct buffer *bytes, struct met *ret_met)
{
	struct transfer_digits digits = {.bytes = bytes};
	unsigned depth = 0;
	*ret_met = (struct met){false, false};
	while (reader->at < reader->size && !digits.failed) {
		uint8_t byte = reader->data[reader->at++];
		bool counts = !depth || reading->groups;
		if (byte == '}' && depth-- == 0)
			break;
		if (byte == '{') {
			depth++;
		} else if (byte == '\\') {
			control_take(reader, reading, &digits, counts, ret_met);
		} else if (isxdigit(byte)) {
			ret_met->groups |= depth > 0;
			if (counts)
				transfer_digit_add(&digits, byte);
		}
	}
	return !digits.failed;
}

/* --- what an object is ------------------------------------------------------------------------------------------- */

/* A text with its length before it, which counts the NUL. */
static bool text_read(struct reader *reader, const uint8_t **ret_text, size_t *ret_size)
{
	size_t left = reader->size - reader->at;
	uint32_t size = left >= 4 ? mark_le32(reader->data + reader->at) : UINT32_MAX;
	if (left < 4 || size > left - 4)
		return false;
	*ret_text = reader->data + reader->at + 4;
	*ret_size = size ? strnlen((const char *)*ret_text, size) : 0;
	reader->at += 4 + (size_t)size;
	return true;
}

/* A text up to its NUL. */
static bool string_read(struct reader *reader, const uint8_t **ret_text, size_t *ret_size)
{
	const uint8_t *text = reader->data + reader->at;
	const uint8_t *end = memchr(text, 0, reader->size - reader->at);
	if (!end)
		return false;
	*ret_text = text;
	*ret_size = (size_t)(end - text);
	reader->at += *ret_size + 1;
	return true;
}

/* Bytes with their length before them; those that are there. */
static bool block_read(struct reader *reader, struct reader *ret)
{
	size_t left = reader->size - reader->at;
	if (left < 4)
		return false;
	uint32_t size = mark_le32(reader->data + reader->at);
	*ret = (struct reader){reader->data + reader->at + 4, size < left - 4 ? size : left - 4, 0};
	return true;
}

static void give(struct walk *walk, const uint8_t *name, size_t name_size, const uint8_t *data, size_t size)
{
	struct member member;
	if (!size || !member_begin(walk, &member, (const char *)name, name_size, false))
		return;
	member_append(walk, &member, data, size);
	member_end(walk, &member);
}

/* The packager's: a label, where the file came from, and the file. False: it is none. */
static bool package_give(struct walk *walk, const struct reader *native)
{
	struct reader reader = *native, file;
	const uint8_t *label, *text;
	size_t label_size, size;
	reader.at = 2;
	if (reader.size < 2 || !string_read(&reader, &label, &label_size) || !string_read(&reader, &text, &size) ||
	    reader.size - reader.at < 4)
		return false;
	reader.at += 4;
	if (!text_read(&reader, &text, &size) || !block_read(&reader, &file))
		return false;
	give(walk, label, label_size, file.data, file.size);
	return true;
}

static void object_give(struct walk *walk, const struct buffer *bytes)
{
	struct reader reader = {bytes->data, bytes->size, 8}, native;
	const uint8_t *class, *text;
	size_t class_size, size;
	bool known = bytes->size >= 8 && text_read(&reader, &class, &class_size) && text_read(&reader, &text, &size) &&
		     text_read(&reader, &text, &size) && block_read(&reader, &native);
	bool package = known && class_size == 7 && strncasecmp((const char *)class, "Package", 7) == 0;
	if (package && package_give(walk, &native))
		return;
	if (known)
		give(walk, (const uint8_t *)"", 0, native.data, native.size);
	else
		give(walk, (const uint8_t *)"", 0, bytes->data, bytes->size);
}

/* All readings of the object that begins at the reader. Where it ends. */
static size_t object_walk(struct walk *walk, const struct reader *reader)
{
	size_t end = reader->size;
	struct met met = {false, false};
	for (unsigned i = 0; i < 4 && !walk->over; i++) {
		const struct reading reading = {.groups = !(i & 1), .escapes = i & 2};
		struct buffer bytes;
		/* In which nothing would be read otherwise. */
		if ((i & 1 && !met.groups) || (i & 2 && !met.escapes))
			continue;
		struct reader again = *reader;
		struct met now;
		buffer_init(&bytes, reader->size);
		if (!object_read(&again, &reading, &bytes, &now))
			walk_code(walk, DEC_RESULT_OUT_OF_MEMORY, "an object");
		else if (bytes.size)
			object_give(walk, &bytes);
		buffer_free(&bytes);
		if (i == 0) {
			end = again.at;
			met = now;
		}
	}
	return end;
}

void rtf_walk(struct walk *walk)
{
	struct reader reader = {walk->data, walk->size, 0};
	struct control control;
	/* An object may begin in another, which is read on; but nobody gets the same bytes read for ever. */
	uint64_t work = 8 * (uint64_t)walk->size;
	while (reader.at < reader.size && !walk->over) {
		const uint8_t *slash = memchr(reader.data + reader.at, '\\', reader.size - reader.at);
		if (!slash)
			break;
		reader.at = (size_t)(slash - reader.data) + 1;
		control_read(&reader, &control);
		if (strcmp(control.word, "objdata") != 0)
			continue;
		size_t end = object_walk(walk, &reader), read = end - reader.at;
		if (read > work)
			reader.at = end;
		else
			work -= read;
	}
}
