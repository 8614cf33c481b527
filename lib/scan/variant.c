/*
 * variant.c - other decodings of encoded bytes; see variant.h.
 *
 * Each is made by leaving out of the encoded bytes, or changing in them, what another reader leaves out or changes, and
 * decoding the rest as usual. Refuses to try one whose cause is not there. Called by readings.
 */
#include "scan/variant.h"

#include "scan/letter.h"

#include <stdlib.h>
#include <string.h>

/* Pieces that padding divides base64 into, each decoded by itself. */
#define PIECES_MOST 16u

/* Characters behind the equals sign of an escape. */
#define ESCAPE_MOST 2u

/* What makes readers differ. */
struct doubts {
	bool padding;   /* with letters behind it */
	bool junk;      /* a foreign character with letters behind it */
	bool url;       /* - or _ */
	bool gap;       /* a blank line with letters behind it */
	bool ragged;    /* a line that is not the last does not hold whole groups */
	size_t pad_end; /* behind the first run of padding */
	size_t junk_at;
	size_t second; /* where the second line begins */
};

struct trial {
	const uint8_t *data;
	size_t size;
	enum transfer transfer;
	struct budget *budget;
	variant_take *take;
	void *context;
	uint8_t *scratch; /* as large as the data */
	int result;
};

enum kind { BLANK, LETTER, PAD, URL, JUNK };

static enum kind kind_of(uint8_t byte)
{
	unsigned kinds = letter_kinds[byte];
	if (kinds & (LETTER_WORD | LETTER_SIGN))
		return LETTER;
	if (kinds & (LETTER_DASH | LETTER_LOW))
		return URL;
	return kinds & LETTER_PADDING ? PAD : kinds & LETTER_SPACE ? BLANK : JUNK;
}

static void make_kinds(uint8_t ret_kinds[256])
{
	for (unsigned i = 0; i < 256; i++)
		ret_kinds[i] = (uint8_t)kind_of((uint8_t)i);
}

/* Base64 as ordinary programs write it, from `at` on: whole lines of letters. Where that ends. */
static size_t pass_plain(const uint8_t kinds[256], const uint8_t *data, size_t size, size_t at)
{
	size_t line = at;
	while (at < size) {
		while (at < size && kinds[data[at]] == LETTER)
			at++;
		bool whole = at < size && (at - line) % 4 == 0 && at > line;
		at += at + 1 < size && data[at] == '\r' && data[at + 1] == '\n';
		if (!whole || data[at] != '\n')
			break;
		line = ++at;
	}
	return line;
}

static struct doubts doubts_find(const uint8_t *data, size_t size)
{
	struct doubts doubts = {.junk_at = size, .pad_end = size, .second = size};
	uint8_t kinds[256];
	size_t letters = 0, pad = size;
	bool short_line = false, empty = false, begun = false;
	make_kinds(kinds);
	for (size_t i = 0; i < size; i++) {
		switch ((enum kind)kinds[data[i]]) {
		case LETTER:
			doubts.padding |= pad < size;
			doubts.junk |= doubts.junk_at < size;
			doubts.ragged |= short_line;
			doubts.gap |= empty;
			doubts.pad_end = pad < size && doubts.pad_end == size ? i : doubts.pad_end;
			begun = true;
			letters++;
			break;
		case PAD:
			pad = pad == size ? i : pad;
			break;
		case URL:
			doubts.url = true;
			/* fall through */
		case JUNK:
			doubts.junk_at = doubts.junk_at == size ? i : doubts.junk_at;
			break;
		case BLANK:
			if (data[i] == '\n') {
				empty |= begun && !letters && data[i - 1] != '\r';
				empty |= begun && i > 1 && data[i - 1] == '\r' && data[i - 2] == '\n';
			}
			if (data[i] != '\n' && data[i] != '\r')
				break;
			short_line |= letters % 4 != 0;
			doubts.second = doubts.second == size && letters ? i : doubts.second;
			letters = 0;
			/* Most lines need no closer look. */
			size_t next = data[i] == '\n' && !short_line ? pass_plain(kinds, data, size, i + 1) : 0;
			if (next > i + 1) {
				doubts.padding |= pad < size;
				doubts.junk |= doubts.junk_at < size;
				doubts.gap |= empty;
				doubts.pad_end = pad < size && doubts.pad_end == size ? i + 1 : doubts.pad_end;
				begun = true;
				i = next - 1;
			}
		}
	}
	return doubts;
}

