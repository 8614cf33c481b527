/*
 * transfer.c - content transfer encodings; see transfer.h. Refuses nothing: damage is passed over. Called by mime.
 */
#include "scan/transfer.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* Input taken between two looks at the budget: how far a limit can be overrun in memory, not in what is given out. */
#define TRANSFER_STEP 65536u
/* More room than input: a group carried over from the step before, and the longest line of uuencode. */
#define TRANSFER_SLACK 64u

/* Encodings of RFC 2045, 6.1, and those with what old mail programs write. */
#define ENCODINGS_STANDARD 5u
#define ENCODINGS_PLAIN    8u

struct decoder {
	struct buffer *buffer;
	struct budget *budget;
	enum scan_code code; /* set: the end */
	uint32_t bits;       /* base64: up to three sextets */
	unsigned sextets;
};

static const char *skip_comment(const char *text)
{
	unsigned open = 0;
	do {
		if (*text == '(')
			open++;
		else if (*text == ')')
			open--;
		text++;
	} while (open && *text);
	return text;
}

/* The name that a value begins with, behind quotes, comments and an "x-". */
static const char *name_find(const char *value, size_t *ret_length)
{
	while (*value) {
		if (*value == '(')
			value = skip_comment(value);
		else if (strchr(" \t\r\n\"'", *value))
			value++;
		else
			break;
	}
	if (!strncasecmp(value, "x-", 2))
		value += 2;
	*ret_length = strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-");
	return value;
}

enum transfer transfer_find(const char *value)
{
	static const struct {
		const char *name;
		enum transfer transfer;
	} names[] = {
		{"base64", TRANSFER_BASE64},     {"quoted-printable", TRANSFER_QUOTED_PRINTABLE},
		{"uuencode", TRANSFER_UUENCODE}, {"uue", TRANSFER_UUENCODE},
		{"xxencode", TRANSFER_XXENCODE}, {"xxe", TRANSFER_XXENCODE},
	};
	size_t length;
	value = name_find(value, &length);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (length == strlen(names[i].name) && !strncasecmp(value, names[i].name, length))
			return names[i].transfer;
	return TRANSFER_IDENTITY;
}

bool transfer_is_foreign(const char *value)
{
	/* Other unknown names stand for none at all, as "8-bit" or "utf-8" do in mail that sloppy programs write. */
	static const char *const names[] = {"yenc",    "yencode", "gzip64",   "gzip",         "deflate",
					    "bzip2",   "binhex",  "binhex40", "mac-binhex40", "base85",
					    "ascii85", "base91",  "hex",      "base16",       "base32"};
	size_t length;
	value = name_find(value, &length);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (length == strlen(names[i]) && !strncasecmp(value, names[i], length))
			return true;
	return false;
}

/* Is the value one of the first `count` encodings that standards and old mail programs write, with nothing but `blanks` around it? */
static bool is_named(const char *value, const char *blanks, size_t count)
{
	static const char *const names[ENCODINGS_PLAIN] = {
		"7bit", "8bit", "binary", "base64", "quoted-printable", "x-uuencode", "uuencode", "x-uue"};
	value += strspn(value, " \t\r\n");
	size_t length = strcspn(value, blanks);
	if (value[length + strspn(value + length, blanks)])
		return false;
	for (size_t i = 0; i < count; i++)
		if (length == strlen(names[i]) && !strncasecmp(value, names[i], length))
			return true;
	return false;
}

bool transfer_is_standard(const char *value)
{
	return is_named(value, " \t\r\n", ENCODINGS_STANDARD);
}

bool transfer_is_plain(const char *value)
{
	/* A lone semicolon behind it is a common slip. */
	return is_named(value, "; \t\r\n", ENCODINGS_PLAIN);
}

/* Charges what was written behind buffer->size and keeps what the limits allow. False: the end. */
static bool decoder_keep(struct decoder *decoder, size_t size)
{
	decoder->buffer->size += (size_t)budget_charge(decoder->budget, size, &decoder->code);
	return decoder->code == SCAN_CODE_NONE;
}

/* Room for what `size` bytes of input can become; NULL: no memory. */
static uint8_t *decoder_room(struct decoder *decoder, size_t size)
{
	if (buffer_reserve(decoder->buffer, size + TRANSFER_SLACK)) {
		decoder->code = DEC_RESULT_OUT_OF_MEMORY;
		return NULL;
	}
	return decoder->buffer->data + decoder->buffer->size;
}

