/*
 * script.c - files that a script puts together; see script.h.
 *
 * Numbers belong together as long as the same stands between them, blanks, quotes and signs that join texts aside. Refuses what is too short to
 * hold a file. Called by readings and sign.
 */
#include "scan/script.h"

#include "scan/letter.h"
#include "scan/transfer.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* Bytes that a list stands for at least: more than the longest digest, of which there are lists (64). */
#define LIST_LEAST 65u
/* Letters of texts that are joined, of each piece, and between two pieces: d = d & "..." in the next line. */
#define PIECES_LEAST 87u
#define PIECE_LEAST  16u
#define BETWEEN_MOST 48u
/* Characters between two numbers, and what of them is compared. */
#define GAP_MOST 24u
#define GAP_TEXT 12u
/* Letters of a line that has more around it, and such lines. */
#define LINE_LEAST  32u
#define LINES_LEAST 3u
/* Letters of base64 before an escape that breaks it: no word has as many. */
#define BROKEN_LEAST 16u
/* Bytes of a text that are looked at to tell how wide its letters are. */
#define WIDE_HEAD 512u

/* Letters of base64, with one of the two for addresses: "_" joins words of scripts. */
#define LETTERS (LETTER_BASE64 | LETTER_DASH)

/* What stands between two numbers, without what only breaks lines and texts. */
struct gap {
	char text[GAP_TEXT];
	size_t size;
};

struct number {
	size_t start, size;
	bool digits; /* decimal ones only */
	bool paired; /* two digits */
};

/*
 * A number of up to three digits, decimal or hexadecimal, that stands alone, or behind what says that it is hexadecimal. Four digits are one behind
 * \u and %u, where the first two are zeros.
 */
static bool number_at(const uint8_t *data, size_t size, size_t at, struct number *ret)
{
	uint8_t before = at ? data[at - 1] : ' ';
	if (at >= size || !letter_is(data[at], LETTER_HEXADECIMAL) ||
	    (letter_is(before, LETTER_WORD) && !letter_is(before, LETTER_PREFIX)))
		return false;
	bool wide = before == 'u' || before == 'U';
	size_t end = at;
	*ret = (struct number){.start = at, .digits = true};
	while (end < size && end - at <= 4 && letter_is(data[end], LETTER_HEXADECIMAL))
		ret->digits &= letter_is(data[end++], LETTER_DECIMAL);
	if (wide && (end - at != 4 || data[at] != '0' || data[at + 1] != '0'))
		return false;
	ret->start += wide ? 2 : 0;
	ret->size = end - ret->start;
	ret->paired = ret->size == 2;
	return ret->size >= 1 && ret->size <= 3 &&
	       (end == size || !(letter_is(data[end], LETTER_WORD) || data[end] == '.'));
}

/* The number that follows one, and what stands between. */
static bool number_next(const uint8_t *data, size_t size, const struct number *number, struct number *ret,
			struct gap *gap)
{
	size_t at = number->start + number->size;
	gap->size = 0;
	for (unsigned i = 0; i <= GAP_MOST && at < size; i++, at++) {
		if (i && number_at(data, size, at, ret))
			return true;
		if (letter_is(data[at], LETTER_BREAK))
			continue;
		/* Another number, which is none of a list: part of a fraction, or too large. */
		bool prefix = data[at] == '0' && at + 1 < size && (data[at + 1] | 0x20) == 'x';
		if (gap->size == GAP_TEXT || (letter_is(data[at], LETTER_DECIMAL) && !prefix))
			return false;
		gap->text[gap->size++] = (char)tolower(data[at]);
	}
	return false;
}

/* Is it what scripts write there? Words and more are rather those of a page's description. */
static bool is_usual(const struct gap *gap)
{
	if (!gap->size)
		return true;
	if (gap->text[0] == '(')
		return gap->size > 1 && isalpha(gap->text[1]);
	return strchr(",;|/)[-:%#xhu0", gap->text[0]) != NULL;
}

static bool same_gap(const struct gap *first, const struct gap *second)
{
	return first->size == second->size && memcmp(first->text, second->text, first->size) == 0;
}

/* Does what stands between them say that they are hexadecimal? */
static bool says_hexadecimal(const struct gap *gap)
{
	char last = gap->size ? gap->text[gap->size - 1] : '\0';
	return last == 'x' || last == 'h' || last == 'u' || last == '%';
}

