/*
 * mime.c - the MIME structure of a message; see mime.h. The only file that includes GMime.
 *
 * Each message is parsed on its own, inner ones included: "message/rfc822" is registered as a plain leaf, so that the
 * bytes of an inner message are exactly those of the outer one, its transfer encoding can be undone, and the depth is
 * counted here. Messages are parsed as parts, which spares GMime's recursive address parser. Refuses to nest
 * deeper than MIME_NESTING_MAX. Called by decompose.
 */
#include "scan/mime.h"

#include "scan/charset.h"
#include "scan/detect.h"
#include "scan/header.h"
#include "scan/mark.h"
#include "scan/openpgp.h"
#include "scan/reading.h"
#include "scan/readings.h"
#include "scan/stray.h"
#include "scan/transfer.h"

#include <assert.h>
#include <errno.h>
#include <gmime/gmime.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Multiparts inside multiparts, all inner messages together. Ours; GMime itself gives up at 1024. */
#define MIME_NESTING_MAX 256u

/* Lines in front of the first field of a part that are looked at. */
#define BROKEN_LINES_MOST 20u

/* Longest header of a multipart that is searched for the begin of its body. */
#define ENCODED_HEADER_MOST 8192u

/* How far a header may begin behind stray lines. */
#define MIME_STRAY_MOST 65536u
/* Bytes in which a header without a field ends: a line or a few, which somebody took for one. */
#define HEADLESS_MOST 1024u

struct walk {
	const struct mime_visitor *visitor;
	struct budget *budget;
	unsigned depth;   /* of the outermost message, as a container */
	unsigned nesting; /* multiparts open now */
	int result;       /* of the callback that ended the walk */
};

struct message {
	const uint8_t *data; /* from the first header field on */
	size_t size;
	const uint8_t *given; /* the same bytes before line ends were mended */
	size_t given_size;
	size_t skipped;    /* bytes in front of those, where a header was found behind something else */
	uint8_t *owned;    /* `data` with other line ends; NULL: it is the caller's */
	GByteArray *bytes; /* a window on `data`, which stays whose it is */
	GMimeObject *root; /* NULL: cannot be read */
	GArray *windows;   /* of struct window: the leaves, in order */
};

/* Where the content of a leaf stands in its message. */
struct window {
	size_t start;
	size_t size;
	enum transfer transfer;
	bool text;
	bool odd;      /* not everybody knows its encoding */
	bool doubtful; /* a text that another reader could take for parts */
};

/* Where an object stands. */
struct position {
	const struct message *message;
	const char *section;
	const char *parent;
	const char *boundary;         /* of the multipart that it lies in; NULL: in none */
	unsigned depth;               /* messages above it */
	bool behind;                  /* a multipart with the same boundary ended before it */
	const struct position *above; /* of that multipart; NULL: it is the message's own */
};

static int walk_object(struct walk *walk, GMimeObject *object, const struct position *position);
static int walk_message(struct walk *walk, const struct message *message, const char *section, unsigned depth);

static void add_code(struct mime_part *part, enum scan_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void add_code(struct mime_part *part, enum scan_code code, const char *format, ...)
{
	assert(part->code_count < sizeof(part->codes) / sizeof(part->codes[0]));
	unsigned index = part->code_count++;
	part->codes[index].code = code;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(part->codes[index].text, sizeof(part->codes[index].text), format, arguments);
	va_end(arguments);
}

/* Length of the line at `data` with its line end. */
static size_t line_length(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
	return end ? (size_t)(end - data) + 1 : size;
}

static bool line_is_blank(const uint8_t *line, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!strchr(" \t\r\n", line[i]) || !line[i])
			return false;
	return true;
}

/* Does the line begin with the name of a header field and a colon? */
static bool line_is_field(const uint8_t *line, size_t length)
{
	size_t at = 0;
	while (at < length && line[at] > ' ' && line[at] < 0x7f && line[at] != ':')
		at++;
	if (at == 0)
		return false;
	while (at < length && (line[at] == ' ' || line[at] == '\t'))
		at++;
	return at < length && line[at] == ':';
}

static bool line_is_from(const uint8_t *line, size_t length)
{
	return (length >= 5 && !memcmp(line, "From ", 5)) || (length >= 6 && !memcmp(line, ">From ", 6));
}

/*
 * Where the header begins: behind a byte order mark, blank lines, "From " lines, and lines in front of the first field
 * that are none, which would make GMime give up. `size` if there is no field before the first blank line.
 */
static size_t header_find(const uint8_t *data, size_t size)
{
	size_t at = size >= 3 && !memcmp(data, "\xef\xbb\xbf", 3) ? 3 : 0;
	bool begun = false;
	while (at < size) {
		size_t length = line_length(data + at, size - at);
		bool blank = line_is_blank(data + at, length);
		if (line_is_field(data + at, length))
			return at;
		if (blank && begun)
			return size;
		begun |= !blank && !line_is_from(data + at, length);
		at += length;
	}
	return size;
}

