/*
 * outline.c - parts of a message as the most tolerant reader sees them; see outline.h.
 *
 * Two passes over the lines: the first learns what may be a boundary, the second cuts. Refuses nothing; a line of dashes
 * is a boundary when a field follows it, or when something in the data calls a boundary what it begins with. Called by readings.
 */
#include "scan/outline.h"

#include "scan/transfer.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Texts that boundaries may begin with; where there are more every line of dashes is one. */
#define MARKS_MOST 64u
/* RFC 2046, 5.1.1 allows 70; what is longer is compared as far as this. */
#define MARK_MOST 128u
/* A mark that is shorter must be the whole boundary. */
#define MARK_LEAST 3u
/* How far behind "boundary" its value is looked for, in bytes. */
#define BOUNDARY_MOST 512u
/* Bytes of a line in which the name of a field is looked for, and bytes of a header, counted from its end, that are searched for words. */
#define NAME_MOST   96u
#define HEADER_MOST (1u << 20)
/* Longest name of a file, in bytes. */
#define FILE_NAME_MOST 255u
/* Blank lines in front of a header that are passed over. */
#define BLANK_LINES_MOST 3u
/* Multiparts that are encoded as a whole, though that is forbidden, in one text. */
#define ENCODED_MOST 8u
/* CRs in front of an LF that are one line end with it. */
#define RETURNS_MOST 4u

struct line {
	size_t start, end; /* of its text */
	size_t next;
};

struct marks {
	unsigned count;
	bool full, empty; /* there is a boundary without a character */
	size_t joined;    /* bytes of a boundary in pieces (RFC 2231, 3), as far as they came */
	uint8_t joint[MARK_MOST];
	struct mark {
		size_t size;
		uint8_t text[MARK_MOST];
	} marks[MARKS_MOST];
};

/* The part that is being read. */
struct cutter {
	const uint8_t *data;
	size_t size;
	struct outline *outline;
	unsigned room;
	bool header;         /* in its header now */
	bool fields;         /* one was met */
	bool declared;       /* one called Content-* */
	unsigned blanks;     /* blank lines before the first */
	unsigned encoded;    /* multiparts met that are encoded as a whole */
	size_t header_start; /* where its header begins */
	size_t body;         /* where its body begins */
	size_t broken;       /* first line of the header that is no field; SIZE_MAX: none */
	size_t open_start;   /* a header that a boundary cut off: from here */
	size_t open_end;     /* to here; 0: the header in front of this one was whole */
	size_t whole_start;  /* a part that a field cut off where no boundary stands: its header */
	size_t whole_body;   /* and its body; 0: there is none */
	int error;
};

/* Lines end in LF, CR, CRLF, CRCRLF, LFCR: whatever some reader takes for an end. */
static void line_read(const uint8_t *data, size_t size, size_t at, struct line *ret)
{
	size_t end = at;
	while (end < size && data[end] != '\n' && data[end] != '\r')
		end++;
	ret->start = at;
	ret->end = end;
	size_t next = end;
	while (next < size && next - end < RETURNS_MOST && data[next] == '\r')
		next++;
	if (next < size && data[next] == '\n')
		ret->next = next + 1;
	else
		ret->next = end + (end < size);
	/* LFCR, unless the CR belongs to the end of an empty line. */
	if (end < size && data[end] == '\n' && ret->next + 1 < size && data[ret->next] == '\r' &&
	    data[ret->next + 1] != '\n' && data[ret->next + 1] != '\r')
		ret->next++;
}

static bool is_blank(const uint8_t *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (text[i] > ' ' && text[i] < 0x7f)
			return false;
	return true;
}

/* The text behind "--" at the begin of a line, less what is invisible; false: no such line. */
static bool dashes(const uint8_t *data, const struct line *line, struct mark *ret)
{
	size_t at = line->start, end = line->end;
	while (at < end && (data[at] <= ' ' || data[at] >= 0x7f))
		at++;
	if (end - at < 2 || data[at] != '-' || data[at + 1] != '-')
		return false;
	at += 2;
	while (end > at && (data[end - 1] <= ' ' || data[end - 1] >= 0x7f))
		end--;
	ret->size = end - at < MARK_MOST ? end - at : MARK_MOST;
	memcpy(ret->text, data + at, ret->size);
	return true;
}

static bool same(const uint8_t *a, const uint8_t *b, size_t size)
{
	return strncasecmp((const char *)a, (const char *)b, size) == 0;
}