/* Its value in decimal; 256: it is none. */
static unsigned number_decimal(const uint8_t *data, const struct number *number)
{
	unsigned value = 0;
	for (size_t i = 0; number->digits && i < number->size; i++)
		value = value * 10 + (unsigned)(data[number->start + i] - '0');
	return number->digits && value < 256 ? value : 256;
}

/* A list of numbers that begins with this one. *ret_more: where the next one could begin, if this is none. */
static bool take_list(const uint8_t *data, size_t size, const struct number *first, struct script_value *ret,
		      size_t *ret_more)
{
	struct number number = *first, next;
	struct gap usual = {.size = 0}, gap;
	bool decimal = number_decimal(data, &number) < 256, paired = number.paired;
	size_t count = 1;
	while ((decimal || paired) && number_next(data, size, &number, &next, &gap)) {
		bool still_decimal = decimal && number_decimal(data, &next) < 256, still_paired = paired && next.paired;
		if (count == 1)
			usual = gap;
		/* Where a line ends nothing may stand between. */
		if ((gap.size && !same_gap(&usual, &gap)) || !(still_decimal || still_paired) || !is_usual(&usual))
			break;
		decimal = still_decimal;
		paired = still_paired;
		number = next;
		count++;
	}
	/* With blanks between, decimal numbers are a table, of which documents are full. */
	bool hexadecimal = paired && (says_hexadecimal(&usual) || !decimal || !usual.size);
	*ret = (struct script_value){.kind = hexadecimal ? SCRIPT_HEXADECIMAL : SCRIPT_DECIMAL,
				     .either = paired && decimal && !hexadecimal,
				     .start = first->start,
				     .size = number.start + number.size - first->start};
	/* The last one may be the first of another list, between which something else stands. */
	*ret_more = count > 1 ? number.start : number.start + number.size;
	return count >= LIST_LEAST && (hexadecimal || usual.size);
}

/* --- digits and letters ------------------------------------------------------------------------------------------ */

/* Hexadecimal digits without anything between, or in pieces. */
static bool take_digits(const uint8_t *data, size_t size, size_t start, struct script_value *ret)
{
	size_t count = 0, letters = 0, piece = 0, at = start, end = start;
	for (; at < size; at++) {
		if (letter_is(data[at], LETTER_HEXADECIMAL)) {
			letters += !letter_is(data[at], LETTER_DECIMAL);
			count++;
			piece++;
			end = at + 1;
		} else if (!letter_is(data[at], LETTER_BREAK) || (piece && piece < PIECE_LEAST)) {
			break;
		} else {
			piece = 0;
		}
	}
	bool whole = at == size || !letter_is(data[at], LETTER_WORD);
	*ret = (struct script_value){.kind = SCRIPT_DIGITS, .start = start, .size = end - start};
	/* Of a file, some are letters. */
	return whole && letters && count >= 2 * (size_t)LIST_LEAST;
}

/* Letters of base64 between two quotes of a kind; its end, or 0. */
static size_t piece_end(const uint8_t *data, size_t size, size_t quote)
{
	size_t at = quote + 1;
	while (at < size && letter_is(data[at], LETTERS))
		at++;
	return at < size && data[at] == data[quote] ? at : 0;
}

/* The quote that begins the next piece, and what stands before it, blanks aside; 0: none is near. */
static size_t piece_next(const uint8_t *data, size_t size, size_t end, char ret_between[BETWEEN_MOST + 1])
{
	size_t used = 0;
	for (size_t at = end + 1; at < size && used < BETWEEN_MOST && data[at] != ':'; at++) {
		if (data[at] == '"' || data[at] == '\'') {
			ret_between[used] = '\0';
			return at;
		}
		if (!letter_is(data[at], LETTER_SPACE))
			ret_between[used++] = (char)data[at];
	}
	return 0;
}