static int sextet(uint8_t byte)
{
	if (byte >= 'A' && byte <= 'Z')
		return byte - 'A';
	if (byte >= 'a' && byte <= 'z')
		return byte - 'a' + 26;
	if (byte >= '0' && byte <= '9')
		return byte - '0' + 52;
	return byte == '+' ? 62 : byte == '/' ? 63 : -1;
}

/* The whole bytes in an unfinished group of four, at padding and at the end. */
static size_t base64_rest(struct decoder *decoder, uint8_t *out)
{
	size_t size = 0;
	if (decoder->sextets >= 2)
		out[size++] = (uint8_t)(decoder->bits >> (decoder->sextets * 6 - 8));
	if (decoder->sextets == 3)
		out[size++] = (uint8_t)(decoder->bits >> 2);
	decoder->sextets = 0;
	decoder->bits = 0;
	return size;
}

/* Padding ends a group and not the data: encoded pieces that were joined come out joined. */
static size_t base64_step(struct decoder *decoder, const int8_t *values, const uint8_t *in, size_t size, uint8_t *out)
{
	uint8_t *start = out;
	for (size_t i = 0; i < size; i++) {
		int value = values[in[i]];
		if (value < 0) {
			if (in[i] == '=')
				out += base64_rest(decoder, out);
			continue;
		}
		decoder->bits = decoder->bits << 6 | (uint32_t)value;
		if (++decoder->sextets < 4)
			continue;
		*out++ = (uint8_t)(decoder->bits >> 16);
		*out++ = (uint8_t)(decoder->bits >> 8);
		*out++ = (uint8_t)decoder->bits;
		decoder->sextets = 0;
		decoder->bits = 0;
	}
	return (size_t)(out - start);
}

static void base64_decode(struct decoder *decoder, const uint8_t *data, size_t size)
{
	int8_t values[256];
	for (unsigned i = 0; i < 256; i++)
		values[i] = (int8_t)sextet((uint8_t)i);
	for (size_t at = 0; at < size; at += TRANSFER_STEP) {
		size_t step = size - at < TRANSFER_STEP ? size - at : TRANSFER_STEP;
		uint8_t *out = decoder_room(decoder, step);
		if (!out || !decoder_keep(decoder, base64_step(decoder, values, data + at, step, out)))
			return;
	}
	uint8_t rest[2];
	size_t count = base64_rest(decoder, rest);
	uint8_t *out = decoder_room(decoder, count);
	if (!count || !out)
		return;
	memcpy(out, rest, count);
	decoder_keep(decoder, count);
}

int transfer_digit(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'A' && byte <= 'F')
		return byte - 'A' + 10;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

void transfer_digit_add(struct transfer_digits *digits, uint8_t byte)
{
	int value = transfer_digit(byte);
	if (value < 0)
		return;
	uint8_t whole = (uint8_t)(digits->half << 4 | (unsigned)value);
	if (digits->open)
		digits->failed |= buffer_append(digits->bytes, &whole, 1) != 0;
	digits->half = (unsigned)value;
	digits->open = !digits->open;
}

/* What stands at `in`, an equals sign: bytes to pass over (1: a sign that encodes nothing), and *ret_byte or -1. */
static size_t quoted_escape(const uint8_t *in, size_t size, int *ret_byte)
{
	*ret_byte = -1;
	if (size >= 3 && transfer_digit(in[1]) >= 0 && transfer_digit(in[2]) >= 0) {
		*ret_byte = transfer_digit(in[1]) << 4 | transfer_digit(in[2]);
		return 3;
	}
	size_t at = 1;
	while (at < size && (in[at] == ' ' || in[at] == '\t'))
		at++;
	if (at < size && in[at] == '\n')
		return at + 1;
	if (at + 1 < size && in[at] == '\r' && in[at + 1] == '\n')
		return at + 2;
	if (at == size)
		return at; /* a soft line break as the very last thing */
	*ret_byte = '=';
	return 1;
}

static void quoted_decode(struct decoder *decoder, const uint8_t *data, size_t size)
{
	size_t at = 0;
	while (at < size) {
		size_t stop = size - at < TRANSFER_STEP ? size : at + TRANSFER_STEP;
		uint8_t *out = decoder_room(decoder, stop - at);
		if (!out)
			return;
		size_t count = 0;
		while (at < stop) {
			int byte = data[at];
			size_t used = 1;
			if (byte == '=')
				used = quoted_escape(data + at, size - at, &byte);
			if (byte >= 0)
				out[count++] = (uint8_t)byte;
			at += used;
		}
		if (!decoder_keep(decoder, count))
			return;
	}
}

