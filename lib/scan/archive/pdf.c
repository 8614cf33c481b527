/*
 * pdf.c - streams of a PDF as viewers read them, where the engine reads something else or nothing.
 *
 * The engine stumbles at comments and texts in dictionaries, at filters that stand in another object, at predictors and at /Crypt, and believes
 * a stream that it is a picture. Each stream is undone here too, which costs a part of what the engine's look at it costs, and what the engine
 * saw already is not given again. Pictures that are as long as their size says, or left to a codec of pictures, are believed, unless they begin like a file or are text.
 * Streams of an encrypted file are given as they are, unless the engine undoes them. Called by walk.
 */
#include "scan/archive/filter.h"
#include "scan/archive/walk.h"

#include "scan/pdf/syntax.h"
#include "scan/reading.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Filters of one stream; real ones have one or two. */
#define FILTERS_MOST 16u
/* Objects that are looked for: each look is a search. */
#define LOOKS_MOST 256u
/* How often the bytes of a file may be a part of streams that overlap. */
#define OVERLAP_MOST 8u
/* Bytes behind a picture that are none. */
#define PICTURE_SLACK 16u
#define COLOURS_MOST  32u

/* A word, and where it stands next from where it was looked for last; SIZE_MAX: nowhere. */
struct word {
	const char *text;
	size_t asked, found;
};

struct reader {
	struct walk *walk;
	unsigned looks;      /* left */
	uint64_t work;       /* bytes of streams that may still be read */
	uint64_t most, left; /* bytes of one stream, and of all, that may come out */
	struct word ending, closing;
	struct syntax_span asked, found; /* the last reference, and what it names */
};

struct stream {
	const uint8_t *data;
	size_t start, size; /* of what stands in the file */
	bool cut;
	unsigned filter_count;
	enum filter filters[FILTERS_MOST];
	struct filter_parameters parameters[FILTERS_MOST];
	bool unread;  /* what is to be done stands where it is not found */
	bool picture; /* what is left is for a codec of pictures */
};

/* What an item is, behind a reference. One that is not found is empty. */
static struct syntax_span resolve(struct reader *reader, struct syntax_span item)
{
	const struct walk *walk = reader->walk;
	size_t at = 0;
	if (!syntax_is_reference(item))
		return item;
	if (reader->asked.size == item.size && memcmp(reader->asked.data, item.data, item.size) == 0)
		return reader->found;
	reader->asked = item;
	reader->found = (struct syntax_span){NULL, 0};
	if (!reader->looks)
		return reader->found;
	reader->looks--;
	if (syntax_object_next(walk->data, walk->size, item, &at)) {
		struct syntax_cursor cursor = {walk->data, walk->size, at};
		(void)syntax_item_next(&cursor, &reader->found);
	}
	return reader->found;
}

/* The first item of an array, and then each that follows; an item that is none is the only one. */
static bool list_next(struct syntax_cursor *list, struct syntax_span *ret_item)
{
	if (!list->at && list->size && list->data[0] == '[')
		list->at = 1;
	return syntax_item_next(list, ret_item) && ret_item->data[0] != ']';
}

static uint32_t parameter(struct reader *reader, struct syntax_span item, uint32_t missing)
{
	return syntax_number(resolve(reader, item), missing);
}

static struct filter_parameters parameters_read(struct reader *reader, struct syntax_span item)
{
	struct filter_parameters parameters = {.predictor = 1, .columns = 1, .colours = 1, .bits = 8};
	struct syntax_span dictionary = resolve(reader, item), value;
	struct syntax_cursor cursor = {dictionary.data, dictionary.size, 2};
	if (dictionary.size < 4 || memcmp(dictionary.data, "<<", 2) != 0)
		return parameters;
	char name[SYNTAX_NAME_MOST];
	while (syntax_item_next(&cursor, &value)) {
		syntax_name(value, name);
		if (!*name || !syntax_item_next(&cursor, &value))
			continue;
		if (strcmp(name, "Predictor") == 0)
			parameters.predictor = parameter(reader, value, 1);
		else if (strcmp(name, "Columns") == 0)
			parameters.columns = parameter(reader, value, 1);
		else if (strcmp(name, "Colors") == 0)
			parameters.colours = parameter(reader, value, 1);
		else if (strcmp(name, "BitsPerComponent") == 0)
			parameters.bits = parameter(reader, value, 8);
		else if (strcmp(name, "EarlyChange") == 0)
			parameters.late = parameter(reader, value, 1) == 0;
	}
	return parameters;
}