/* Texts in quotes that are nothing but letters of base64, the same between all of them. */
static bool take_pieces(const uint8_t *data, size_t size, size_t quote, struct script_value *ret)
{
	char usual[BETWEEN_MOST + 1] = "", between[BETWEEN_MOST + 1] = "";
	size_t letters = 0, pieces = 0, end;
	*ret = (struct script_value){.kind = SCRIPT_PIECES, .start = quote};
	while ((end = piece_end(data, size, quote)) > 0) {
		letters += end - quote - 1;
		ret->size = end + 1 - ret->start;
		/* The last piece may be a short one. */
		quote = end - quote > PIECE_LEAST ? piece_next(data, size, end, between) : 0;
		if (++pieces == 1 && quote)
			memcpy(usual, between, sizeof usual);
		if (!quote || strcmp(usual, between) != 0)
			break;
	}
	/* A list of two is that of a key and a value, as often as not. */
	return letters >= PIECES_LEAST && pieces > (strcmp(usual, ",") == 0 ? 2 : 1);
}

/* --- lines ------------------------------------------------------------------------------------------------------- */

static size_t run_size(const uint8_t *data, size_t size, size_t at)
{
	size_t end = at;
	while (end < size && letter_is(data[end], LETTER_BASE64))
		end++;
	return end - at;
}

/* The next run of so many letters at least, soon behind this place; 0: there is none. */
static size_t line_next(const uint8_t *data, size_t size, size_t end, size_t least)
{
	for (size_t at = end; at < size && at - end <= BETWEEN_MOST;) {
		size_t run = run_size(data, size, at);
		if (run >= least)
			return at;
		at += run ? run : 1;
	}
	return 0;
}

/* Nothing but the end of a line between: these lines are found without this. */
static bool is_plain(const uint8_t *between, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!letter_is(between[i], LETTER_SPACE) && between[i] != '>')
			return false;
	return true;
}

/* Runs of letters that are as long as each other, but for the last, with the same between them. */
static bool take_lines(const uint8_t *data, size_t size, size_t first, struct script_value *ret)
{
	size_t length = run_size(data, size, first), end = first + length, lines = 1;
	size_t next = length >= LINE_LEAST ? line_next(data, size, end, LINE_LEAST) : 0;
	size_t between = next ? next - end : 0;
	const uint8_t *usual = data + end;
	*ret = (struct script_value){.kind = SCRIPT_LINES, .start = first, .size = length};
	if (!next || is_plain(usual, between))
		return false;
	while (size - end > between && memcmp(data + end, usual, between) == 0) {
		size_t run = run_size(data, size, end + between);
		if (!run || run > length)
			break;
		end += between + run;
		lines++;
		if (run < length)
			break;
	}
	ret->between = between;
	ret->size = end - first;
	return lines >= LINES_LEAST;
}

/* Are so many bytes letters of base64, as far as two looks can tell? In most texts this is all that is asked of a word. */
static bool may_be_run(const uint8_t *data, size_t left, size_t least)
{
	return left >= least && letter_is(data[least - 1], LETTERS) && letter_is(data[least / 2], LETTERS);
}

/* A value that begins at this place. Or else *ret_more: where the next one could begin. */
static bool value_at(const uint8_t *data, size_t size, size_t at, struct script_value *ret, size_t *ret_more)
{
	uint8_t byte = data[at], before = at ? data[at - 1] : ' ';
	bool alone = !letter_is(before, LETTER_WORD);
	struct number number;
	*ret_more = at + 1;
	if (letter_is(byte, LETTER_QUOTE))
		return may_be_run(data + at + 1, size - at - 1, PIECE_LEAST) && take_pieces(data, size, at, ret);
	if (alone && !letter_is(before, LETTERS) && may_be_run(data + at, size - at, LINE_LEAST) &&
	    take_lines(data, size, at, ret))
		return true;
	if (!letter_is(byte, LETTER_HEXADECIMAL))
		return false;
	if (number_at(data, size, at, &number))
		return take_list(data, size, &number, ret, ret_more);
	/* Behind "<" it is what is written on a page of a PDF. */
	if ((!alone || before == '<') && before != 'x')
		return false;
	bool found = take_digits(data, size, at, ret);
	*ret_more = at + ret->size;
	return found;
}

/* The next place where a value can begin: in the middle of a word only a number, behind a letter that says what it is. */
static size_t place_next(const uint8_t *data, size_t size, size_t at)
{
	unsigned before = at && at < size ? letter_kinds[data[at - 1]] : 0;
	for (; at < size; at++) {
		unsigned kinds = letter_kinds[data[at]];
		unsigned number = before & LETTER_PREFIX ? LETTER_HEXADECIMAL : 0;
		if (kinds & (LETTER_QUOTE | (before & LETTER_WORD ? number : LETTER_WORD)))
			break;
		before = kinds;
	}
	return at;
}