/* Only with LF or CRLF is it a message to GMime; some mail programs take CR, or CRCRLF, for a line end too. */
static bool line_ends_odd(const uint8_t *data, size_t size)
{
	size_t length = line_length(data, size);
	const uint8_t *first = memchr(data, '\r', length);
	size_t at = first ? (size_t)(first - data) : length;
	return at + 2 < length || (at + 1 < length && data[at + 1] != '\n') || (at < length && length == size);
}

/* The same with LF or CRLF; caller frees. NULL: no memory. */
static uint8_t *line_ends_mended(const uint8_t *data, size_t size, size_t *ret_size)
{
	uint8_t *copy = malloc(size);
	size_t out = 0;
	for (size_t i = 0; copy && i < size; i++) {
		size_t next = i + 1;
		while (data[i] == '\r' && next < size && data[next] == '\r')
			next++;
		bool ends = next < size && data[next] == '\n';
		if (data[i] != '\r' || (ends && next == i + 1))
			copy[out++] = data[i];
		else if (!ends)
			copy[out++] = '\n';
	}
	*ret_size = out;
	return copy;
}

static void message_init(struct message *message, const uint8_t *data, size_t size)
{
	size_t header = header_find(data, size), given = header < size ? header : 0;
	*message = (struct message){.data = data + header,
				    .size = size - header,
				    .given = data + given,
				    .given_size = size - given,
				    .skipped = given};
	message->windows = g_array_new(FALSE, FALSE, sizeof(struct window));
	if (header == size || message->size > G_MAXUINT)
		return;
	if (line_ends_odd(message->data, message->size)) {
		message->owned = line_ends_mended(message->data, message->size, &message->size);
		message->data = message->owned;
		if (!message->owned)
			return;
	}
	/* GMime wants an array of its own; it only reads from this one, which is taken apart again unfreed. */
	message->bytes = g_byte_array_new_take((guint8 *)(uintptr_t)message->data, message->size);
	GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(message->bytes);
	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	message->root = g_mime_parser_construct_part(parser, NULL);
	g_object_unref(parser);
	g_object_unref(stream);
}

static void message_free(struct message *message)
{
	if (message->root)
		g_object_unref(message->root);
	if (message->bytes)
		g_byte_array_free(message->bytes, FALSE);
	g_array_free(message->windows, TRUE);
	free(message->owned);
}

/* "text/plain" in lower case; caller frees with g_free. */
static char *object_type(GMimeObject *object)
{
	char *type = g_mime_content_type_get_mime_type(g_mime_object_get_content_type(object));
	for (char *at = type; *at; at++)
		*at = g_ascii_tolower(*at);
	return type;
}

/* `*ret_known`: every encoding that the header names is one that is undone here, and all are the same. */
static enum transfer object_transfer(GMimeObject *object, bool *ret_known)
{
	GMimeHeaderList *headers = g_mime_object_get_header_list(object);
	enum transfer transfer = TRANSFER_IDENTITY;
	*ret_known = true;
	for (int i = 0; i < g_mime_header_list_get_count(headers); i++) {
		GMimeHeader *header = g_mime_header_list_get_header_at(headers, i);
		if (g_ascii_strcasecmp(g_mime_header_get_name(header), "Content-Transfer-Encoding"))
			continue;
		const char *value = g_mime_header_get_raw_value(header);
		enum transfer found = transfer_find(value);
		if (transfer_is_foreign(value) || (transfer && found && found != transfer))
			*ret_known = false;
		transfer = transfer ? transfer : found;
	}
	return transfer;
}

/* The value of the field that object_transfer goes by. */
static const char *object_encoding(GMimeObject *object)
{
	GMimeHeaderList *headers = g_mime_object_get_header_list(object);
	const char *value = "7bit";
	bool decides = false;
	for (int i = 0; i < g_mime_header_list_get_count(headers) && !decides; i++) {
		GMimeHeader *header = g_mime_header_list_get_header_at(headers, i);
		if (g_ascii_strcasecmp(g_mime_header_get_name(header), "Content-Transfer-Encoding"))
			continue;
		value = g_mime_header_get_raw_value(header);
		decides = transfer_find(value) != TRANSFER_IDENTITY;
	}
	return value;
}