static void filters_read(struct reader *reader, const struct syntax_dictionary *dictionary, struct stream *stream)
{
	struct syntax_span filters = resolve(reader, dictionary->filter), item;
	struct syntax_span parameters = resolve(reader, dictionary->parameters);
	struct syntax_cursor list = {filters.data, filters.size, 0}, with = {parameters.data, parameters.size, 0};
	char name[SYNTAX_NAME_MOST];
	stream->unread = dictionary->filter.size && !filters.size;
	while (list_next(&list, &item)) {
		struct syntax_span own = {NULL, 0};
		(void)list_next(&with, &own);
		syntax_name(resolve(reader, item), name);
		enum filter filter = filter_find(name);
		if (item.size >= 4 && memcmp(item.data, "null", 4) == 0)
			continue;
		stream->unread |= filter == FILTER_UNKNOWN || stream->filter_count == FILTERS_MOST;
		stream->picture = filter == FILTER_PICTURE;
		if (filter == FILTER_PICTURE || filter == FILTER_UNKNOWN || stream->filter_count == FILTERS_MOST)
			break;
		bool predicts = filter == FILTER_FLATE || filter == FILTER_LZW;
		stream->unread |= predicts && dictionary->parameters.size && !parameters.size && !dictionary->image;
		stream->filters[stream->filter_count] = filter;
		stream->parameters[stream->filter_count++] = parameters_read(reader, own);
	}
}

/* --- where it stands --------------------------------------------------------------------------------------------- */

static size_t word_find(struct word *word, const struct walk *walk, size_t from)
{
	if (from < word->asked || from > word->found) {
		const uint8_t *found = memmem(walk->data + from, walk->size - from, word->text, strlen(word->text));
		word->asked = from;
		word->found = found ? (size_t)(found - walk->data) : SIZE_MAX;
	}
	return word->found;
}

/* Does "endstream" follow there, or the end of the object? */
static bool ends_at(const struct walk *walk, size_t at)
{
	struct syntax_cursor cursor = {walk->data, walk->size, at};
	syntax_skip_blanks(&cursor);
	return syntax_next_is(&cursor, "endstream") || syntax_next_is(&cursor, "endobj");
}

/* Behind a dictionary: is there a stream, and what belongs to it? */
static bool stream_find(struct reader *reader, const struct syntax_search *search, struct stream *ret)
{
	const struct walk *walk = reader->walk;
	struct syntax_cursor cursor = {walk->data, walk->size, search->end};
	*ret = (struct stream){.data = walk->data};
	cursor.at += syntax_next_is(&cursor, ">>") ? 2 : 0;
	syntax_skip_blanks(&cursor);
	if (search->trailer || !syntax_next_is(&cursor, "stream"))
		return false;
	cursor.at += 6;
	while (cursor.at < cursor.size && (walk->data[cursor.at] == ' ' || walk->data[cursor.at] == '\t'))
		cursor.at++;
	cursor.at += syntax_next_is(&cursor, "\r");
	cursor.at += syntax_next_is(&cursor, "\n");
	ret->start = cursor.at;
	uint32_t length = syntax_number(search->found.length, UINT32_MAX);
	size_t left = walk->size - ret->start;
	if (length <= left && ends_at(walk, ret->start + length)) {
		ret->size = length;
		return true;
	}
	size_t ending = word_find(&reader->ending, walk, ret->start);
	if (ending == SIZE_MAX)
		ending = word_find(&reader->closing, walk, ret->start);
	ret->cut = ending == SIZE_MAX && length > left;
	ret->size = ending == SIZE_MAX ? left : ending - ret->start;
	ret->size -= ret->size && walk->data[ret->start + ret->size - 1] == '\n';
	ret->size -= ret->size && walk->data[ret->start + ret->size - 1] == '\r';
	return true;
}

/* --- what comes out of it ---------------------------------------------------------------------------------------- */

/* One filter after the other. *ret_bytes is set up here, and freed by the caller. 0 or -ENOMEM. */
static int stream_undo_all(struct reader *reader, const struct stream *stream, struct buffer *ret_bytes)
{
	int error = 0;
	buffer_init(ret_bytes, (size_t)reader->most);
	if (!stream->filter_count)
		return buffer_append(ret_bytes, stream->data + stream->start,
				     stream->size < reader->most ? stream->size : (size_t)reader->most);
	for (unsigned i = 0; i < stream->filter_count && !error; i++) {
		struct buffer next;
		buffer_init(&next, (size_t)reader->most);
		const uint8_t *data = i ? ret_bytes->data : stream->data + stream->start;
		error = filter_undo(stream->filters[i], &stream->parameters[i], data,
				    i ? ret_bytes->size : stream->size, &next);
		buffer_free(ret_bytes);
		*ret_bytes = next;
		reader->left -= next.size < reader->left ? next.size : reader->left;
	}
	return error;
}

