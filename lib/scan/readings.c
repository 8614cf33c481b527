/*
 * readings.c - what other readers get out of a message; see readings.h.
 *
 * Refuses to follow what it decoded more than a few levels, or to try more than READINGS_MOST: then it says so. Called by
 * mime.
 */
#include "scan/readings.h"

#include "scan/carve.h"
#include "scan/detect.h"
#include "scan/letter.h"
#include "scan/mark.h"
#include "scan/outline.h"
#include "scan/script.h"
#include "scan/variant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Encoded in encoded: no mail program undoes more than two. */
#define LEVELS_MOST 4u
/* Line ends by which two readers see a body end differently. */
#define ENDS_MOST 4u
/* Bytes of a text that are looked at to tell that it is one. */
#define TEXT_HEAD 4096u
/* One of so many of them may be a NUL: what somebody puts there to look like something else. */
#define NULS_SHARE 16u
/* Bytes of base64 that are decoded to tell whether it is a text, whole groups. */
#define SAMPLE 1024u
/* A body is quoted-printable, whatever its header says, when so many of its bytes belong to escapes: one in four. */
#define ESCAPES_SHARE 4u

struct readings {
	const struct readings_visitor *visitor;
	struct budget *budget;
	unsigned count, level;
	bool declared; /* what is decoded now */
	char name[256];
	int result;
};

/* What one text is read with. */
struct pass {
	struct readings *readings;
	const uint8_t *data;
	size_t size;
	const struct readings_known *known;
	size_t known_count;
};

static void read_text(struct readings *readings, const uint8_t *data, size_t size);

static void tell_code(struct readings *readings, enum scan_code code, const char *text)
{
	if (!readings->result)
		readings->result = readings->visitor->code(readings->visitor->context, code, text);
}

static bool is_text(const uint8_t *data, size_t size)
{
	struct detection detection;
	size_t head = size < TEXT_HEAD ? size : TEXT_HEAD, nuls = 0;
	for (size_t i = 0; i < head; i++)
		nuls += !data[i];
	if (nuls * NULS_SHARE > head)
		return false;
	detect(data, size, &detection);
	return detection.count == 0 && !detection.mail;
}

static void tell(struct readings *readings, const struct reading *reading);

/* A text of words: what the engine can find in it, it found in the whole. */
static bool is_prose(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!letter_is(data[i], LETTER_WORD) && (!data[i] || !strchr(" \t\r\n.,;:!?'\"()-", data[i])))
			return false;
	return true;
}

/* Without the blank lines that it begins with, which some readers leave out. The engine reads markup without them anyway. */
static void read_trimmed(struct readings *readings, const struct reading *reading)
{
	size_t at = 0;
	while (at < reading->size && letter_is(reading->data[at], LETTER_SPACE))
		at++;
	if (!at || at == reading->size || reading->data[at] == '<')
		return;
	struct reading trimmed = *reading;
	struct detection detection;
	trimmed.data += at;
	trimmed.size -= at;
	trimmed.decoded = false; /* what stands in it is found with blanks in front too */
	if (is_prose(trimmed.data, trimmed.size))
		return;
	/* A message is taken apart with blank lines in front too. */
	detect(trimmed.data, trimmed.size, &detection);
	if (!detection.mail)
		tell(readings, &trimmed);
}

static void tell(struct readings *readings, const struct reading *reading)
{
	if (readings->result || !reading->size)
		return;
	if (readings->count >= READINGS_MOST) {
		char text[80];
		(void)snprintf(text, sizeof text, "a message that can be read in more than %u ways", READINGS_MOST);
		if (readings->count++ == READINGS_MOST)
			tell_code(readings, DEC_RESULT_MAXIMUM_FILES_EXTRACTED, text);
		return;
	}
	readings->count++;
	readings->result = readings->visitor->reading(readings->visitor->context, reading);
	read_trimmed(readings, reading);
	/* A message among them is taken apart by whoever is told of it. */
	if (!readings->result && reading->decoded && readings->level < LEVELS_MOST &&
	    is_text(reading->data, reading->size)) {
		readings->level++;
		read_text(readings, reading->data, reading->size);
		readings->level--;
	}
}

static int take_variant(void *context, const uint8_t *data, size_t size, enum scan_code code)
{
	struct readings *readings = context;
	bool own = !readings->level;
	const struct reading reading = {.data = data,
					.size = size,
					.name = own && *readings->name ? readings->name : NULL,
					.decoded = true,
					.declared = own && readings->declared,
					.code = code};
	tell(readings, &reading);
	return readings->result || readings->count > READINGS_MOST;
}

static void decode(struct readings *readings, enum transfer transfer, const uint8_t *data, size_t size, bool usual)
{
	if (!readings->result && readings->count <= READINGS_MOST)
		(void)variant_decode(transfer, data, size, usual, readings->budget, take_variant, readings, NULL);
}