/* Where the header of a part begins: before its first field come lines that are none. `size`: it has no field. */
static size_t object_start(const struct message *message, GMimeObject *object)
{
	GMimeHeaderList *headers = g_mime_object_get_header_list(object);
	int64_t offset = g_mime_header_list_get_count(headers)
				 ? g_mime_header_get_offset(g_mime_header_list_get_header_at(headers, 0))
				 : -1;
	if (offset < 0 || (size_t)offset > message->size)
		return message->size;
	size_t start = (size_t)offset;
	for (unsigned lines = 0; lines < BROKEN_LINES_MOST && start > 1; lines++) {
		const uint8_t *end = memrchr(message->data, '\n', start - 1);
		size_t line = end ? (size_t)(end - message->data) + 1 : 0;
		if (line_is_blank(message->data + line, start - line) || !memcmp(message->data + line, "--", 2))
			break;
		start = line;
	}
	return start;
}

/* What is ambiguous in the header of a part; that of a message is judged with the message. */
static void judge_header(struct mime_part *part, const struct position *position, GMimeObject *object)
{
	const struct message *message = position->message;
	size_t start = object_start(message, object);
	if (object == message->root || start == message->size)
		return;
	/* A header without a blank line behind it: the next part is not its own. */
	char *mark = position->boundary && *position->boundary ? g_strconcat("--", position->boundary, NULL) : NULL;
	(void)header_judge(message->data + start, message->size - start, mark, &part->evasions);
	g_free(mark);
}

/* The encoded content of a leaf, as it stands in the message. */
static const uint8_t *leaf_window(const struct message *message, GMimeObject *leaf, size_t *ret_size)
{
	assert(GMIME_IS_PART(leaf));
	*ret_size = 0;
	GMimeDataWrapper *content = g_mime_part_get_content(GMIME_PART(leaf));
	if (!content)
		return (const uint8_t *)"";
	GMimeStream *stream = g_mime_data_wrapper_get_stream(content);
	assert(GMIME_IS_STREAM_MEM(stream));
	/* What is a line end in front of a boundary may lie before the content's start: then it is empty. */
	if (stream->bound_end > stream->bound_start)
		*ret_size = (size_t)(stream->bound_end - stream->bound_start);
	assert(stream->bound_start >= 0 && (size_t)stream->bound_start + *ret_size <= message->size);
	return message->data + stream->bound_start;
}

static void add_limit(struct mime_part *part, enum scan_code code)
{
	if (code == DEC_RESULT_OUT_OF_MEMORY)
		add_code(part, code, "no memory to decode this part");
	else if (code != SCAN_CODE_NONE)
		add_code(part, code, "cut after %zu bytes", part->size);
}

/* Fills in data and size, charged; `buffer` holds what had to be decoded. */
static void leaf_decode(struct walk *walk, enum transfer transfer, const uint8_t *window, size_t size,
			struct mime_part *part, struct buffer *buffer)
{
	enum scan_code code;
	budget_part(walk->budget);
	if (transfer == TRANSFER_IDENTITY) {
		buffer_init(buffer, 0);
		part->data = window;
		part->size = (size_t)budget_charge(walk->budget, size, &code);
	} else {
		code = transfer_decode(transfer, window, size, walk->budget, buffer);
		part->data = buffer->data ? buffer->data : (const uint8_t *)"";
		part->size = buffer->size;
	}
	add_limit(part, code);
}

static bool type_is_message(const char *type)
{
	return !strcmp(type, "message/rfc822") || !strcmp(type, "message/global") || !strcmp(type, "message/news") ||
	       !strcmp(type, "message/rfc2822");
}

/* The offset behind the first `mark` at the start of a line from `from` on; `size` if there is none. */
static size_t mark_find(const uint8_t *data, size_t size, size_t from, const char *mark)
{
	size_t length = strlen(mark);
	while (from < size) {
		const uint8_t *at = memmem(data + from, size - from, mark, length);
		if (!at)
			return size;
		if (at == data || at[-1] == '\n' || at[-1] == '\r')
			return (size_t)(at - data) + length;
		from = (size_t)(at - data) + 1;
	}
	return size;
}

static bool detects(const struct mime_part *part, enum detect_format format)
{
	struct detection detection;
	detect(part->data, part->size, &detection);
	for (unsigned i = 0; i < detection.count; i++)
		if (detection.formats[i] == format)
			return true;
	return false;
}

/* S/MIME whose bytes do not say what it is; what they are else is told when it is opened. */
static void judge_pkcs7(struct mime_part *part, const char *smime_type)
{
	if (strcmp(part->type, "application/pkcs7-mime") && strcmp(part->type, "application/x-pkcs7-mime"))
		return;
	if (detects(part, DETECT_CMS))
		return;
	if (smime_type && !g_ascii_strcasecmp(smime_type, "enveloped-data"))
		add_code(part, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, "S/MIME, encrypted by its own account");
	else
		add_code(part, DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM, "S/MIME, not readable here");
}