static void try_bytes(struct trial *trial, const uint8_t *data, size_t size)
{
	struct buffer buffer;
	if (trial->result || !size)
		return;
	if (trial->transfer == TRANSFER_IDENTITY) {
		trial->result = trial->take(trial->context, data, size, SCAN_CODE_NONE);
		return;
	}
	budget_part(trial->budget);
	enum scan_code code = transfer_decode(trial->transfer, data, size, trial->budget, &buffer);
	if (buffer.size || code != SCAN_CODE_NONE)
		trial->result =
			trial->take(trial->context, buffer.data ? buffer.data : (const uint8_t *)"", buffer.size, code);
	buffer_free(&buffer);
}

/* Padding left out. */
static void try_unpadded(struct trial *trial)
{
	size_t count = 0;
	for (size_t i = 0; i < trial->size; i++)
		if (trial->data[i] != '=')
			trial->scratch[count++] = trial->data[i];
	try_bytes(trial, trial->scratch, count);
}

/* Padding as letters that stand for zero, and no other alphabet. */
static void try_zeros(struct trial *trial)
{
	size_t count = 0;
	for (size_t i = 0; i < trial->size; i++)
		if (kind_of(trial->data[i]) <= PAD)
			trial->scratch[count++] = trial->data[i] == '=' ? 'A' : trial->data[i];
	try_bytes(trial, trial->scratch, count);
}

/* Each piece that ends in padding by itself. */
static void try_pieces(struct trial *trial)
{
	size_t start = 0;
	for (unsigned i = 0; i < PIECES_MOST && start < trial->size && !trial->result; i++) {
		const uint8_t *pad = memchr(trial->data + start, '=', trial->size - start);
		size_t end = pad ? (size_t)(pad - trial->data) : trial->size;
		try_bytes(trial, trial->data + start, end - start);
		while (end < trial->size && kind_of(trial->data[end]) != LETTER)
			end++;
		start = end;
	}
}

/* Base64 for addresses and file names (RFC 4648, 5). */
static void try_url(struct trial *trial)
{
	for (size_t i = 0; i < trial->size; i++) {
		uint8_t byte = trial->data[i];
		trial->scratch[i] = byte == '-' ? '+' : byte == '_' ? '/' : byte;
	}
	try_bytes(trial, trial->scratch, trial->size);
}

static size_t line_end(const uint8_t *data, size_t size, size_t at)
{
	while (at < size && data[at] != '\n' && data[at] != '\r')
		at++;
	return at;
}

/* Lines with foreign characters left out. */
static void try_clean_lines(struct trial *trial)
{
	size_t count = 0;
	for (size_t at = 0; at < trial->size;) {
		size_t end = line_end(trial->data, trial->size, at);
		bool clean = true;
		for (size_t i = at; clean && i < end; i++)
			clean = kind_of(trial->data[i]) <= PAD;
		if (clean) {
			memcpy(trial->scratch + count, trial->data + at, end - at);
			count += end - at;
		}
		at = end + 1;
	}
	try_bytes(trial, trial->scratch, count);
}

/* Each line decoded by itself: what does not fill a group at its end is lost. */
static void try_lines(struct trial *trial)
{
	size_t count = 0;
	for (size_t at = 0; at < trial->size;) {
		size_t end = line_end(trial->data, trial->size, at), first = count;
		for (size_t i = at; i < end; i++)
			if (kind_of(trial->data[i]) == LETTER)
				trial->scratch[count++] = trial->data[i];
		if ((count - first) % 4 == 1 && end < trial->size)
			count--;
		/* Padding ends a group; there is always a line end to put it over. */
		else if ((count - first) % 4 && end < trial->size)
			trial->scratch[count++] = '=';
		at = end + 1;
	}
	try_bytes(trial, trial->scratch, count);
}