/* Lists of numbers often look like the few formats that have no mark to speak of. */
static bool is_chance(const uint8_t *data, size_t size)
{
	static const enum detect_format weak[] = {DETECT_OPENPGP, DETECT_LZMA, DETECT_COMPRESS, DETECT_ARC, DETECT_CMS};
	struct detection detection;
	detect(data, size, &detection);
	for (size_t i = 0; i < sizeof weak / sizeof *weak; i++)
		if (detection.count && detection.formats[0] == weak[i])
			return true;
	return false;
}

static void tell_script(struct readings *readings, const uint8_t *data, const struct script_value *value)
{
	struct buffer bytes;
	enum scan_code code = SCAN_CODE_NONE;
	budget_part(readings->budget);
	if (script_undo(data, value, &bytes))
		tell_code(readings, DEC_RESULT_OUT_OF_MEMORY, "what a script puts together");
	else if (!is_chance(bytes.data, bytes.size))
		tell(readings, &(struct reading){.data = bytes.data,
						 .size = (size_t)budget_charge(readings->budget, bytes.size, &code),
						 .decoded = true,
						 .code = code});
	buffer_free(&bytes);
}

/* Files that a script puts together. */
static void read_scripts(struct readings *readings, const uint8_t *data, size_t size)
{
	struct script_value value;
	size_t at = 0;
	while (!readings->result && readings->count <= READINGS_MOST && script_next(data, size, &at, &value)) {
		tell_script(readings, data, &value);
		if (!value.either)
			continue;
		value.kind = SCRIPT_HEXADECIMAL;
		tell_script(readings, data, &value);
	}
}

static void carve_text(struct readings *readings, const uint8_t *data, size_t size)
{
	struct carving carving;
	size_t at = 0, joined = 0;
	while (!readings->result && readings->count <= READINGS_MOST && carve_next(data, size, &at, &carving)) {
		decode(readings, carving.transfer, data + carving.start, carving.size, true);
		if (carving.start < joined)
			continue;
		/* Blank lines stand between two files, or inside of one. */
		joined = carve_blocks_end(data, size, &carving);
		if (joined > carving.start + carving.size)
			decode(readings, carving.transfer, data + carving.start, joined - carving.start, true);
	}
	read_scripts(readings, data, size);
}

/* What is broken by escapes; what is not was found with them. */
static void carve_plain(struct readings *readings, struct script_plain *plain)
{
	const uint8_t *text = plain->text.data;
	struct carving carving;
	size_t at = 0;
	while (!readings->result && readings->count <= READINGS_MOST &&
	       carve_next(text, plain->text.size, &at, &carving))
		if (script_plain_broken(plain, carving.start, carving.size))
			decode(readings, carving.transfer, text + carving.start, carving.size, true);
}

static void carve_all(struct readings *readings, const uint8_t *data, size_t size)
{
	struct buffer narrow;
	struct script_plain plain;
	bool wide = script_narrow(data, size, &narrow);
	const uint8_t *text = wide ? narrow.data : data;
	size_t length = wide ? narrow.size : size;
	carve_text(readings, text, length);
	if (script_unescape(text, length, &plain)) {
		carve_plain(readings, &plain);
		script_plain_free(&plain);
	}
	if (wide)
		buffer_free(&narrow);
}

/* A text that begins as a message does: nobody takes it apart as one, since people quote messages. */
static bool is_quote(const struct readings_known *known, const uint8_t *data, size_t size)
{
	struct detection detection;
	if (!known->text)
		return false;
	detect(data, size, &detection);
	return detection.mail;
}

/*
 * An encoding that says itself what it is, whatever the body is called; `known`: the body, NULL: they are none. As it stands, a body was
 * opened with its part, unless it begins as a message does.
 */
static void read_encoded(struct readings *readings, const struct readings_known *known, const uint8_t *data,
			 size_t size)
{
	if (!memchr(data, ':', size) && !memmem(data, size, "=ybegin ", 8))
		return;
	size_t at = detect_encoded(data, size);
	bool opened = at < size && known && known->transfer == TRANSFER_IDENTITY && !is_quote(known, data, size);
	if (at < size && !opened)
		tell(readings, &(struct reading){.data = data + at, .size = size - at});
}

/* Letters of base64 and blanks only? */
static bool is_base64(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!letter_is(data[i], LETTER_BASE64 | LETTER_SPACE))
			return false;
	return true;
}

/* Does a good part of it consist of escapes? */
static bool is_escaped(const uint8_t *data, size_t size)
{
	size_t escapes = 0;
	for (size_t i = 0; i + 2 < size; i++)
		if (data[i] == '=' && letter_is(data[i + 1], LETTER_HEXADECIMAL) &&
		    letter_is(data[i + 2], LETTER_HEXADECIMAL))
			escapes++;
	return escapes * 3 > size / ESCAPES_SHARE;
}