static void marks_add(struct marks *marks, const uint8_t *text, size_t size)
{
	size = size < MARK_MOST ? size : MARK_MOST;
	marks->empty |= size == 0;
	for (unsigned i = 0; i < marks->count; i++)
		if (marks->marks[i].size == size && memcmp(marks->marks[i].text, text, size) == 0)
			return;
	if (!size)
		return;
	if (marks->count == MARKS_MOST) {
		marks->full = true;
		return;
	}
	marks->marks[marks->count].size = size;
	memcpy(marks->marks[marks->count++].text, text, size);
}

static bool marks_know(const struct marks *marks, const struct mark *mark)
{
	size_t size = mark->size;
	if (size > 2 && mark->text[size - 1] == '-' && mark->text[size - 2] == '-')
		size -= 2;
	if (marks->full || (marks->empty && (mark->size == 0 || (mark->size == 2 && mark->text[0] == '-'))))
		return true;
	for (unsigned i = 0; i < marks->count; i++) {
		const struct mark *known = &marks->marks[i];
		size_t common = known->size < mark->size ? known->size : mark->size;
		bool whole = known->size == size || known->size == mark->size;
		if (common && (whole || common >= MARK_LEAST) &&
		    same(known->text, mark->text, whole ? known->size : common))
			return true;
	}
	return false;
}

/* Letters and digits of the text, in lower case; comments left out if so wished. Bytes written. */
static size_t squeeze(const uint8_t *text, size_t size, bool comments, uint8_t *out)
{
	size_t count = 0, open = 0;
	for (size_t i = 0; i < size; i++) {
		if (!comments && text[i] == '(')
			open++;
		else if (!comments && text[i] == ')' && open)
			open--;
		else if (!open && isalnum(text[i]))
			out[count++] = (uint8_t)tolower(text[i]);
	}
	return count;
}