static void base64_variants(struct trial *trial, const struct doubts *doubts)
{
	if (doubts->padding) {
		try_pieces(trial);
		try_unpadded(trial);
		try_zeros(trial);
	}
	if (doubts->junk) {
		try_bytes(trial, trial->data, doubts->junk_at);
		try_clean_lines(trial);
	}
	if (doubts->url)
		try_url(trial);
	if (doubts->ragged) {
		try_lines(trial);
		try_bytes(trial, trial->data + doubts->second, trial->size - doubts->second);
	}
}

/* Is it an equals sign that encodes nothing? */
static bool bad_escape(const uint8_t *data, size_t size)
{
	if (size >= 3 && letter_is(data[1], LETTER_HEXADECIMAL) && letter_is(data[2], LETTER_HEXADECIMAL))
		return false;
	size_t at = 1;
	while (at < size && (data[at] == ' ' || data[at] == '\t'))
		at++;
	return at < size && data[at] != '\n' && !(data[at] == '\r' && at + 1 < size && data[at + 1] == '\n');
}

/* Wrong escapes left out, with `also` so many characters behind them. */
static bool try_escapes(struct trial *trial, size_t also)
{
	size_t count = 0;
	bool found = false;
	for (size_t i = 0; i < trial->size; i++) {
		if (trial->data[i] == '=' && bad_escape(trial->data + i, trial->size - i)) {
			found = true;
			i += also;
		} else {
			trial->scratch[count++] = trial->data[i];
		}
	}
	if (found)
		try_bytes(trial, trial->scratch, count);
	return found;
}

/* A wrong escape as the break of a line that something stands behind: all up to the next line left out, or the escape alone before a right one. */
static void try_breaks(struct trial *trial)
{
	size_t count = 0;
	for (size_t i = 0; i < trial->size; i++) {
		if (trial->data[i] != '=' || !bad_escape(trial->data + i, trial->size - i)) {
			trial->scratch[count++] = trial->data[i];
			continue;
		}
		if (i + 1 < trial->size && trial->data[i + 1] == '=')
			continue;
		const uint8_t *end = memchr(trial->data + i, '\n', trial->size - i);
		i = end ? (size_t)(end - trial->data) : trial->size;
	}
	if (count < trial->size)
		try_bytes(trial, trial->scratch, count);
}

/* Bytes that no text has left out. */
static void try_printable(struct trial *trial)
{
	size_t count = 0;
	for (size_t i = 0; i < trial->size; i++)
		if (trial->data[i] >= ' ' || kind_of(trial->data[i]) == BLANK)
			trial->scratch[count++] = trial->data[i];
	if (count < trial->size)
		try_bytes(trial, trial->scratch, count);
}

/* Blanks at the ends of lines left out, as RFC 2045, 6.7 (3) wants it; a CR alone ends a line. */
static void try_trimmed(struct trial *trial)
{
	size_t count = 0;
	bool found = false;
	for (size_t at = 0; at < trial->size;) {
		size_t end = line_end(trial->data, trial->size, at), text = end;
		while (text > at && (trial->data[text - 1] == ' ' || trial->data[text - 1] == '\t'))
			text--;
		memcpy(trial->scratch + count, trial->data + at, text - at);
		count += text - at;
		bool both = end + 1 < trial->size && trial->data[end] == '\r' && trial->data[end + 1] == '\n';
		found |= text < end || (end < trial->size && trial->data[end] == '\r' && !both);
		if (both)
			trial->scratch[count++] = '\r';
		if (end < trial->size)
			trial->scratch[count++] = '\n';
		at = end + (both ? 2 : 1);
	}
	if (found)
		try_bytes(trial, trial->scratch, count);
}