static void judge_leaf(struct mime_part *part, GMimeObject *leaf)
{
	bool text = !strncmp(part->type, "text/", 5);
	if (!strcmp(part->type, "message/partial"))
		add_code(part, DEC_RESULT_PARTIAL_MESSAGE_DETECTED, "message/partial");
	judge_pkcs7(part, g_mime_object_get_content_type_parameter(leaf, "smime-type"));
	/* Only one that stands first is opened as a part; what is carved out of a text may be less than another program reads. */
	bool armour = text ? mark_find(part->data, part->size, 0, OPENPGP_ARMOUR) < part->size
			   : openpgp_is_armour(part->data, part->size);
	if (armour && openpgp_kind(part->data, part->size) != OPENPGP_OPEN)
		add_code(part, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, "OpenPGP message");
}

/* A multipart in which its boundary encloses nothing: is that because the whole is encoded? */
static void judge_encoded(struct mime_part *part, const struct message *message, GMimeObject *object)
{
	struct evasion_list none = {0};
	bool known;
	const char *boundary = g_mime_object_get_content_type_parameter(object, "boundary");
	size_t start = object_start(message, object);
	if (!boundary || start == message->size || object_transfer(object, &known) != TRANSFER_BASE64)
		return;
	size_t most = message->size - start < ENCODED_HEADER_MOST ? message->size - start : ENCODED_HEADER_MOST;
	size_t body = start + header_judge(message->data + start, most, NULL, &none);
	char *mark = g_strconcat("--", boundary, NULL);
	if (reading_base64_holds(message->data + body, message->size - body, mark))
		evasion_add(&part->evasions, EVASION_EncodedMultipart, "in base64");
	g_free(mark);
}

static void judge_multipart(const struct walk *walk, struct mime_part *part, const struct message *message,
			    GMimeObject *object, const char *type)
{
	if (!g_mime_multipart_get_count(GMIME_MULTIPART(object)))
		judge_encoded(part, message, object);
	if (!strcmp(type, "multipart/encrypted"))
		add_code(part, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, "multipart/encrypted");
	if (!g_mime_multipart_get_count(GMIME_MULTIPART(object)))
		add_code(part, DEC_RESULT_MIME_PARSING_FAILED, "%.60s %s", type,
			 g_mime_object_get_content_type_parameter(object, "boundary")
				 ? "in which its boundary encloses no part"
				 : "without a boundary");
	if (walk->nesting >= MIME_NESTING_MAX)
		add_code(part, DEC_RESULT_MAXIMUM_DEPTH_REACHED, "more than %u multiparts in each other",
			 MIME_NESTING_MAX);
}

/* What is wrong with a message as a whole; its outermost multipart is no part of its own. */
static void judge_message(const struct walk *walk, struct mime_part *part, const struct message *message)
{
	(void)header_judge(message->given, message->given_size, NULL, &part->evasions);
	if (!message->root) {
		add_code(part, DEC_RESULT_MIME_PARSING_FAILED, "no header");
		return;
	}
	if (!GMIME_IS_MULTIPART(message->root))
		return;
	char *type = object_type(message->root);
	judge_multipart(walk, part, message, message->root, type);
	g_free(type);
}

static int walk_end(struct walk *walk, int result)
{
	walk->result = result;
	return 1;
}

/* One more part; not 0: the walk is over. */
static int walk_count(struct walk *walk)
{
	enum scan_code code = budget_file(walk->budget);
	if (code == SCAN_CODE_NONE)
		return 0;
	char text[80];
	snprintf(text, sizeof(text), "the walk through the message ended after %llu parts",
		 (unsigned long long)walk->budget->usage.files);
	return walk_end(walk, walk->visitor->code(walk->visitor->context, code, text));
}

static int walk_emit(struct walk *walk, const struct mime_part *part)
{
	int result = walk->visitor->part(walk->visitor->context, part);
	return result ? walk_end(walk, result) : 0;
}

/* An inner message, its bytes in `part`: opened first, so that what is wrong with it is told with it. */
static int walk_inner(struct walk *walk, struct mime_part *part)
{
	unsigned depth = walk->depth + part->depth + 1;
	part->kind = PART_MESSAGE;
	if (!part->size)
		return walk_emit(walk, part);
	if (budget_depth(walk->budget, depth) != SCAN_CODE_NONE) {
		add_code(part, DEC_RESULT_MAXIMUM_DEPTH_REACHED, "a message at depth %u is not opened", depth);
		return walk_emit(walk, part);
	}
	struct message inner;
	message_init(&inner, part->data, part->size);
	judge_message(walk, part, &inner);
	int ended = walk_emit(walk, part);
	if (!ended)
		ended = walk_message(walk, &inner, part->section, part->depth + 1);
	message_free(&inner);
	return ended;
}

