/*
 * script.c - files that a script puts together; see script.h.
 *
 * Numbers belong together as long as the same stands between them, blanks, quotes and signs that join texts aside. Refuses what is too short to
 * hold a file. Called by readings and sign.
 */
#include "scan/script.h"

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
/* Bytes of a text that are looked at to tell how wide its letters are. */
#define WIDE_HEAD 512u

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

static bool breaks(uint8_t byte)
{
	return isspace(byte) || (byte && strchr("_^`\"'+&\\", byte));
}

/*
 * A number of up to three digits, decimal or hexadecimal, that stands alone, or behind what says that it is hexadecimal. Four digits are one behind
 * \u and %u, where the first two are zeros.
 */
static bool number_at(const uint8_t *data, size_t size, size_t at, struct number *ret)
{
	uint8_t before = at ? data[at - 1] : ' ';
	if (at >= size || !isxdigit(data[at]) || (isalnum(before) && !strchr("xXhHuU", before)))
		return false;
	bool wide = before == 'u' || before == 'U';
	size_t end = at;
	*ret = (struct number){.start = at, .digits = true};
	while (end < size && end - at <= 4 && isxdigit(data[end]))
		ret->digits &= isdigit(data[end++]) != 0;
	if (wide && (end - at != 4 || data[at] != '0' || data[at + 1] != '0'))
		return false;
	ret->start += wide ? 2 : 0;
	ret->size = end - ret->start;
	ret->paired = ret->size == 2;
	return ret->size >= 1 && ret->size <= 3 && (end == size || !(isalnum(data[end]) || data[end] == '.'));
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
		if (breaks(data[at]))
			continue;
		/* Another number, which is none of a list: part of a fraction, or too large. */
		bool prefix = data[at] == '0' && at + 1 < size && (data[at + 1] | 0x20) == 'x';
		if (gap->size == GAP_TEXT || (isdigit(data[at]) && !prefix))
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
	while (number_next(data, size, &number, &next, &gap)) {
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
static bool take_digits(const uint8_t *data, size_t size, size_t at, struct script_value *ret)
{
	size_t count = 0, letters = 0, piece = 0, end = at;
	for (; at < size; at++) {
		if (isxdigit(data[at])) {
			letters += !isdigit(data[at]);
			count++;
			piece++;
			end = at + 1;
		} else if (!breaks(data[at]) || (piece && piece < PIECE_LEAST)) {
			break;
		} else {
			piece = 0;
		}
	}
	bool whole = at == size || !isalnum(data[at]);
	*ret = (struct script_value){.kind = SCRIPT_DIGITS, .start = ret->start, .size = end - ret->start};
	/* Of a file, some are letters. */
	return whole && letters && count >= 2 * (size_t)LIST_LEAST;
}

static bool is_letter(uint8_t byte)
{
	return isalnum(byte) || byte == '+' || byte == '/' || byte == '=' || byte == '-';
}

/* Letters of base64 between two quotes of a kind; its end, or 0. */
static size_t piece_end(const uint8_t *data, size_t size, size_t quote)
{
	size_t at = quote + 1;
	while (at < size && is_letter(data[at]))
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
		if (!isspace(data[at]))
			ret_between[used++] = (char)data[at];
	}
	return 0;
}

/* Texts in quotes that are nothing but letters of base64, the same between all of them. */
static bool take_pieces(const uint8_t *data, size_t size, size_t quote, struct script_value *ret)
{
	char usual[BETWEEN_MOST + 1], between[BETWEEN_MOST + 1];
	size_t letters = 0, pieces = 0, end;
	*ret = (struct script_value){.kind = SCRIPT_PIECES, .start = quote};
	while ((end = piece_end(data, size, quote)) > 0) {
		letters += end - quote - 1;
		ret->size = end + 1 - ret->start;
		/* The last piece may be a short one. */
		quote = end - quote > PIECE_LEAST ? piece_next(data, size, end, between) : 0;
		if (++pieces == 1)
			memcpy(usual, between, sizeof usual);
		if (!quote || strcmp(usual, between) != 0)
			break;
	}
	/* A list of two is that of a key and a value, as often as not. */
	return letters >= PIECES_LEAST && pieces > (strcmp(usual, ",") == 0 ? 2 : 1);
}

bool script_next(const uint8_t *data, size_t size, size_t *at, struct script_value *ret_value)
{
	struct number number;
	while (*at < size) {
		size_t start = *at, more = start + 1;
		uint8_t byte = data[start], before = start ? data[start - 1] : ' ';
		bool found = false;
		ret_value->start = start;
		ret_value->size = 0;
		if (byte == '"' || byte == '\'') {
			found = take_pieces(data, size, start, ret_value);
		} else if (isxdigit(byte) && number_at(data, size, start, &number)) {
			found = take_list(data, size, &number, ret_value, &more);
		} else if (isxdigit(byte) && ((!isalnum(before) && before != '<') || before == 'x')) {
			/* Behind "<" it is what is written on a page of a PDF. */
			found = take_digits(data, size, start, ret_value);
			more = start + (ret_value->size ? ret_value->size : 1);
		}
		*at = found ? ret_value->start + ret_value->size : more;
		if (found)
			return true;
	}
	return false;
}

/* --- what they stand for ----------------------------------------------------------------------------------------- */

static int undo_list(const uint8_t *data, const struct script_value *value, struct buffer *bytes)
{
	size_t size = value->start + value->size;
	struct number number, next;
	struct gap gap;
	bool more = number_at(data, size, value->start, &number);
	/* Behind \u, it begins in the middle of one. */
	if (!more)
		number = (struct number){value->start, 2, true, true}, more = true;
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
	int half = -1;
	for (size_t i = 0; i < value->size; i++) {
		int digit = transfer_digit(data[value->start + i]);
		uint8_t byte = (uint8_t)((half & 15) << 4 | (digit & 15));
		if (digit < 0)
			continue;
		if (half >= 0 && buffer_append(bytes, &byte, 1))
			return -ENOMEM;
		half = half >= 0 ? -1 : digit;
	}
	return 0;
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

int script_undo(const uint8_t *data, const struct script_value *value, struct buffer *bytes)
{
	buffer_init(bytes, value->size);
	switch (value->kind) {
	case SCRIPT_DIGITS:
		return undo_digits(data, value, bytes);
	case SCRIPT_PIECES:
		return undo_pieces(data, value, bytes);
	default:
		return undo_list(data, value, bytes);
	}
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