bool script_next(const uint8_t *data, size_t size, size_t *at, struct script_value *ret_value)
{
	size_t place = *at, more;
	bool found = false;
	while (!found && (place = place_next(data, size, place)) < size) {
		found = value_at(data, size, place, ret_value, &more);
		place = found ? ret_value->start + ret_value->size : more;
	}
	*at = place;
	return found;
}

/* --- what they stand for ----------------------------------------------------------------------------------------- */

static int undo_list(const uint8_t *data, const struct script_value *value, struct buffer *bytes)
{
	size_t size = value->start + value->size;
	struct number number, next;
	struct gap gap;
	bool more = true;
	/* Behind \u, it begins in the middle of one. */
	if (!number_at(data, size, value->start, &number))
		number = (struct number){value->start, 2, true, true};
	while (more) {
		const uint8_t *digits = data + number.start;
		unsigned byte = value->kind == SCRIPT_DECIMAL ? number_decimal(data, &number)
							      : (unsigned)transfer_digit(digits[0]) << 4 |
									(unsigned)transfer_digit(digits[1]);
		uint8_t one = (uint8_t)byte;
		if (buffer_append(bytes, &one, 1))
			return -ENOMEM;
		more = number_next(data, size, &number, &next, &gap);
		number = next;
	}
	return 0;
}

static int undo_digits(const uint8_t *data, const struct script_value *value, struct buffer *bytes)
{
	struct transfer_digits digits = {.bytes = bytes};
	for (size_t i = 0; i < value->size && !digits.failed; i++)
		transfer_digit_add(&digits, data[value->start + i]);
	return digits.failed ? -ENOMEM : 0;
}

static int undo_pieces(const uint8_t *data, const struct script_value *value, struct buffer *bytes)
{
	char between[BETWEEN_MOST + 1];
	size_t size = value->start + value->size, quote = value->start, end;
	while ((end = piece_end(data, size, quote)) > 0) {
		if (buffer_append(bytes, data + quote + 1, end - quote - 1))
			return -ENOMEM;
		quote = piece_next(data, size, end, between);
		if (!quote)
			break;
	}
	return 0;
}

static int undo_lines(const uint8_t *data, const struct script_value *value, struct buffer *bytes)
{
	size_t end = value->start + value->size, at = value->start;
	while (at < end) {
		size_t run = run_size(data, end, at);
		if (buffer_append(bytes, data + at, run))
			return -ENOMEM;
		at += run + value->between;
	}
	return 0;
}

int script_undo(const uint8_t *data, const struct script_value *value, struct buffer *bytes)
{
	buffer_init(bytes, value->size);
	switch (value->kind) {
	case SCRIPT_DIGITS:
		return undo_digits(data, value, bytes);
	case SCRIPT_PIECES:
		return undo_pieces(data, value, bytes);
	case SCRIPT_LINES:
		return undo_lines(data, value, bytes);
	default:
		return undo_list(data, value, bytes);
	}
}

/* --- escapes ----------------------------------------------------------------------------------------------------- */

/* So many hexadecimal digits: what letter they stand for; -1: none of one byte. */
static int escape_digits(const uint8_t *data, size_t size, size_t at, size_t count)
{
	int value = 0;
	if (size - at < count)
		return -1;
	for (size_t i = 0; i < count; i++) {
		int digit = transfer_digit(data[at + i]);
		value = digit < 0 || value < 0 ? -1 : value << 4 | digit;
	}
	return value < 256 ? value : -1;
}

/* &#13; or &#xD; at this place: its letter, and *ret_size. */
static int escape_entity(const uint8_t *data, size_t size, size_t at, size_t *ret_size)
{
	bool hexadecimal = at + 2 < size && (data[at + 2] | 0x20) == 'x';
	size_t first = at + 2 + hexadecimal, end = first;
	int value = 0;
	while (end < size && end - first < 6 &&
	       (hexadecimal ? letter_is(data[end], LETTER_HEXADECIMAL) : letter_is(data[end], LETTER_DECIMAL))) {
		value = value * (hexadecimal ? 16 : 10) + transfer_digit(data[end]);
		end++;
	}
	if (end == first || end >= size || data[end] != ';' || value > 255)
		return -1;
	*ret_size = end + 1 - at;
	return value;
}