/* Does a field called Content-* begin in this line, its name written in any way, and maybe folded? */
static bool is_content_field(const uint8_t *data, size_t data_size, const struct line *line)
{
	const uint8_t *text = data + line->start;
	size_t size = line->end - line->start;
	bool folded = line->next < data_size && (data[line->next] == ' ' || data[line->next] == '\t');
	if (folded && size < NAME_MOST && !memchr(text, ':', size))
		size = data_size - line->start;
	static const char *const names[] = {"contenttransferencoding", "contenttype", "contentdisposition"};
	uint8_t name[NAME_MOST];
	size_t most = size < NAME_MOST ? size : NAME_MOST;
	if (!memchr(text, 'o', most) && !memchr(text, 'O', most))
		return false;
	const uint8_t *colon = memchr(text, ':', most);
	size_t count = squeeze(text, colon ? (size_t)(colon - text) : most, true, name);
	if (colon)
		return count >= 10 && memcmp(name, "content", 7) == 0 && count <= 48;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (count > strlen(names[i]) && memcmp(name, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* Does the line look like a field, or like the continuation of one? */
static bool is_field(const uint8_t *text, size_t size)
{
	if (size && (text[0] == ' ' || text[0] == '\t'))
		return true;
	size_t at = 0;
	while (at < size && at < NAME_MOST && text[at] != ':' && text[at] != ' ' && text[at] != '\t')
		at++;
	while (at < size && (text[at] == ' ' || text[at] == '\t'))
		at++;
	return at && at < size && text[at] == ':';
}

static size_t skip_blanks(const uint8_t *text, size_t size, size_t at)
{
	while (at < size && (text[at] <= ' ' || text[at] >= 0x7f))
		at++;
	while (at < size && text[at] == '(') {
		while (at < size && text[at] != ')')
			at++;
		at += at < size;
		while (at < size && (text[at] <= ' ' || text[at] >= 0x7f))
			at++;
	}
	return at;
}

/* One more piece of a boundary; the first begins it. */
static void keep_piece(struct marks *marks, const uint8_t *text, size_t size, bool first)
{
	marks->joined = first ? 0 : marks->joined;
	size = size < MARK_MOST - marks->joined ? size : MARK_MOST - marks->joined;
	memcpy(marks->joint + marks->joined, text, size);
	marks->joined += size;
	marks_add(marks, marks->joint, marks->joined);
}

/* Keeps the value that begins at `text`, as it stands and with escapes undone; `piece` of it, or -1: all of it. */
static void keep_boundary(struct marks *marks, const uint8_t *text, size_t size, bool extended, int piece)
{
	uint8_t plain[MARK_MOST];
	size_t count = 0;
	bool quoted = size && (*text == '"' || *text == '\'');
	const char *ends = quoted ? (*text == '"' ? "\"\r\n" : "'\r\n") : "; \t\r\n(,";
	size_t start = quoted ? 1 : 0, end = start;
	while (end < size && text[end] && !strchr(ends, text[end]))
		end += text[end] == '\\' && end + 1 < size ? 2 : 1;
	end = end < size ? end : size;
	const uint8_t *mark = extended ? memrchr(text + start, '\'', end - start) : NULL;
	start = mark ? (size_t)(mark - text) + 1 : start;
	for (size_t i = start; i < end && count < MARK_MOST; i++) {
		if (text[i] == '\\' && i + 1 < end)
			i++;
		bool escape = text[i] == '%' && i + 2 < end && transfer_digit(text[i + 1]) >= 0 &&
			      transfer_digit(text[i + 2]) >= 0;
		plain[count++] =
			(uint8_t)(escape ? transfer_digit(text[i + 1]) << 4 | transfer_digit(text[i + 2]) : text[i]);
		i += escape ? 2 : 0;
	}
	while (count && plain[count - 1] <= ' ')
		count--;
	if (piece >= 0)
		keep_piece(marks, plain, count, piece == 0);
	marks_add(marks, plain, count);
	marks_add(marks, text + start, end - start);
}

/* Every value that something in this line calls a boundary. It may stand in the next line. */
static void learn_boundaries(struct marks *marks, const uint8_t *data, size_t size, const struct line *line)
{
	static const char word[] = "boundary";
	size_t length = sizeof word - 1;
	for (size_t at = line->start; at + length <= line->end; at++) {
		if ((data[at] | 0x20) != 'b' || !same(data + at, (const uint8_t *)word, length))
			continue;
		size_t most = size - at < BOUNDARY_MOST ? size : at + BOUNDARY_MOST;
		size_t value = skip_blanks(data, most, at + length);
		bool extended = false;
		int piece = -1;
		for (; value < most && (data[value] == '*' || isdigit(data[value])); value++) {
			extended = true;
			if (isdigit(data[value]))
				piece = piece > 0 || data[value] != '0' ? 1 : 0;
		}
		value = skip_blanks(data, most, value);
		if (value < most && data[value] == '=') {
			value = skip_blanks(data, most, value + 1);
			keep_boundary(marks, data + value, most - value, extended, piece);
		}
	}
}

/* Where reading goes on at `at`: behind the gap that it lies in, if any. */
static size_t pass_gap(const struct outline_gap *gaps, size_t count, size_t *index, size_t at)
{
	while (*index < count && gaps[*index].start + gaps[*index].size <= at)
		++*index;
	return *index < count && gaps[*index].start <= at ? gaps[*index].start + gaps[*index].size : at;
}

static void learn(const uint8_t *data, size_t size, const struct outline_gap *gaps, size_t gap_count,
		  struct marks *marks)
{
	struct mark mark;
	struct line line;
	bool pending = false; /* a line of dashes, and nothing but blank lines since */
	size_t gap = 0;
	for (size_t at = 0; at < size; at = line.next) {
		at = pass_gap(gaps, gap_count, &gap, at);
		if (at >= size)
			break;
		line_read(data, size, at, &line);
		size_t length = line.end - line.start;
		learn_boundaries(marks, data, size, &line);
		if (pending && is_content_field(data, size, &line))
			marks_add(marks, mark.text, mark.size);
		pending = dashes(data, &line, &mark) || (pending && is_blank(data + line.start, length));
	}
}

static void append(struct cutter *cutter, const struct outline_part *part)
{
	struct outline *outline = cutter->outline;
	if (outline->count == OUTLINE_PARTS_MOST) {
		outline->cut = true;
		return;
	}
	if (outline->count == cutter->room) {
		unsigned room = cutter->room ? cutter->room * 2 : 16;
		struct outline_part *parts = realloc(outline->parts, room * sizeof *parts);
		if (!parts) {
			cutter->error = -ENOMEM;
			return;
		}
		outline->parts = parts;
		cutter->room = room;
	}
	outline->parts[outline->count++] = *part;
}

static unsigned word_count(const uint8_t *text, size_t size, const char *word)
{
	unsigned count = 0;
	const uint8_t *found;
	while ((found = memmem(text, size, word, strlen(word))) != NULL) {
		count++;
		size -= (size_t)(found - text) + 1;
		text = found + 1;
	}
	return count;
}

/* What a header says of the encoding, with all that hides its words taken out. */
static void find_words(struct cutter *cutter, size_t end, struct outline_part *part)
{
	size_t start = cutter->header_start;
	start = end - start > HEADER_MOST ? end - HEADER_MOST : start;
	uint8_t *text = malloc(end - start + 1);
	if (!text) {
		cutter->error = -ENOMEM;
		return;
	}
	for (int comments = 0; comments < 2; comments++) {
		size_t count = squeeze(cutter->data + start, end - start, comments, text);
		unsigned encodings = word_count(text, count, "transferencoding");
		part->encodings = encodings > part->encodings ? encodings : part->encodings;
		part->base64 |= word_count(text, count, "base64") > 0;
		part->quoted |= word_count(text, count, "quotedprintable") > 0;
	}
	free(text);
}

/* Less the line end in front of a boundary; false: nothing is left. */
static bool trim(const struct cutter *cutter, size_t body, size_t *end_at)
{
	size_t end = *end_at;
	if (end > body && cutter->data[end - 1] == '\n')
		end--;
	while (end > body && cutter->data[end - 1] == '\r')
		end--;
	*end_at = end;
	return end > body && !is_blank(cutter->data + body, end - body);
}

/* What a header calls the file: the value of the last parameter that ends in "name". */
static void find_name(const struct cutter *cutter, size_t header_end, struct outline_part *part)
{
	static const char word[] = "name";
	const uint8_t *data = cutter->data;
	for (size_t at = cutter->header_start; at + sizeof word - 1 < header_end; at++) {
		if ((data[at] | 0x20) != 'n' || !same(data + at, (const uint8_t *)word, sizeof word - 1))
			continue;
		size_t value = at + sizeof word - 1;
		while (value < header_end && (data[value] == '*' || isdigit(data[value]) || data[value] == ' '))
			value++;
		if (value >= header_end || data[value] != '=')
			continue;
		value++;
		bool quoted = value < header_end && data[value] == '"';
		size_t end = value += quoted;
		while (end < header_end && end - value < FILE_NAME_MOST && data[end] >= ' ' && data[end] != '"' &&
		       (quoted || (data[end] != ';' && data[end] != ' ')))
			end++;
		part->name = value;
		part->name_size = end - value;
	}
}

static void add_part(struct cutter *cutter, size_t header_end, size_t body, size_t end)
{
	struct outline_part part = {.start = body, .declared = cutter->declared};
	if (!trim(cutter, body, &end))
		return;
	part.size = end - body;
	find_words(cutter, header_end, &part);
	if (part.declared)
		find_name(cutter, header_end, &part);
	append(cutter, &part);
}

/* A multipart with an encoding: its boundaries may be in what is encoded, and those that are seen may be none. */
static void add_encoded(struct cutter *cutter, size_t header_end)
{
	struct outline_part part = {.start = cutter->body, .declared = true};
	size_t end = cutter->size;
	static const char word[] = "multipart";
	bool multipart = false;
	for (size_t at = cutter->header_start; !multipart && at + sizeof word - 1 <= header_end; at++)
		multipart = same(cutter->data + at, (const uint8_t *)word, sizeof word - 1);
	if (!multipart || !trim(cutter, cutter->body, &end))
		return;
	find_words(cutter, header_end, &part);
	part.size = end - part.start;
	if (!part.base64 && !part.quoted)
		return;
	cutter->encoded++;
	append(cutter, &part);
}

/* What has no header of its own belongs to the one that a boundary cut off, for readers that look for none inside a header. */
static void add_continued(struct cutter *cutter, size_t end)
{
	cutter->header_start = cutter->open_start;
	cutter->declared = true;
	add_part(cutter, cutter->open_end, cutter->body, end);
}

/* A field in the middle of a part is a line of its body, for readers that look only for boundaries. */
static void keep_whole(struct cutter *cutter)
{
	if (!cutter->declared || cutter->whole_body)
		return;
	cutter->whole_start = cutter->header_start;
	cutter->whole_body = cutter->body;
}

static void add_whole(struct cutter *cutter, size_t end)
{
	size_t start = cutter->header_start;
	bool declared = cutter->declared;
	if (!cutter->whole_body)
		return;
	cutter->header_start = cutter->whole_start;
	cutter->declared = true;
	unsigned count = cutter->outline->count;
	add_part(cutter, cutter->whole_body, cutter->whole_body, end);
	/* In any other encoding the field would stand in the file. */
	if (cutter->outline->count > count && !cutter->outline->parts[count].base64)
		cutter->outline->count = count;
	cutter->header_start = start;
	cutter->declared = declared;
	cutter->whole_body = 0;
}

/* The part at hand ends here, and another begins at `next`. */
static void cut(struct cutter *cutter, size_t end, size_t next)
{
	/* A header that something interrupts is over there for some readers. */
	if (cutter->broken < end && cutter->declared)
		add_part(cutter, cutter->broken, cutter->broken, end);
	bool open = cutter->header && cutter->declared && cutter->broken == SIZE_MAX;
	if (!cutter->header)
		add_part(cutter, cutter->body, cutter->body, end);
	if (!cutter->header && !cutter->declared && cutter->open_end)
		add_continued(cutter, end);
	cutter->open_start = open ? cutter->header_start : 0;
	cutter->open_end = open ? end : 0;
	cutter->header = true;
	cutter->fields = cutter->declared = false;
	cutter->blanks = 0;
	cutter->header_start = cutter->body = next;
	cutter->broken = SIZE_MAX;
}

/* A line of blanks only, in front of another that continues a field. */
static bool is_folded(const struct cutter *cutter, const struct line *line)
{
	struct line next;
	if (line->start == line->end || line->next >= cutter->size)
		return false;
	line_read(cutter->data, cutter->size, line->next, &next);
	const uint8_t *text = cutter->data + next.start;
	return (*text == ' ' || *text == '\t') && !is_blank(text, next.end - next.start);
}

static void read_header_line(struct cutter *cutter, const struct line *line)
{
	const uint8_t *text = cutter->data + line->start;
	size_t length = line->end - line->start;
	if (is_blank(text, length) && !(cutter->fields && is_folded(cutter, line))) {
		cutter->header = !cutter->fields && ++cutter->blanks <= BLANK_LINES_MOST;
		cutter->body = cutter->header ? cutter->body : line->next;
		if (!cutter->header && cutter->declared && cutter->encoded < ENCODED_MOST)
			add_encoded(cutter, line->start);
		return;
	}
	bool content = is_content_field(cutter->data, cutter->size, line);
	if (content && cutter->broken != SIZE_MAX) {
		/* The header goes on, or what stood in between was the body already. */
		if (cutter->declared)
			add_part(cutter, cutter->broken, cutter->broken, line->start);
		cutter->broken = SIZE_MAX;
	}
	cutter->declared |= content;
	cutter->fields |= content || is_field(text, length);
	if (!content && !is_field(text, length) && cutter->broken == SIZE_MAX && cutter->fields)
		cutter->broken = line->start;
	if (cutter->fields || cutter->broken != SIZE_MAX)
		return;
	/* A part without any header. */
	cutter->header = false;
	cutter->body = line->start;
}

static void cut_all(struct cutter *cutter, const struct marks *marks, const struct outline_gap *gaps, size_t gap_count)
{
	struct mark mark;
	struct line line;
	size_t gap = 0;
	for (size_t at = 0; at < cutter->size && !cutter->error; at = line.next) {
		size_t to = pass_gap(gaps, gap_count, &gap, at);
		if (to > at && cutter->header) {
			cutter->header = false;
			cutter->body = at;
		}
		at = to;
		if (at >= cutter->size)
			break;
		line_read(cutter->data, cutter->size, at, &line);
		if (dashes(cutter->data, &line, &mark) && marks_know(marks, &mark)) {
			cut(cutter, line.start, line.next);
			add_whole(cutter, line.start);
			continue;
		}
		if (!cutter->header && is_content_field(cutter->data, cutter->size, &line)) {
			keep_whole(cutter);
			cut(cutter, line.start, line.start);
		}
		if (cutter->header)
			read_header_line(cutter, &line);
	}
	cut(cutter, cutter->size, cutter->size);
	add_whole(cutter, cutter->size);
}

int outline_find(const uint8_t *data, size_t size, const struct outline_gap *gaps, size_t gap_count,
		 struct outline *ret_outline)
{
	struct cutter cutter = {.data = data, .size = size, .outline = ret_outline, .header = true, .broken = SIZE_MAX};
	struct marks marks;
	memset(ret_outline, 0, sizeof *ret_outline);
	/* The marks themselves are nine kilobytes that most texts never use; clearing them would cost more than reading a short one. */
	memset(&marks, 0, offsetof(struct marks, marks));
	learn(data, size, gaps, gap_count, &marks);
	cut_all(&cutter, &marks, gaps, gap_count);
	if (cutter.error)
		outline_free(ret_outline);
	return cutter.error;
}

void outline_free(struct outline *outline)
{
	free(outline->parts);
	memset(outline, 0, sizeof *outline);
}