/* A file that a text holds, or a part outside the structure. */
static int walk_stray(struct walk *walk, const struct position *position, const uint8_t *text,
		      const struct stray *stray, bool outside)
{
	if (walk_count(walk))
		return 1;
	struct mime_part part = {.kind = PART_ATTACHMENT,
				 .section = position->section,
				 .parent = position->parent,
				 .depth = position->depth,
				 .name = *stray->name ? stray->name : NULL,
				 .type = "application/octet-stream"};
	struct buffer buffer;
	leaf_decode(walk, stray->transfer, text + stray->start, stray->size, &part, &buffer);
	if (outside && reading_matters(part.data, part.size))
		evasion_add(&part.evasions, EVASION_HiddenPart, "%s", part.name ? part.name : "without a name");
	int ended = part.size || part.code_count ? walk_emit(walk, &part) : 0;
	buffer_free(&buffer);
	return ended;
}

/* Files in the text of a leaf: "2.1", "2.2" in "2". */
static int walk_files(struct walk *walk, const struct mime_part *leaf, const struct position *position)
{
	struct stray stray;
	size_t at = 0;
	int ended = 0;
	for (unsigned i = 1; !ended && stray_file(leaf->data, leaf->size, &at, &stray); i++) {
		char *section = g_strdup_printf("%s.%u", leaf->section, i);
		struct position inner = {position->message, section, leaf->section, NULL, position->depth, false, NULL};
		ended = walk_stray(walk, &inner, leaf->data, &stray, false);
		g_free(section);
	}
	return ended;
}

/* Does a word stand in the bytes, in any case? */
static bool holds_word(const uint8_t *data, size_t size, const char *word)
{
	size_t length = strlen(word);
	for (size_t i = 0; i + length <= size; i++)
		if (!g_ascii_strncasecmp((const char *)data + i, word, length))
			return true;
	return false;
}

/*
 * A text that other readers could split: a line in it begins as the boundary does, or its message is no multipart
 * while its header speaks of a boundary.
 */
static bool window_doubtful(const struct position *position, const uint8_t *data, size_t size)
{
	const struct message *message = position->message;
	if (!position->boundary)
		return holds_word(message->data, (size_t)(data - message->data), "boundary");
	char *mark = g_strconcat("--", position->boundary, NULL);
	bool found = mark_find(data, size, 0, mark) < size;
	g_free(mark);
	return found;
}

/*
 * To some readers the message is over where an inner multipart ends that has its boundary. There were mail programs that
 * wrote such, with all kinds of parts behind it: only what matters counts.
 */
static void judge_position(struct mime_part *part, const struct position *position)
{
	const struct position *at = position;
	while (at && !at->behind)
		at = at->above;
	if (at && reading_matters(part->data, part->size))
		evasion_add(&part->evasions, EVASION_RepeatedBoundary, "%.80s", at->boundary);
}

/* Does the encoding leave open what the content is? */
static void judge_encoding(struct mime_part *part, GMimeObject *leaf, const uint8_t *encoded, size_t size)
{
	const char *value = object_encoding(leaf);
	value += strspn(value, " \t\r\n");
	size_t at;
	size_t length = strcspn(value, "\r\n");
	bool named = transfer_find(value) != TRANSFER_IDENTITY;
	if (!transfer_is_plain(value) &&
	    (named ? reading_matters(part->data, part->size) : reading_base64_matters(encoded, size)))
		evasion_add(&part->evasions, EVASION_OddEncoding, "%.*s", (int)(length < 80 ? length : 80), value);
	if (transfer_find(value) == TRANSFER_BASE64 &&
	    reading_base64_differs(encoded, size, part->data, part->size, &at))
		evasion_add(&part->evasions, EVASION_AmbiguousBase64, "some readers stop at byte %zu of %zu", at, size);
}

static int walk_leaf(struct walk *walk, GMimeObject *leaf, const struct position *position, const char *type)
{
	const char *name = g_mime_part_get_filename(GMIME_PART(leaf));
	struct mime_part part = {.section = position->section,
				 .parent = position->parent,
				 .depth = position->depth,
				 .name = name && *name ? name : NULL,
				 .type = type};
	part.kind = part.name ? PART_ATTACHMENT : PART_BODY;
	part.text = !part.name && !strncmp(type, "text/", 5);
	bool known;
	struct window window = {0};
	const uint8_t *encoded = leaf_window(position->message, leaf, &window.size);
	enum transfer transfer = object_transfer(leaf, &known);
	if (window.size) {
		window.start = (size_t)(encoded - position->message->data);
		window.transfer = transfer;
		/* Without a multipart around it a leaf is all there is, whatever it is called. */
		bool text = !strncmp(type, "text/", 5) || !position->boundary;
		window.text = text;
		window.odd = !transfer_is_standard(object_encoding(leaf));
		window.doubtful =
			transfer == TRANSFER_IDENTITY && text && window_doubtful(position, encoded, window.size);
		g_array_append_val(position->message->windows, window);
	}
	struct buffer buffer;
	leaf_decode(walk, transfer, encoded, window.size, &part, &buffer);
	/* Named as an encoding, and opened as what it is. */
	if (!known && !detects(&part, DETECT_YENC) && !detects(&part, DETECT_BINHEX))
		add_code(&part, DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM, "its transfer encoding");
	judge_header(&part, position, leaf);
	judge_encoding(&part, leaf, encoded, window.size);
	judge_position(&part, position);
	int ended;
	if (type_is_message(type)) {
		ended = walk_inner(walk, &part);
	} else {
		struct stray stray;
		size_t at = 0;
		part.holds = transfer != TRANSFER_UUENCODE && stray_file(part.data, part.size, &at, &stray);
		judge_leaf(&part, leaf);
		ended = walk_emit(walk, &part);
		if (!ended && part.holds)
			ended = walk_files(walk, &part, position);
	}
	buffer_free(&buffer);
	return ended;
}