/* The letter that an escape stands for, and its size; -1: there is none at this place. */
static int escape_at(const uint8_t *data, size_t size, size_t at, size_t *ret_size)
{
	size_t left = size - at;
	uint8_t next = left > 1 ? data[at + 1] : 0;
	*ret_size = 2;
	if (data[at] == '&' && next == '#')
		return escape_entity(data, size, at, ret_size);
	if (data[at] == '%') {
		*ret_size = 3;
		return left > 2 ? escape_digits(data, size, at + 1, 2) : -1;
	}
	if (data[at] != '\\')
		return -1;
	if (next == 'x' || next == 'u') {
		*ret_size = next == 'x' ? 4 : 6;
		return left >= *ret_size ? escape_digits(data, size, at + 2, *ret_size - 2) : -1;
	}
	/* Of the two that end a line one counts. */
	if (next == 'n' || next == '\n')
		return '\n';
	if (next == 'r' || next == 't' || next == '\r')
		return ' ';
	return next == '/' ? '/' : -1;
}

/* Is base64 broken by an escape anywhere? */
static bool is_broken(const uint8_t *data, size_t size)
{
	for (size_t at = BROKEN_LEAST, length; at < size; at++) {
		if (data[at] != '\\' && data[at] != '%' && data[at] != '&')
			continue;
		size_t run = 0;
		while (run < BROKEN_LEAST && letter_is(data[at - run - 1], LETTERS))
			run++;
		if (run == BROKEN_LEAST && escape_at(data, size, at, &length) >= 0)
			return true;
	}
	return false;
}

bool script_unescape(const uint8_t *data, size_t size, struct script_plain *ret_plain)
{
	if (!is_broken(data, size))
		return false;
	struct buffer *text = &ret_plain->text;
	buffer_init(text, size);
	buffer_init(&ret_plain->places, SIZE_MAX / 2);
	ret_plain->next = 0;
	int error = buffer_reserve(text, size);
	for (size_t at = 0, length; at < size && !error; at += length) {
		int letter = escape_at(data, size, at, &length);
		length = letter < 0 ? 1 : length;
		if (letter >= 0)
			error = buffer_append(&ret_plain->places, &text->size, sizeof text->size);
		text->data[text->size++] = letter < 0 ? data[at] : (uint8_t)letter;
	}
	if (error)
		script_plain_free(ret_plain);
	return !error;
}

void script_plain_free(struct script_plain *plain)
{
	buffer_free(&plain->text);
	buffer_free(&plain->places);
}

bool script_plain_broken(struct script_plain *plain, size_t start, size_t size)
{
	size_t place = 0, count = plain->places.size / sizeof place;
	for (; plain->next < count; plain->next++) {
		memcpy(&place, plain->places.data + plain->next * sizeof place, sizeof place);
		if (place >= start)
			break;
	}
	return plain->next < count && place < start + size;
}

/* Which byte of each letter is zero: 0 or 1; 2: it is no such text. */
static unsigned high_byte(const uint8_t *data, size_t size)
{
	size_t head = size < WIDE_HEAD ? size & ~(size_t)1 : WIDE_HEAD, nuls[2] = {0, 0};
	for (size_t i = 0; i < head; i++)
		nuls[i & 1] += !data[i];
	unsigned high = nuls[0] > nuls[1] ? 0 : 1;
	return head < 16 || nuls[high] < head / 2 * 3 / 4 || nuls[1 - high] ? 2 : high;
}

bool script_is_wide(const uint8_t *data, size_t size)
{
	return high_byte(data, size) < 2;
}

bool script_narrow(const uint8_t *data, size_t size, struct buffer *ret_text)
{
	unsigned high = high_byte(data, size);
	if (high > 1)
		return false;
	buffer_init(ret_text, size / 2 + 1);
	if (buffer_reserve(ret_text, size / 2))
		return false;
	for (size_t i = 0; i + 1 < size; i += 2)
		ret_text->data[ret_text->size++] = data[i + high] ? '?' : data[i + 1 - high];
	return true;
}