static bool is_text(const uint8_t *data, size_t size)
{
	return strncmp(detect_plain(data, size), "text/", 5) == 0;
}

/* Is it as long as a picture of that size, in any number of colours? */
static bool has_picture_size(struct reader *reader, const struct syntax_dictionary *dictionary, size_t size)
{
	uint64_t width = parameter(reader, dictionary->width, 0), height = parameter(reader, dictionary->height, 0);
	uint64_t bits = dictionary->mask ? 1 : parameter(reader, dictionary->bits, 8);
	if (!width || !height || bits > 16)
		return false;
	for (unsigned colours = 1; colours <= COLOURS_MOST; colours++) {
		uint64_t row = (width * bits * colours + 7) / 8;
		if (row <= size / height && size - row * height <= PICTURE_SLACK)
			return true;
	}
	return false;
}

static bool is_picture(struct reader *reader, const struct stream *stream, const struct syntax_dictionary *dictionary,
		       const struct buffer *bytes)
{
	return dictionary->image && (stream->picture || has_picture_size(reader, dictionary, bytes->size)) &&
	       !reading_matters(bytes->data, bytes->size) && !is_text(bytes->data, bytes->size);
}

/* Where nothing is undone, the engine may take the end of the line before "endstream" for a part of it. */
static bool is_known(const struct walk *walk, const struct stream *stream, const struct buffer *bytes)
{
	size_t more = stream->filter_count ? 0 : 2, left = walk->size - stream->start - stream->size;
	const uint8_t *data = stream->filter_count ? bytes->data : stream->data + stream->start;
	for (size_t i = 0; walk->visitor->known && i <= more && i <= left; i++)
		if (walk->visitor->known(walk->visitor->context, data, bytes->size + i))
			return true;
	return false;
}

static void give(struct reader *reader, const struct stream *stream, const struct syntax_dictionary *dictionary,
		 const struct buffer *bytes)
{
	struct walk *walk = reader->walk;
	struct member member;
	char name[48];
	int length = snprintf(name, sizeof name, "stream-%zu", stream->start);
	if (!member_begin(walk, &member, name, (size_t)length, false))
		return;
	member.view.noise = true;
	member.view.chance = dictionary->image;
	(void)member_append(walk, &member, bytes->data, bytes->size);
	member_end(walk, &member);
}

static void stream_take(struct reader *reader, const struct stream *stream, const struct syntax_dictionary *dictionary)
{
	struct walk *walk = reader->walk;
	struct buffer bytes;
	if (stream_undo_all(reader, stream, &bytes))
		walk_code(walk, DEC_RESULT_OUT_OF_MEMORY, "a stream of a PDF");
	else if (bytes.size && !is_picture(reader, stream, dictionary, &bytes) && !is_known(walk, stream, &bytes))
		give(reader, stream, dictionary, &bytes);
	buffer_free(&bytes);
}

/* Trouble ends the reading, told once. */
static bool may_go_on(struct reader *reader, const struct stream *stream)
{
	struct walk *walk = reader->walk;
	if (stream->size > reader->work) {
		walk_code(walk, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "streams of a PDF that lie in each other");
		return false;
	}
	reader->work -= stream->size;
	if (!reader->left)
		walk_code(walk, DEC_RESULT_MAXIMUM_CUMULATIVE_EXTRACT_SIZE_EXCEEDED, "streams of a PDF");
	return reader->left > 0;
}

void pdf_walk(struct walk *walk)
{
	struct syntax_search search = syntax_search_begin(walk->data, walk->size);
	const struct budget *budget = walk->budget;
	struct reader reader = {.walk = walk,
				.looks = LOOKS_MOST,
				.work = (uint64_t)OVERLAP_MOST * walk->size,
				.most = budget->most_size < SIZE_MAX / 4 ? budget->most_size + 1 : SIZE_MAX / 4,
				.left = budget->most_cumulative,
				.ending = {"endstream", SIZE_MAX, 0},
				.closing = {"endobj", SIZE_MAX, 0}};
	bool unread = false;
	while (!walk->over && syntax_search_next(&search)) {
		struct stream stream;
		if (!stream_find(&reader, &search, &stream))
			continue;
		if (!may_go_on(&reader, &stream))
			break;
		filters_read(&reader, &search.found, &stream);
		if (stream.cut)
			walk_code(walk, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "a stream of a PDF is cut short");
		if (stream.unread && !unread)
			walk_code(walk, DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM,
				  "a stream of a PDF whose filter is unknown, or stands where it is not found");
		unread |= stream.unread;
		stream_take(&reader, &stream, &search.found);
	}
	if (search.unread)
		walk_code(walk, DEC_RESULT_MALFORMED_CONTAINER_DETECTED,
			  "dictionaries of a PDF that lie in each other");
}