/* What stands between two places of a message and looks like an encoded part. */
static int walk_between(struct walk *walk, const struct message *message, size_t from, size_t to,
			const struct position *position, unsigned *count)
{
	struct stray stray;
	size_t at = 0;
	int ended = 0;
	while (!ended && from < to && stray_part(message->data + from, to - from, &at, &stray)) {
		if (!stray.size)
			continue; /* the header of what begins here */
		char *section = g_strdup_printf("%s%s" PART_STRAY "%u", position->parent, *position->parent ? "." : "",
						++*count);
		struct position inner = {message, section, position->parent, NULL, position->depth, false, NULL};
		ended = walk_stray(walk, &inner, message->data + from, &stray, true);
		g_free(section);
	}
	return ended;
}

/* Encoded parts outside every part, and in texts that other readers could split; counts them. */
static int walk_strays(struct walk *walk, const struct message *message, const char *section, unsigned depth,
		       unsigned *count)
{
	struct position position = {message, section, section, NULL, depth, false, NULL};
	size_t from = 0;
	int ended = 0;
	for (guint i = 0; !ended && i < message->windows->len; i++) {
		const struct window *window = &g_array_index(message->windows, struct window, i);
		ended = walk_between(walk, message, from, window->start, &position, count);
		from = window->start + window->size;
		if (!ended && window->doubtful)
			ended = walk_between(walk, message, window->start, from, &position, count);
	}
	return ended ? ended : walk_between(walk, message, from, message->size, &position, count);
}

/* What another reader gets out of a message. */
struct other {
	struct walk *walk;
	const char *parent; /* section of the message */
	unsigned depth;
	unsigned *count; /* of parts that are numbered as strays */
};

static int on_reading(void *context, const struct reading *reading)
{
	struct other *other = context;
	char *section =
		g_strdup_printf("%s%s" PART_STRAY "%u", other->parent, *other->parent ? "." : "", ++*other->count);
	struct mime_part part = {.kind = PART_ATTACHMENT,
				 .section = section,
				 .parent = other->parent,
				 .depth = other->depth,
				 .name = reading->name,
				 .type = "application/octet-stream",
				 .data = reading->data,
				 .size = reading->size,
				 .tentative = true,
				 .decoded = reading->decoded};
	add_limit(&part, reading->code);
	if (reading->declared && reading_matters(reading->data, reading->size))
		evasion_add(&part.evasions, EVASION_OtherReading, "%s",
			    reading->decoded ? "encoded, to some" : "as it stands, to some");
	int ended = walk_emit(other->walk, &part);
	g_free(section);
	return ended;
}

static int on_reading_code(void *context, enum scan_code code, const char *text)
{
	struct walk *walk = ((const struct other *)context)->walk;
	int result = walk->visitor->code(walk->visitor->context, code, text);
	return result ? walk_end(walk, result) : 0;
}

/* Is the line nothing, or a word, such as a boundary? Most texts that are no message begin with more. */
static bool line_is_word(const uint8_t *line, size_t length)
{
	while (length && (line[length - 1] == '\r' || line[length - 1] == '\n'))
		length--;
	return line_is_blank(line, length) || !memchr(line, ' ', length);
}

/* A message without a field: all behind the first blank line is its body, if that comes soon enough. */
static int walk_headless(struct other *other, const uint8_t *data, size_t size)
{
	size_t at = 0, length = 0;
	if (!line_is_word(data, line_length(data, size)))
		return 0;
	while (at < size && at < HEADLESS_MOST && !length) {
		size_t line = line_length(data + at, size - at);
		length = line_is_blank(data + at, line) ? line : 0;
		at += line;
	}
	return length && at < size ? on_reading(other, &(struct reading){.data = data + at, .size = size - at}) : 0;
}

