/* line.c - a text with one to four of its lines changed, for readers of mail and of files that people write. Takes any bytes. */
#include "mutator.h"

#include <stdlib.h>
#include <string.h>

#define LINES_MOST 512u

/* With its end. */
struct line {
	const uint8_t *text;
	size_t size;
};

struct lines {
	struct line line[LINES_MOST + 8];
	unsigned count;
};

static void split(const uint8_t *data, size_t size, struct lines *lines)
{
	lines->count = 0;
	while (size) {
		const uint8_t *end = lines->count + 1 < LINES_MOST ? memchr(data, '\n', size) : NULL;
		size_t length = end ? (size_t)(end - data) + 1 : size;
		lines->line[lines->count++] = (struct line){data, length};
		data += length;
		size -= length;
	}
}

static void insert(struct lines *lines, unsigned at, struct line line)
{
	if (lines->count == sizeof lines->line / sizeof *lines->line)
		return;
	memmove(&lines->line[at + 1], &lines->line[at], (lines->count - at) * sizeof line);
	lines->line[at] = line;
	lines->count++;
}

static struct line take(struct lines *lines, unsigned at)
{
	struct line line = lines->line[at];
	memmove(&lines->line[at], &lines->line[at + 1], (lines->count - at - 1) * sizeof line);
	lines->count--;
	return line;
}

/* The line loses its end, and another line of nothing but an end, or the begin of one, comes behind it. */
static void end_otherwise(struct lines *lines, unsigned at, unsigned *seed)
{
	static const char *const ends[] = {"\r\n",   "\n", "\r",  "\r\r\n", "\n\r", "\n\n",  "\r\n\r\n", "\n ",
					   "\r\n\t", "",   " \n", "\v\n",   "=\n",  "=\r\n", "--\n",     ";\n "};
	struct line *line = &lines->line[at];
	while (line->size && (line->text[line->size - 1] == '\n' || line->text[line->size - 1] == '\r'))
		line->size--;
	const char *end = ends[mutate_below(seed, sizeof ends / sizeof *ends)];
	insert(lines, at + 1, (struct line){(const uint8_t *)end, strlen(end)});
}

static void change(struct lines *lines, unsigned *seed)
{
	unsigned at = mutate_below(seed, lines->count), other = mutate_below(seed, lines->count),
		 kind = mutate_below(seed, 8);
	struct line *line = &lines->line[at];
	if (kind == 0) {
		insert(lines, other, *line);
	} else if (kind == 1 && lines->count > 1) {
		(void)take(lines, at);
	} else if (kind == 2 && lines->count > 1) {
		struct line moved = take(lines, at);
		insert(lines, mutate_below(seed, lines->count), moved);
	} else if (kind == 3) {
		struct line kept = lines->line[other];
		lines->line[other] = *line;
		lines->line[at] = kept;
	} else if (kind == 4 && line->size > 1) {
		/* In two. */
		size_t first = 1 + mutate_below(seed, (unsigned)line->size - 1);
		insert(lines, at + 1, (struct line){line->text + first, line->size - first});
		lines->line[at].size = first;
		end_otherwise(lines, at, seed);
	} else if (kind == 5 && line->size > 1) {
		/* The begin of one and the rest of another. */
		line->size = 1 + mutate_below(seed, (unsigned)line->size - 1);
	} else {
		end_otherwise(lines, at, seed);
	}
}

size_t mutate_lines(uint8_t *data, size_t size, size_t most, unsigned seed)
{
	static struct lines lines;
	size_t total = 0, at = 0;
	split(data, size, &lines);
	for (unsigned i = 1 + mutate_below(&seed, 4); i && lines.count; i--)
		change(&lines, &seed);
	for (unsigned i = 0; i < lines.count; i++)
		total += lines.line[i].size;
	uint8_t *text = total && total <= most ? malloc(total) : NULL;
	if (!text)
		return 0;
	for (unsigned i = 0; i < lines.count; at += lines.line[i++].size)
		memcpy(text + at, lines.line[i].text, lines.line[i].size);
	memcpy(data, text, total);
	free(text);
	return total;
}
