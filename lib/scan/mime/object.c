/*
 * object.c - what one object of GMime's says of itself; see object.h.
 *
 * Looks at the raw fields where GMime would mend them. Called by judge, tree and mailbox.
 */
#include "scan/mime/object.h"

#include "scan/mime/line.h"

#include <assert.h>
#include <string.h>

/* Lines in front of the first field of a part that are looked at. */
#define BROKEN_LINES_MOST 20u

char *object_type(GMimeObject *object)
{
	char *type = g_mime_content_type_get_mime_type(g_mime_object_get_content_type(object));
	for (char *at = type; *at; at++)
		*at = g_ascii_tolower(*at);
	return type;
}

enum transfer object_transfer(GMimeObject *object, bool *ret_known)
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
const char *object_encoding(GMimeObject *object)
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
size_t object_start(const struct message *message, GMimeObject *object)
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

/* The encoded content of a leaf, as it stands in the message. */
const uint8_t *object_window(const struct message *message, GMimeObject *leaf, size_t *ret_size)
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

bool object_has_boundary(GMimeObject *part, const char *boundary)
{
	const char *own = GMIME_IS_MULTIPART(part) ? g_mime_object_get_content_type_parameter(part, "boundary") : NULL;
	return own && boundary && strcmp(own, boundary) == 0;
}