static int walk_readings(struct walk *walk, const struct message *message, const char *section, unsigned depth,
			 unsigned *count)
{
	struct other other = {walk, section, depth, count};
	const struct readings_visitor visitor = {on_reading, on_reading_code, &other};
	GArray *known = g_array_sized_new(FALSE, FALSE, sizeof(struct readings_known), message->windows->len);
	for (guint i = 0; i < message->windows->len; i++) {
		const struct window *window = &g_array_index(message->windows, struct window, i);
		const struct readings_known item = {window->start, window->size, window->transfer, window->text,
						    window->odd};
		g_array_append_val(known, item);
	}
	/* Where there is no header GMime saw nothing. */
	const uint8_t *data = message->root ? message->data : message->given;
	size_t size = message->root ? message->size : message->given_size;
	int ended = message->root ? 0 : walk_headless(&other, data, size);
	if (!ended)
		ended = readings_message(data, size, (const struct readings_known *)(void *)known->data, known->len,
					 walk->budget, &visitor);
	g_array_free(known, TRUE);
	/* A file may begin in front of what we take for the header. */
	if (!ended && memmem(message->given - message->skipped, message->skipped, "begin", 5))
		ended = readings_message(message->given - message->skipped, message->given_size + message->skipped,
					 NULL, 0, walk->budget, &visitor);
	return ended;
}

static bool has_boundary(GMimeObject *part, const char *boundary)
{
	const char *own = GMIME_IS_MULTIPART(part) ? g_mime_object_get_content_type_parameter(part, "boundary") : NULL;
	return own && boundary && strcmp(own, boundary) == 0;
}

/* The parts of a multipart: `section` is what their numbers begin with, "" for none, and their parent. */
static int walk_children(struct walk *walk, const struct message *message, GMimeObject *object, const char *section,
			 unsigned depth, const struct position *above)
{
	if (walk->nesting >= MIME_NESTING_MAX)
		return 0;
	walk->nesting++;
	int ended = 0;
	int count = g_mime_multipart_get_count(GMIME_MULTIPART(object));
	const char *boundary = g_mime_object_get_content_type_parameter(object, "boundary");
	bool behind = false;
	for (int i = 0; !ended && i < count; i++) {
		char *child = g_strdup_printf("%s%s%d", section, *section ? "." : "", i + 1);
		struct position position = {message, child, section, boundary ? boundary : "", depth, behind, above};
		GMimeObject *part = g_mime_multipart_get_part(GMIME_MULTIPART(object), i);
		ended = walk_object(walk, part, &position);
		behind = behind || has_boundary(part, boundary);
		g_free(child);
	}
	walk->nesting--;
	return ended;
}

static int walk_multipart(struct walk *walk, GMimeObject *object, const struct position *position, const char *type)
{
	struct mime_part part = {.kind = PART_MULTIPART,
				 .section = position->section,
				 .parent = position->parent,
				 .depth = position->depth,
				 .type = type};
	judge_header(&part, position, object);
	judge_multipart(walk, &part, position->message, object, type);
	return walk_emit(walk, &part);
}

static int walk_object(struct walk *walk, GMimeObject *object, const struct position *position)
{
	if (walk_count(walk))
		return 1;
	char *type = object_type(object);
	int ended;
	if (GMIME_IS_MULTIPART(object)) {
		ended = walk_multipart(walk, object, position, type);
		if (!ended)
			ended = walk_children(walk, position->message, object, position->section, position->depth,
					      position);
	} else {
		ended = walk_leaf(walk, object, position, type);
	}
	g_free(type);
	return ended;
}

/* All parts of an opened message; `section` is that of the message, "" for the outermost. */
static int walk_message(struct walk *walk, const struct message *message, const char *section, unsigned depth)
{
	int ended = 0;
	unsigned count = 0;
	if (!message->root) {
		/* Only other readers see something. */
	} else if (GMIME_IS_MULTIPART(message->root)) {
		ended = walk_children(walk, message, message->root, section, depth, NULL);
	} else {
		char *child = g_strdup_printf("%s%s1", section, *section ? "." : "");
		struct position position = {message, child, section, NULL, depth, false, NULL};
		ended = walk_object(walk, message->root, &position);
		g_free(child);
	}
	if (!ended && message->root)
		ended = walk_strays(walk, message, section, depth, &count);
	return ended ? ended : walk_readings(walk, message, section, depth, &count);
}

/* The start of the next "From " line behind a blank line and in front of a header field; `size` if there is none. */
static size_t separator_find(const uint8_t *data, size_t size, size_t from)
{
	while (from < size) {
		const uint8_t *hit = memmem(data + from, size - from, "\nFrom ", 6);
		if (!hit)
			return size;
		size_t at = (size_t)(hit - data);
		size_t line = at + 1;
		size_t next = line + line_length(data + line, size - line);
		bool blank =
			at > 0 && (data[at - 1] == '\n' || (at > 1 && data[at - 1] == '\r' && data[at - 2] == '\n'));
		if (blank && line_is_field(data + next, line_length(data + next, size - next)))
			return line;
		from = line;
	}
	return size;
}