static const struct readings_known *known_find(const struct pass *pass, const struct outline_part *part)
{
	for (size_t i = 0; i < pass->known_count; i++) {
		const struct readings_known *known = &pass->known[i];
		if (known->start > part->start)
			break;
		size_t end = known->start + known->size, own = part->start + part->size;
		if (known->start == part->start && (end > own ? end - own : own - end) <= ENDS_MOST)
			return known;
	}
	return NULL;
}

/* Does it stand in a text, as the messages do that somebody quotes, or is it a multipart whose parts are seen anyway? */
static bool is_ordinary(const struct pass *pass, const struct outline_part *part)
{
	for (size_t i = 0; i < pass->known_count; i++) {
		const struct readings_known *known = &pass->known[i];
		bool quoted = known->text && known->start < part->start && part->start - known->start < known->size;
		bool around = known->start > part->start && known->start - part->start < part->size;
		if (quoted || around)
			return true;
	}
	return false;
}

static void read_part(struct pass *pass, const struct outline_part *part)
{
	struct readings *readings = pass->readings;
	const struct readings_known *known = known_find(pass, part);
	const uint8_t *body = pass->data + part->start;
	bool named = part->base64 || part->quoted || (known && known->transfer == TRANSFER_UUENCODE);
	bool plain = known && known->transfer == TRANSFER_IDENTITY;
	if (!readings->level) {
		readings->declared = part->declared && !is_ordinary(pass, part);
		(void)snprintf(readings->name, sizeof readings->name, "%.*s", (int)part->name_size,
			       (const char *)pass->data + part->name);
	}
	if (part->base64 && !(known && known->transfer == TRANSFER_BASE64))
		decode(readings, TRANSFER_BASE64, body, part->size, true);
	bool quoted = part->quoted || (!named && is_escaped(body, part->size));
	if (quoted && !(known && known->transfer == TRANSFER_QUOTED_PRINTABLE))
		decode(readings, TRANSFER_QUOTED_PRINTABLE, body, part->size, true);
	/* As it stands, where a field could say so. */
	bool open = !named || part->encodings > 1 || (!known && part->base64 && !is_base64(body, part->size));
	if (part->declared && open && !plain && !is_prose(body, part->size)) {
		bool own = !readings->level;
		const struct reading reading = {.data = body,
						.size = part->size,
						.name = own && *readings->name ? readings->name : NULL,
						.declared = own && readings->declared};
		tell(readings, &reading);
	}
	if (!readings->level) {
		readings->declared = false;
		*readings->name = '\0';
	}
}

/* Is the body base64 and nothing else, so that no structure has to be looked for in it? */
static bool is_closed(const struct pass *pass, const struct readings_known *known)
{
	const uint8_t *data = pass->data + known->start;
	return known->transfer == TRANSFER_BASE64 && !memchr(data, ':', known->size) && !memchr(data, '-', known->size);
}

/* Bodies in which nothing else can stand; NULL with *ret_count 0: there are none. False: no memory. */
static bool find_gaps(const struct pass *pass, struct outline_gap **ret_gaps, size_t *ret_count)
{
	*ret_gaps = pass->known_count ? malloc(pass->known_count * sizeof **ret_gaps) : NULL;
	*ret_count = 0;
	if (pass->known_count && !*ret_gaps)
		return false;
	size_t end = 0;
	for (size_t i = 0; i < pass->known_count; i++) {
		const struct readings_known *known = &pass->known[i];
		if (known->start < end || !is_closed(pass, known))
			continue;
		end = known->start + known->size;
		(*ret_gaps)[(*ret_count)++] = (struct outline_gap){known->start, known->size};
	}
	return true;
}

/* Is it worth a second decoding, to look for encoded files in what comes out? Anywhere in a text: before a script stand pages of words. */
static bool may_hold(const struct pass *pass, const struct readings_known *known)
{
	const uint8_t *body = pass->data + known->start;
	if (known->transfer == TRANSFER_QUOTED_PRINTABLE)
		return true;
	if (known->transfer != TRANSFER_BASE64)
		return false;
	struct buffer buffer;
	transfer_look(TRANSFER_BASE64, body, known->size < SAMPLE ? known->size : SAMPLE, &buffer);
	bool text = buffer.size && (is_text(buffer.data, buffer.size) || script_is_wide(buffer.data, buffer.size) ||
				    is_quote(known, buffer.data, buffer.size));
	buffer_free(&buffer);
	return text;
}

