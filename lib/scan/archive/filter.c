/*
 * filter.c - what the filters of PDF do to a stream (ISO 32000-1, 7.4), undone: hexadecimal, base 85, run lengths, LZW, deflate, and predictors.
 *
 * Codecs of pictures are none of these. Gives what there is, as viewers do: a stream that is damaged or cut is no trouble here. Called by pdf.
 */
#include "scan/archive/filter.h"

#include "scan/archive/walk.h"
#include "scan/transfer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Codes of LZW, and the widths they have. */
#define LZW_CODES   4096u
#define LZW_CLEAR   256u
#define LZW_END     257u
#define LZW_FIRST   258u
#define WIDTH_LEAST 9u
#define WIDTH_MOST  12u
/* Longest row of a predicted stream, in bytes. */
#define ROW_MOST (1u << 20)

/* Appends, and says whether there is room for more. */
static bool put(struct buffer *out, const uint8_t *data, size_t size)
{
	size_t left = out->cap - out->size;
	return buffer_append(out, data, size < left ? size : left) == 0 && size <= left;
}

static void undo_hexadecimal(const uint8_t *data, size_t size, struct buffer *out)
{
	struct transfer_digits digits = {.bytes = out};
	for (size_t i = 0; i < size && data[i] != '>' && !digits.failed; i++)
		transfer_digit_add(&digits, data[i]);
	/* Half a byte at the end has a zero behind it. */
	if (digits.open)
		transfer_digit_add(&digits, '0');
}

/* Five letters are four bytes; `count` of them are there. */
static bool put_group(struct buffer *out, const uint8_t letters[5], unsigned count)
{
	uint32_t value = 0;
	for (unsigned i = 0; i < 5; i++)
		value = value * 85 + (i < count ? letters[i] : 84);
	const uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
				  (uint8_t)value};
	return put(out, bytes, count - 1);
}

static void undo_base85(const uint8_t *data, size_t size, struct buffer *out)
{
	static const uint8_t zeros[4];
	uint8_t letters[5];
	unsigned count = 0;
	/* What the letters stand between elsewhere is passed over. */
	size_t at = size >= 2 && memcmp(data, "<~", 2) == 0 ? 2 : 0;
	for (; at < size && data[at] != '~'; at++) {
		if (data[at] == 'z' && !count) {
			if (!put(out, zeros, sizeof zeros))
				return;
		} else if (data[at] >= '!' && data[at] <= 'u') {
			letters[count++] = (uint8_t)(data[at] - '!');
			if (count == 5 && !put_group(out, letters, count))
				return;
			count = count == 5 ? 0 : count;
		}
	}
	if (count > 1)
		(void)put_group(out, letters, count);
}

static void undo_runs(const uint8_t *data, size_t size, struct buffer *out)
{
	uint8_t run[128];
	for (size_t at = 0; at < size && data[at] != 128;) {
		unsigned length = data[at++];
		size_t count = length < 128 ? length + 1 : 257 - length;
		if (length < 128) {
			count = count < size - at ? count : size - at;
			if (!put(out, data + at, count))
				return;
			at += count;
		} else if (at < size) {
			memset(run, data[at++], count);
			if (!put(out, run, count))
				return;
		}
	}
}

struct lzw {
	const uint8_t *data;
	size_t size, at;
	uint32_t bits;
	unsigned held; /* bits */
	unsigned width, next;
	/* A code stands for what another one does, and one byte more. */
	uint16_t before[LZW_CODES], length[LZW_CODES];
	uint8_t last[LZW_CODES], text[LZW_CODES];
};

static unsigned lzw_code(struct lzw *lzw)
{
	while (lzw->held < lzw->width) {
		if (lzw->at == lzw->size)
			return LZW_END;
		lzw->bits = lzw->bits << 8 | lzw->data[lzw->at++];
		lzw->held += 8;
	}
	lzw->held -= lzw->width;
	return lzw->bits >> lzw->held & ((1u << lzw->width) - 1);
}

static void lzw_clear(struct lzw *lzw)
{
	lzw->width = WIDTH_LEAST;
	lzw->next = LZW_FIRST;
	for (unsigned i = 0; i < 256; i++) {
		lzw->length[i] = 1;
		lzw->last[i] = (uint8_t)i;
	}
}

/* Writes what the code stands for into lzw->text, from its end to its begin. */
static size_t lzw_spell(struct lzw *lzw, unsigned code)
{
	size_t length = lzw->length[code];
	for (size_t i = length; i--; code = lzw->before[code])
		lzw->text[i] = lzw->last[code];
	return length;
}

/* `early`: codes grow by a bit one code before they have to (/EarlyChange). */
static void lzw_run(struct lzw *lzw, unsigned early, struct buffer *out)
{
	unsigned code, previous = LZW_CLEAR;
	while ((code = lzw_code(lzw)) != LZW_END) {
		if (code == LZW_CLEAR) {
			lzw_clear(lzw);
			previous = LZW_CLEAR;
			continue;
		}
		bool fresh = code == lzw->next && previous != LZW_CLEAR;
		if (code >= lzw->next && !fresh)
			return;
		size_t length = lzw_spell(lzw, fresh ? previous : code);
		if (fresh)
			lzw->text[length++] = lzw->text[0];
		if (!put(out, lzw->text, length))
			return;
		if (previous != LZW_CLEAR && lzw->next < LZW_CODES) {
			lzw->before[lzw->next] = (uint16_t)previous;
			lzw->length[lzw->next] = (uint16_t)(lzw->length[previous] + 1);
			lzw->last[lzw->next++] = lzw->text[0];
		}
		previous = code;
		if (lzw->next + early >= 1u << lzw->width && lzw->width < WIDTH_MOST)
			lzw->width++;
	}
}