static uint32_t uuencode_value(uint8_t byte)
{
	return (uint32_t)(byte - 32) & 63;
}

/* A foreign character counts as nothing. */
static uint32_t xxencode_value(uint8_t byte)
{
	static const char alphabet[] = "+-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	const char *found = byte ? strchr(alphabet, byte) : NULL;
	return found ? (uint32_t)(found - alphabet) : 0;
}

bool transfer_is_uuencode(const uint8_t *line, size_t size, bool strict)
{
	if (size < (strict ? 2 : 1) || line[0] <= ' ' || line[0] >= '`')
		return false;
	for (size_t i = 1; i < size; i++)
		if (line[i] < ' ' || line[i] > '`')
			return false;
	size_t whole = 1 + ((size_t)(line[0] - 32) + 2) / 3 * 4;
	return size <= whole + UUENCODE_MORE && (!strict || size + 1 >= whole);
}

/*
 * One line of uuencode or its like, without its line end. Blanks that were lost at its end are zeros. Bytes written; 0 also
 * for the line that ends a file.
 */
static size_t uuencode_line(const uint8_t *line, size_t size, uint32_t (*value)(uint8_t byte), uint8_t *out)
{
	size_t length = size ? value(line[0]) : 0;
	size_t count = 0;
	for (size_t at = 1; count < length; at += 4) {
		uint32_t bits = 0;
		for (size_t i = 0; i < 4; i++)
			bits = bits << 6 | (at + i < size ? value(line[at + i]) : 0);
		for (int shift = 16; shift >= 0 && count < length; shift -= 8)
			out[count++] = (uint8_t)(bits >> shift);
	}
	return count;
}

/* Every "begin" to its "end", one behind another; without any "begin" all lines are taken as data. */
static void uuencode_decode(struct decoder *decoder, const uint8_t *data, size_t size, uint32_t (*value)(uint8_t byte))
{
	bool inside = size < 6 || (memcmp(data, "begin ", 6) && !memmem(data, size, "\nbegin ", 7));
	for (size_t at = 0; at < size;) {
		/* Neither alphabet has a CR, so one alone ends a line, too. */
		const uint8_t *line = data + at;
		size_t length = 0;
		while (length < size - at && line[length] != '\n' && line[length] != '\r')
			length++;
		at += length + 1;
		if (length > 6 && !memcmp(line, "begin ", 6)) {
			inside = true;
			continue;
		}
		if (inside && length == 3 && !memcmp(line, "end", 3))
			inside = false;
		if (!inside || !length)
			continue;
		uint8_t *out = decoder_room(decoder, 0);
		if (!out || !decoder_keep(decoder, uuencode_line(line, length, value, out)))
			return;
	}
}

enum scan_code transfer_decode(enum transfer transfer, const uint8_t *data, size_t size, struct budget *budget,
			       struct buffer *ret_buffer)
{
	struct decoder decoder = {.buffer = ret_buffer, .budget = budget};
	/*
	 * Decoding makes nothing longer, but for a few bytes that an unfinished group may add; and a line of uuencode that lost
	 * its blanks can be one character and a line end.
	 */
	bool lines = transfer == TRANSFER_UUENCODE || transfer == TRANSFER_XXENCODE;
	buffer_init(ret_buffer, (lines ? size * 32 : size) + 2 * TRANSFER_SLACK);
	switch (transfer) {
	case TRANSFER_BASE64:
		base64_decode(&decoder, data, size);
		break;
	case TRANSFER_QUOTED_PRINTABLE:
		quoted_decode(&decoder, data, size);
		break;
	case TRANSFER_UUENCODE:
		uuencode_decode(&decoder, data, size, uuencode_value);
		break;
	case TRANSFER_XXENCODE:
		uuencode_decode(&decoder, data, size, xxencode_value);
		break;
	case TRANSFER_IDENTITY:
		assert(transfer != TRANSFER_IDENTITY);
	}
	return decoder.code;
}

void transfer_look(enum transfer transfer, const uint8_t *data, size_t size, struct buffer *ret_buffer)
{
	struct limits limits;
	struct budget budget;
	limits_defaults(&limits);
	budget_init(&budget, &limits);
	(void)transfer_decode(transfer, data, size, &budget, ret_buffer);
}
