/*
 * wrap.c - plain containers around bytes; see wrap.h. Refuses nothing but what does not fit the formats.
 */
#include "scan/wrap.h"

#include "scan/mark.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAME_MOST   255
#define LINE_BYTES  57 /* of content in a line of base64: 76 characters (RFC 2045, 6.8) */
#define HEADER_MOST 1024

static uint8_t *put(uint8_t *at, uint32_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		*at++ = (uint8_t)(value >> 8 * i);
	return at;
}

/* What a local header and a directory entry of ZIP have in common: version 2.0, no flags, stored, the day ZIP begins with. */
static uint8_t *put_member(uint8_t *at, uint32_t crc, uint32_t size, uint32_t name_size)
{
	at = put(at, 20, 2);
	at = put(at, 0, 2);
	at = put(at, 0, 2);
	at = put(at, 0, 2);
	at = put(at, 0x21, 2);
	at = put(at, crc, 4);
	at = put(at, size, 4);
	at = put(at, size, 4);
	at = put(at, name_size, 2);
	return put(at, 0, 2);
}

/* Directory of one entry, and the end record. Needs 46 + name + 22 bytes. */
static uint8_t *put_directory(uint8_t *at, uint32_t crc, uint32_t size, const char *name, uint32_t name_size)
{
	const uint8_t *start = at;
	at = put(at, 0x02014b50, 4);
	at = put(at, 20, 2);
	at = put_member(at, crc, size, name_size);
	at = put(at, 0, 2); /* comment */
	at = put(at, 0, 2); /* disk */
	at = put(at, 0, 2); /* internal attributes */
	at = put(at, 0, 4); /* external attributes */
	at = put(at, 0, 4); /* offset of the member */
	memcpy(at, name, name_size);
	at += name_size;
	uint32_t directory_size = (uint32_t)(at - start);
	at = put(at, 0x06054b50, 4);
	at = put(at, 0, 4);
	at = put(at, 1, 2);
	at = put(at, 1, 2);
	at = put(at, directory_size, 4);
	at = put(at, 30 + name_size + size, 4);
	return put(at, 0, 2);
}

int wrap_zip(const uint8_t *data, size_t size, const char *name, struct buffer *ret_buffer)
{
	uint8_t header[46 + NAME_MOST + 22], *end;
	uint32_t name_size = (uint32_t)strnlen(name, NAME_MOST);
	buffer_init(ret_buffer, size + 2 * sizeof header);
	if (size > UINT32_MAX - 2 * sizeof header)
		return -EFBIG;
	uint32_t crc = mark_crc32(data, size);
	end = put(header, 0x04034b50, 4);
	end = put_member(end, crc, (uint32_t)size, name_size);
	memcpy(end, name, name_size);
	int error = buffer_reserve(ret_buffer, size + 2 * sizeof header);
	if (error)
		return error;
	(void)buffer_append(ret_buffer, header, (size_t)(end - header) + name_size);
	(void)buffer_append(ret_buffer, data, size);
	end = put_directory(header, crc, (uint32_t)size, name, name_size);
	return buffer_append(ret_buffer, header, (size_t)(end - header));
}

/* Four characters for up to three bytes. */
static void encode(const uint8_t *data, size_t size, char *ret_text)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = (uint32_t)data[0] << 16;
	if (size > 1)
		bits |= (uint32_t)data[1] << 8;
	if (size > 2)
		bits |= data[2];
	for (unsigned i = 0; i < 4; i++)
		ret_text[i] = i <= size ? alphabet[bits >> (18 - 6 * i) & 63] : '=';
}

static int append_line(struct buffer *buffer, const uint8_t *data, size_t size)
{
	char line[LINE_BYTES / 3 * 4 + 1];
	size_t used = 0;
	for (size_t i = 0; i < size; i += 3, used += 4)
		encode(data + i, size - i, line + used);
	line[used++] = '\n';
	return buffer_append(buffer, line, used);
}

int wrap_mail(const uint8_t *data, size_t size, const char *name, struct buffer *ret_buffer)
{
	char header[HEADER_MOST], safe[NAME_MOST + 1] = "";
	/* A name must not end the header field. */
	for (size_t i = 0; name && name[i] && i < NAME_MOST; i++)
		safe[i] = iscntrl((unsigned char)name[i]) || name[i] == '"' || name[i] == '\\' ? '_' : name[i];
	(void)snprintf(header, sizeof header,
		       "From: csapi\nMIME-Version: 1.0\nContent-Type: application/octet-stream\n"
		       "Content-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=\"%s\"\n\n",
		       safe);
	buffer_init(ret_buffer, sizeof header + size / LINE_BYTES * 78 + 78);
	int error = buffer_append_text(ret_buffer, header);
	for (size_t i = 0; !error && i < size; i += LINE_BYTES)
		error = append_line(ret_buffer, data + i, size - i < LINE_BYTES ? size - i : LINE_BYTES);
	return error;
}