/* Does the message end before its bytes do, so that what follows is surely another one? */
static bool message_is_closed(const uint8_t *data, size_t size)
{
	struct message message;
	bool known;
	message_init(&message, data, size);
	bool closed = message.root != NULL;
	if (closed && GMIME_IS_MULTIPART(message.root))
		closed = g_mime_multipart_get_count(GMIME_MULTIPART(message.root)) &&
			 GMIME_MULTIPART(message.root)->write_end_boundary;
	else if (closed)
		closed = object_transfer(message.root, &known) == TRANSFER_IDENTITY;
	message_free(&message);
	return closed;
}

static int walk_mail(struct walk *walk, unsigned number, const uint8_t *data, size_t size)
{
	if (walk_count(walk))
		return 1;
	size_t line = line_length(data, size);
	char section[16];
	snprintf(section, sizeof(section), "%u", number);
	struct mime_part part = {.section = section, .parent = "", .type = "message/rfc822"};
	struct buffer buffer;
	leaf_decode(walk, TRANSFER_IDENTITY, data + line, size - line, &part, &buffer);
	return walk_inner(walk, &part);
}

/*
 * A mailbox: each message, and where the first one is not at its end when the second begins, also the whole as the
 * single message that it would be to a reader who knows no mailboxes.
 */
static void walk_mailbox(struct walk *walk, const uint8_t *data, size_t size)
{
	unsigned number = 0;
	size_t start = 0;
	size_t first = separator_find(data, size, 0);
	int ended = 0;
	while (!ended && start < size) {
		size_t next = separator_find(data, size, start);
		ended = walk_mail(walk, ++number, data + start, next - start);
		start = next;
	}
	if (!ended && !message_is_closed(data, first))
		walk_mail(walk, ++number, data, size);
}

bool mime_begins(const uint8_t *data, size_t size)
{
	struct detection detection;
	size_t header = header_find(data, size < MIME_STRAY_MOST ? size : MIME_STRAY_MOST);
	if (!size || header >= size || header >= MIME_STRAY_MOST)
		return false;
	detect(data + header, size - header, &detection);
	return detection.mail;
}

int mime_walk(const uint8_t *data, size_t size, unsigned depth, struct budget *budget,
	      const struct mime_visitor *visitor)
{
	struct walk walk = {.visitor = visitor, .budget = budget, .depth = depth};
	if (size >= 5 && !memcmp(data, "From ", 5) && separator_find(data, size, 0) < size) {
		walk_mailbox(&walk, data, size);
		return walk.result;
	}
	struct message message;
	message_init(&message, data, size);
	struct mime_part whole = {0};
	judge_message(&walk, &whole, &message);
	for (unsigned i = 0; i < whole.code_count && !walk.result; i++)
		walk.result = visitor->code(visitor->context, whole.codes[i].code, whole.codes[i].text);
	for (unsigned i = 0; i < whole.evasions.count && !walk.result; i++)
		walk.result = visitor->evasion(visitor->context, whole.evasions.noticed[i].evasion,
					       whole.evasions.noticed[i].text);
	if (!walk.result)
		walk_message(&walk, &message, "", 0);
	message_free(&message);
	return walk.result;
}

int mime_walk_text(const uint8_t *data, size_t size, unsigned depth, struct budget *budget,
		   const struct mime_visitor *visitor)
{
	struct walk walk = {.visitor = visitor, .budget = budget, .depth = depth};
	struct message message = {.given = data, .given_size = size};
	unsigned count = 0;
	message.windows = g_array_new(FALSE, FALSE, sizeof(struct window));
	(void)walk_readings(&walk, &message, "", 0, &count);
	message_free(&message);
	return walk.result;
}

/* Of the leak checker, where it is linked. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

/* GMime loses its own entries for the types that are registered again: a few bytes, once. */
static void start_library(void)
{
	if (__lsan_disable)
		__lsan_disable();
	g_mime_init();
	if (__lsan_enable)
		__lsan_enable();
}

/* GLib writes its complaints to standard error; what they are about shows in the tree. */
static void ignore_log(const char *domain, GLogLevelFlags level, const char *text, void *context)
{
	(void)domain, (void)level, (void)text, (void)context;
}

int mime_start(void)
{
	static bool started;
	assert(!started);
	started = true;
	start_library();
	g_log_set_default_handler(ignore_log, NULL);
	static const char *const inner[] = {"rfc822", "rfc2822", "global", "news", "*"};
	for (size_t i = 0; i < sizeof(inner) / sizeof(inner[0]); i++)
		g_mime_object_register_type("message", inner[i], GMIME_TYPE_PART);
	charset_load();
	return 0;
}

const char *mime_version(void)
{
	static char text[48];
	snprintf(text, sizeof(text), "GMime %u.%u.%u", gmime_major_version, gmime_minor_version, gmime_micro_version);
	return text;
}