/* Files that stand encoded in what is encoded. */
static void read_inside(struct pass *pass, const struct readings_known *known)
{
	struct buffer buffer;
	budget_part(pass->readings->budget);
	(void)transfer_decode(known->transfer, pass->data + known->start, known->size, pass->readings->budget, &buffer);
	if (buffer.size && is_quote(known, buffer.data, buffer.size)) {
		pass->readings->level++;
		read_text(pass->readings, buffer.data, buffer.size);
		pass->readings->level--;
	} else if (buffer.size && (is_text(buffer.data, buffer.size) || script_is_wide(buffer.data, buffer.size))) {
		read_trimmed(pass->readings, &(struct reading){.data = buffer.data, .size = buffer.size});
		carve_all(pass->readings, buffer.data, buffer.size);
	}
	buffer_free(&buffer);
}

/* Nobody makes anything else of it. */
static bool begins_uuencode(const uint8_t *data, size_t size)
{
	size_t at = 0;
	while (at < size && letter_is(data[at], LETTER_SPACE))
		at++;
	return size - at >= 6 && strncasecmp((const char *)data + at, "begin ", 6) == 0;
}

/* Other decodings of what was decoded already. */
static void read_known(struct pass *pass)
{
	struct readings *readings = pass->readings;
	for (size_t i = 0; i < pass->known_count; i++) {
		const struct readings_known *known = &pass->known[i];
		const uint8_t *body = pass->data + known->start;
		bool broken = false;
		if (!readings->result)
			(void)variant_decode(known->transfer, body, known->size, false, readings->budget, take_variant,
					     readings, &broken);
		if (broken)
			carve_all(readings, body, known->size);
		if (known->transfer == TRANSFER_IDENTITY)
			read_trimmed(readings, &(struct reading){.data = body, .size = known->size});
		else if (known->odd && !is_prose(body, known->size) && !begins_uuencode(body, known->size))
			tell(readings, &(struct reading){.data = body, .size = known->size});
		read_encoded(readings, known, body, known->size);
		if (may_hold(pass, known))
			read_inside(pass, known);
	}
}

/* Where the header of the data ends; it is full of base64 that is no file. */
static size_t header_end(const struct pass *pass)
{
	size_t end = mark_blank_line(pass->data, pass->size);
	return end == MARK_NONE ? 0 : end;
}

/* What stands between the encoded bodies; these were decoded, and what is in them was read. */
static void carve_between(struct pass *pass)
{
	size_t at = pass->known_count ? header_end(pass) : 0;
	for (size_t i = 0; i < pass->known_count; i++) {
		const struct readings_known *known = &pass->known[i];
		bool pure = known->transfer == TRANSFER_BASE64 || known->transfer == TRANSFER_QUOTED_PRINTABLE;
		if (!pure || known->start < at)
			continue;
		carve_all(pass->readings, pass->data + at, known->start - at);
		at = known->start + known->size;
	}
	carve_all(pass->readings, pass->data + at, pass->size - at);
}

/* Encodings that say themselves what they are, where no body is. */
static void read_between(struct pass *pass)
{
	size_t at = header_end(pass);
	for (size_t i = 0; i <= pass->known_count; i++) {
		bool last = i == pass->known_count;
		size_t start = last ? pass->size : pass->known[i].start;
		if (start > at)
			read_encoded(pass->readings, NULL, pass->data + at, start - at);
		size_t end = last ? at : start + pass->known[i].size;
		at = end > at ? end : at;
	}
}

static void read_pass(struct pass *pass)
{
	struct readings *readings = pass->readings;
	struct outline outline = {0};
	struct outline_gap *gaps = NULL;
	size_t gap_count;
	if (!find_gaps(pass, &gaps, &gap_count) || outline_find(pass->data, pass->size, gaps, gap_count, &outline)) {
		free(gaps);
		tell_code(readings, DEC_RESULT_OUT_OF_MEMORY, "no memory to read this message in other ways");
		return;
	}
	read_known(pass);
	for (unsigned i = 0; i < outline.count && !readings->result; i++)
		read_part(pass, &outline.parts[i]);
	if (outline.cut)
		tell_code(readings, DEC_RESULT_MAXIMUM_FILES_EXTRACTED,
			  "a text in which more than 4096 parts could begin");
	carve_between(pass);
	read_between(pass);
	outline_free(&outline);
	free(gaps);
}

static void read_text(struct readings *readings, const uint8_t *data, size_t size)
{
	struct pass pass = {readings, data, size, NULL, 0};
	read_pass(&pass);
}

int readings_message(const uint8_t *data, size_t size, const struct readings_known *known, size_t count,
		     struct budget *budget, const struct readings_visitor *visitor)
{
	struct readings readings = {.visitor = visitor, .budget = budget};
	struct pass pass = {&readings, data, size, known, count};
	read_pass(&pass);
	return readings.result;
}
