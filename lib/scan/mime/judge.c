/*
 * judge.c - what is wrong, or ambiguous, with a part; see judge.h.
 *
 * Refuses nothing: it only adds codes and evasions. Called by tree, other and mime.
 */
#include "scan/mime/judge.h"

#include "scan/detect.h"
#include "scan/header.h"
#include "scan/mime/line.h"
#include "scan/mime/object.h"
#include "scan/openpgp.h"
#include "scan/reading.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Longest header of a multipart that is searched for the begin of its body. */
#define ENCODED_HEADER_MOST 8192u

void judge_add(struct mime_part *part, enum scan_code code, const char *format, ...)
{
	assert(part->code_count < sizeof(part->codes) / sizeof(part->codes[0]));
	unsigned index = part->code_count++;
	part->codes[index].code = code;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(part->codes[index].text, sizeof(part->codes[index].text), format, arguments);
	va_end(arguments);
}

void judge_limit(struct mime_part *part, enum scan_code code)
{
	if (code == DEC_RESULT_OUT_OF_MEMORY)
		judge_add(part, code, "no memory to decode this part");
	else if (code != SCAN_CODE_NONE)
		judge_add(part, code, "cut after %zu bytes", part->size);
}

void judge_header(struct mime_part *part, const struct position *position, GMimeObject *object)
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
		judge_add(part, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, "S/MIME, encrypted by its own account");
	else
		judge_add(part, DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM, "S/MIME, not readable here");
}

void judge_leaf(struct mime_part *part, GMimeObject *leaf)
{
	bool text = !strncmp(part->type, "text/", 5);
	if (!strcmp(part->type, "message/partial"))
		judge_add(part, DEC_RESULT_PARTIAL_MESSAGE_DETECTED, "message/partial");
	judge_pkcs7(part, g_mime_object_get_content_type_parameter(leaf, "smime-type"));
	/* Only one that stands first is opened as a part; what is carved out of a text may be less than another program reads. */
	bool armour = text ? line_mark(part->data, part->size, 0, OPENPGP_ARMOUR) < part->size
			   : openpgp_is_armour(part->data, part->size);
	if (armour && openpgp_kind(part->data, part->size) != OPENPGP_OPEN)
		judge_add(part, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, "OpenPGP message");
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

void judge_multipart(struct mime_part *part, const struct message *message, GMimeObject *object, const char *type,
		     bool deep)
{
	if (!g_mime_multipart_get_count(GMIME_MULTIPART(object)))
		judge_encoded(part, message, object);
	if (!strcmp(type, "multipart/encrypted"))
		judge_add(part, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, "multipart/encrypted");
	if (!g_mime_multipart_get_count(GMIME_MULTIPART(object)))
		judge_add(part, DEC_RESULT_MIME_PARSING_FAILED, "%.60s %s", type,
			  g_mime_object_get_content_type_parameter(object, "boundary")
				  ? "in which its boundary encloses no part"
				  : "without a boundary");
	if (deep)
		judge_add(part, DEC_RESULT_MAXIMUM_DEPTH_REACHED, "more than %u multiparts in each other",
			  JUDGE_NESTING_MOST);
}

void judge_message(struct mime_part *part, const struct message *message, bool deep)
{
	(void)header_judge(message->given, message->given_size, NULL, &part->evasions);
	if (!message->root) {
		judge_add(part, DEC_RESULT_MIME_PARSING_FAILED, "no header");
		return;
	}
	if (!GMIME_IS_MULTIPART(message->root))
		return;
	char *type = object_type(message->root);
	judge_multipart(part, message, message->root, type, deep);
	g_free(type);
}

/*
 * To some readers the message is over where an inner multipart ends that has its boundary. There were mail programs that
 * wrote such, with all kinds of parts behind it: only what matters counts.
 */
void judge_position(struct mime_part *part, const struct position *position)
{
	const struct position *at = position;
	while (at && !at->behind)
		at = at->above;
	if (at && reading_matters(part->data, part->size))
		evasion_add(&part->evasions, EVASION_RepeatedBoundary, "%.80s", at->boundary);
}

void judge_encoding(struct mime_part *part, GMimeObject *leaf, const uint8_t *encoded, size_t size, bool known)
{
	/* Named as an encoding, and opened as what it is. */
	if (!known && !detects(part, DETECT_YENC) && !detects(part, DETECT_BINHEX))
		judge_add(part, DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM, "its transfer encoding");
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