/* 0 or -ENOMEM. */
static int undo_lzw(const uint8_t *data, size_t size, bool early, struct buffer *out)
{
	struct lzw *lzw = malloc(sizeof *lzw);
	if (!lzw)
		return -ENOMEM;
	*lzw = (struct lzw){.data = data, .size = size};
	lzw_clear(lzw);
	lzw_run(lzw, early, out);
	free(lzw);
	return 0;
}

/* --- predictors (7.4.4.4) ---------------------------------------------------------------------------------------- */

static uint8_t paeth(int left, int up, int corner)
{
	int to_left = abs(up - corner), to_up = abs(left - corner), to_corner = abs(left + up - 2 * corner);
	if (to_left <= to_up && to_left <= to_corner)
		return (uint8_t)left;
	return (uint8_t)(to_up <= to_corner ? up : corner);
}

/* One row of PNG, in place; `step` bytes before one stands that of the pixel before. */
static void undo_png(unsigned kind, uint8_t *row, const uint8_t *above, size_t size, size_t step)
{
	for (size_t i = 0; i < size; i++) {
		uint8_t left = i >= step ? row[i - step] : 0, corner = i >= step ? above[i - step] : 0;
		const uint8_t guesses[] = {0, left, above[i], (uint8_t)((left + above[i]) / 2),
					   paeth(left, above[i], corner)};
		row[i] = (uint8_t)(row[i] + (kind < sizeof guesses ? guesses[kind] : 0));
	}
}

/* 0 or -ENOMEM. */
static int undo_rows(const struct filter_parameters *parameters, const struct buffer *in, struct buffer *out)
{
	uint64_t bits = (uint64_t)parameters->colours * parameters->bits;
	uint64_t wide = (bits * parameters->columns + 7) / 8;
	size_t step = bits < 8 ? 1 : (size_t)(bits / 8), mark = parameters->predictor >= 10, row = (size_t)wide;
	if (!wide || wide > ROW_MOST)
		return 0;
	uint8_t *rows = calloc(2, row);
	if (!rows)
		return -ENOMEM;
	for (size_t at = 0; at + mark < in->size; at += mark + row) {
		size_t left = in->size - at - mark, size = row < left ? row : left;
		memcpy(rows + row, in->data + at + mark, size);
		if (mark)
			undo_png(in->data[at], rows + row, rows, size, step);
		for (size_t i = step; !mark && parameters->bits == 8 && i < size; i++)
			rows[row + i] = (uint8_t)(rows[row + i] + rows[row + i - step]);
		if (!put(out, rows + row, size))
			break;
		memcpy(rows, rows + row, row);
	}
	free(rows);
	return 0;
}

/* Takes the place of what was predicted. 0 or -ENOMEM. */
static int undo_predictor(const struct filter_parameters *parameters, struct buffer *bytes)
{
	struct buffer out;
	/* TIFF's, of anything but bytes, is a picture's. */
	if (parameters->predictor < 2 || (parameters->predictor < 10 && parameters->bits != 8))
		return 0;
	buffer_init(&out, bytes->cap);
	int error = undo_rows(parameters, bytes, &out);
	buffer_free(bytes);
	*bytes = out;
	return error;
}

enum filter filter_find(const char *name)
{
	static const struct {
		const char *name, *brief;
		enum filter filter;
	} filters[] = {{"FlateDecode", "Fl", FILTER_FLATE},           {"LZWDecode", "LZW", FILTER_LZW},
		       {"ASCIIHexDecode", "AHx", FILTER_HEXADECIMAL}, {"ASCII85Decode", "A85", FILTER_BASE85},
		       {"RunLengthDecode", "RL", FILTER_RUNS},        {"Crypt", "Crypt", FILTER_CRYPT},
		       {"DCTDecode", "DCT", FILTER_PICTURE},          {"CCITTFaxDecode", "CCF", FILTER_PICTURE},
		       {"JPXDecode", "JPX", FILTER_PICTURE},          {"JBIG2Decode", "JBIG2", FILTER_PICTURE}};
	for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
		if (strcmp(name, filters[i].name) == 0 || strcmp(name, filters[i].brief) == 0)
			return filters[i].filter;
	return FILTER_UNKNOWN;
}

int filter_undo(enum filter filter, const struct filter_parameters *parameters, const uint8_t *data, size_t size,
		struct buffer *out)
{
	int error = 0;
	switch (filter) {
	case FILTER_FLATE:
		error = stream_expand(STREAM_ZLIB, data, size, out);
		break;
	case FILTER_LZW:
		error = undo_lzw(data, size, !parameters->late, out);
		break;
	case FILTER_HEXADECIMAL:
		undo_hexadecimal(data, size, out);
		break;
	case FILTER_BASE85:
		undo_base85(data, size, out);
		break;
	case FILTER_RUNS:
		undo_runs(data, size, out);
		break;
	case FILTER_CRYPT:
	case FILTER_PICTURE:
	case FILTER_UNKNOWN:
		(void)put(out, data, size);
		break;
	}
	bool predicts = filter == FILTER_FLATE || filter == FILTER_LZW;
	return !error && predicts ? undo_predictor(parameters, out) : error;
}