/*
 * Of a file, lines that end in LF, as where it was written or is read; in a text that makes no difference. `zero`: how a NUL is written,
 * which tells one from the other. And without any CR at all.
 */
static void try_feeds(struct trial *trial, const char *zero, size_t length)
{
	size_t count = 0, lone = 0;
	for (size_t i = 0; i < trial->size; i++) {
		bool returns = trial->data[i] == '\r', feeds = i + 1 < trial->size && trial->data[i + 1] == '\n';
		lone += returns && !feeds;
		if (!returns || !feeds)
			trial->scratch[count++] = trial->data[i];
	}
	if (count < trial->size && memmem(trial->data, trial->size, zero, length))
		try_bytes(trial, trial->scratch, count);
	if (!lone)
		return;
	size_t kept = 0;
	for (size_t i = 0; i < count; i++)
		if (trial->scratch[i] != '\r')
			trial->scratch[kept++] = trial->scratch[i];
	try_bytes(trial, trial->scratch, kept);
}

/*
 * Lines that are not uuencode left out, but for those that begin and end a file; `just`: those that are not as long as they say too. Returns how much
 * is left, and does not try what has `known` bytes.
 */
static size_t try_fitting(struct trial *trial, bool just, size_t known)
{
	size_t count = 0;
	bool found = false;
	for (size_t at = 0, end; at < trial->size; at = end + 1) {
		const uint8_t *line = trial->data + at;
		end = line_end(trial->data, trial->size, at);
		size_t size = end - at;
		bool mark = size >= 3 && (memcmp(line, "beg", 3) == 0 || memcmp(line, "end", 3) == 0);
		if (size && !mark && !transfer_is_uuencode(line, size, just)) {
			found = true;
			continue;
		}
		memcpy(trial->scratch + count, line, size);
		count += size;
		if (end < trial->size)
			trial->scratch[count++] = '\n';
	}
	if (found && count != known)
		try_bytes(trial, trial->scratch, count);
	return count;
}

int variant_decode(enum transfer transfer, const uint8_t *data, size_t size, bool usual, struct budget *budget,
		   variant_take *take, void *context, bool *ret_broken)
{
	bool broken = false;
	struct trial trial = {data, size, transfer, budget, take, context, NULL, 0};
	if (ret_broken)
		*ret_broken = false;
	if (usual)
		try_bytes(&trial, data, size);
	bool varies = transfer == TRANSFER_BASE64 || transfer == TRANSFER_QUOTED_PRINTABLE ||
		      transfer == TRANSFER_UUENCODE || (transfer == TRANSFER_IDENTITY && memchr(data, 0, size));
	if (!varies || !size || trial.result)
		return trial.result;
	struct doubts doubts = {0};
	if (transfer == TRANSFER_BASE64) {
		doubts = doubts_find(data, size);
		broken = doubts.junk || doubts.gap;
		if (ret_broken)
			*ret_broken = broken;
		if (!broken && !doubts.padding && !doubts.url && !doubts.ragged)
			return 0;
	}
	trial.scratch = malloc(size);
	if (!trial.scratch)
		return take(context, (const uint8_t *)"", 0, DEC_RESULT_OUT_OF_MEMORY);
	if (transfer == TRANSFER_BASE64) {
		base64_variants(&trial, &doubts);
	} else if (transfer == TRANSFER_UUENCODE) {
		(void)try_fitting(&trial, true, try_fitting(&trial, false, 0));
	} else if (transfer == TRANSFER_IDENTITY) {
		try_feeds(&trial, "", 1);
	} else {
		bool bad = true;
		for (size_t also = 0; also <= ESCAPE_MOST && bad; also++)
			bad = try_escapes(&trial, also);
		if (bad)
			try_breaks(&trial);
		try_printable(&trial);
		try_trimmed(&trial);
		try_feeds(&trial, "=00", 3);
	}
	free(trial.scratch);
	return trial.result;
}
