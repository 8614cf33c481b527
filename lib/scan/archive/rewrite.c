/*
 * rewrite.c - archives written anew; see rewrite.h.
 *
 * The writer is of the format that was read, down to its variant. Refuses an archive in which any member cannot be read whole, and methods for which the library
 * would run a program.
 */
#include "scan/archive/rewrite.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is put behind the name of a member for the note in its place. */
#define NOTE_SUFFIX ".removed.txt"
#define NAME_MOST   1024

struct rewrite {
	enum detect_format format;
	struct budget *budget;
	const struct rewrite_visitor *visitor;
	struct archive *from, *to; /* `to` NULL until the first header told which variant it is */
	struct buffer *buffer;
	int full; /* the buffer's error, behind the library's back */
	struct why *why;
};

static bool is_stream(enum detect_format format)
{
	switch (format) {
	case DETECT_GZIP:
	case DETECT_BZIP2:
	case DETECT_XZ:
	case DETECT_LZMA:
	case DETECT_LZIP:
	case DETECT_LZ4:
	case DETECT_ZSTD:
	case DETECT_COMPRESS:
		return true;
	default:
		return false;
	}
}

/* ---- reading ---- */

static int read_filter(struct archive *archive, enum detect_format format)
{
	switch (format) {
	case DETECT_GZIP:
		return archive_read_support_filter_gzip(archive);
	case DETECT_BZIP2:
		return archive_read_support_filter_bzip2(archive);
	case DETECT_XZ:
		return archive_read_support_filter_xz(archive);
	case DETECT_LZMA:
		return archive_read_support_filter_lzma(archive);
	case DETECT_LZIP:
		return archive_read_support_filter_lzip(archive);
	case DETECT_LZ4:
		return archive_read_support_filter_lz4(archive);
	case DETECT_ZSTD:
		return archive_read_support_filter_zstd(archive);
	default:
		return archive_read_support_filter_compress(archive);
	}
}

static int read_format(struct archive *archive, enum detect_format format)
{
	switch (format) {
	case DETECT_ZIP:
		return archive_read_support_format_zip_seekable(archive);
	case DETECT_SEVEN_ZIP:
		return archive_read_support_format_7zip(archive);
	case DETECT_TAR:
		return archive_read_support_format_tar(archive);
	case DETECT_CPIO:
		return archive_read_support_format_cpio(archive);
	case DETECT_ISO9660:
		return archive_read_support_format_iso9660(archive);
	case DETECT_AR:
		return archive_read_support_format_ar(archive);
	default:
		return ARCHIVE_FATAL;
	}
}

/* ARCHIVE_WARN would mean that a program is run for it. */
static int open_reader(struct rewrite *rewrite, const uint8_t *data, size_t size)
{
	rewrite->from = archive_read_new();
	if (!rewrite->from)
		return -ENOMEM;
	int answer = is_stream(rewrite->format) ? read_filter(rewrite->from, rewrite->format)
						: read_format(rewrite->from, rewrite->format);
	if (answer == ARCHIVE_OK && is_stream(rewrite->format))
		answer = archive_read_support_format_raw(rewrite->from);
	if (answer != ARCHIVE_OK)
		return why_set(rewrite->why, -ENOTSUP, "%s: cannot be written", detect_text(rewrite->format));
	if (archive_read_open_memory(rewrite->from, data, size) != ARCHIVE_OK)
		return why_set(rewrite->why, -EBADMSG, "%s: cannot be read", detect_text(rewrite->format));
	return 0;
}

/* The whole of a member. 0, -EBADMSG, -EDQUOT, -ENOMEM. */
static int read_member(struct rewrite *rewrite, struct buffer *bytes)
{
	const void *block;
	size_t size;
	int64_t offset;
	int answer;
	budget_part(rewrite->budget);
	while ((answer = archive_read_data_block(rewrite->from, &block, &size, &offset)) == ARCHIVE_OK) {
		enum scan_code code;
		uint64_t hole = offset > 0 && (uint64_t)offset > bytes->size ? (uint64_t)offset - bytes->size : 0;
		if (budget_charge(rewrite->budget, hole + size, &code) < hole + size)
			return why_set(rewrite->why, -EDQUOT, "%s", scan_code_name(code));
		int error = buffer_reserve(bytes, (size_t)hole + size);
		if (error)
			return error;
		if (hole)
			memset(bytes->data + bytes->size, 0, (size_t)hole);
		bytes->size += (size_t)hole;
		error = size ? buffer_append(bytes, block, size) : 0;
		if (error)
			return error;
	}
	if (answer == ARCHIVE_EOF)
		return 0;
	return why_set(rewrite->why, -EBADMSG, "%s: a member cannot be read", detect_text(rewrite->format));
}

/* ---- writing ---- */

static la_ssize_t on_write(struct archive *archive, void *context, const void *data, size_t size)
{
	struct rewrite *rewrite = context;
	rewrite->full = buffer_append(rewrite->buffer, data, size);
	if (!rewrite->full)
		return (la_ssize_t)size;
	archive_set_error(archive, -rewrite->full, "no room");
	return ARCHIVE_FATAL;
}

static int write_filter(struct archive *archive, enum detect_format format)
{
	switch (format) {
	case DETECT_GZIP:
		return archive_write_add_filter_gzip(archive);
	case DETECT_BZIP2:
		return archive_write_add_filter_bzip2(archive);
	case DETECT_XZ:
		return archive_write_add_filter_xz(archive);
	case DETECT_LZMA:
		return archive_write_add_filter_lzma(archive);
	case DETECT_LZIP:
		return archive_write_add_filter_lzip(archive);
	case DETECT_LZ4:
		return archive_write_add_filter_lz4(archive);
	case DETECT_ZSTD:
		return archive_write_add_filter_zstd(archive);
	default:
		return archive_write_add_filter_compress(archive);
	}
}

/* The variant that was read. */
static int write_format(struct archive *archive, int code)
{
	switch (code) {
	case ARCHIVE_FORMAT_ZIP:
		return archive_write_set_format_zip(archive);
	case ARCHIVE_FORMAT_7ZIP:
		return archive_write_set_format_7zip(archive);
	case ARCHIVE_FORMAT_TAR_GNUTAR:
		return archive_write_set_format_gnutar(archive);
	case ARCHIVE_FORMAT_TAR:
		return archive_write_set_format_v7tar(archive);
	case ARCHIVE_FORMAT_TAR_USTAR:
		return archive_write_set_format_ustar(archive);
	case ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE:
	case ARCHIVE_FORMAT_TAR_PAX_RESTRICTED:
		return archive_write_set_format_pax_restricted(archive);
	case ARCHIVE_FORMAT_CPIO_POSIX:
		return archive_write_set_format_cpio_odc(archive);
	case ARCHIVE_FORMAT_CPIO_SVR4_NOCRC:
	case ARCHIVE_FORMAT_CPIO_SVR4_CRC:
		return archive_write_set_format_cpio_newc(archive);
	case ARCHIVE_FORMAT_CPIO_BIN_LE:
		return archive_write_set_format_cpio_bin(archive);
	case ARCHIVE_FORMAT_AR_BSD:
		return archive_write_set_format_ar_bsd(archive);
	case ARCHIVE_FORMAT_AR_GNU:
	case ARCHIVE_FORMAT_AR: /* its names tell of no variant */
		return archive_write_set_format_ar_svr4(archive);
	case ARCHIVE_FORMAT_ISO9660:
	case ARCHIVE_FORMAT_ISO9660_ROCKRIDGE:
		return archive_write_set_format_iso9660(archive);
	case ARCHIVE_FORMAT_RAW:
		return archive_write_set_format_raw(archive);
	default:
		return ARCHIVE_FATAL;
	}
}

static int open_writer(struct rewrite *rewrite)
{
	rewrite->to = archive_write_new();
	if (!rewrite->to)
		return -ENOMEM;
	int answer = write_format(rewrite->to, archive_format(rewrite->from));
	if (answer == ARCHIVE_OK && is_stream(rewrite->format))
		answer = write_filter(rewrite->to, rewrite->format);
	/* What is not padded needs no padding now. */
	if (answer == ARCHIVE_OK)
		answer = archive_write_set_bytes_in_last_block(rewrite->to, 1);
	if (answer != ARCHIVE_OK)
		return why_set(rewrite->why, -ENOTSUP, "%s: cannot be written", detect_text(rewrite->format));
	if (archive_write_open(rewrite->to, rewrite, NULL, on_write, NULL) == ARCHIVE_OK)
		return 0;
	return why_set(rewrite->why, rewrite->full ? rewrite->full : -ENOTSUP, "%s: %s", detect_text(rewrite->format),
		       archive_error_string(rewrite->to) ? archive_error_string(rewrite->to) : "cannot be written");
}

static int write_failed(struct rewrite *rewrite)
{
	const char *text = archive_error_string(rewrite->to);
	return why_set(rewrite->why, rewrite->full ? rewrite->full : -ENOTSUP, "%s: %s", detect_text(rewrite->format),
		       text ? text : "cannot be written");
}

/* ARCHIVE_WARN: something of the header cannot be kept, such as a long name; the archive would not be what it was. */
static int write_member(struct rewrite *rewrite, struct archive_entry *entry, const uint8_t *data, size_t size)
{
	if (archive_write_header(rewrite->to, entry) != ARCHIVE_OK)
		return write_failed(rewrite);
	while (size) {
		la_ssize_t put = archive_write_data(rewrite->to, data, size);
		if (put <= 0)
			return write_failed(rewrite);
		data += put;
		size -= (size_t)put;
	}
	return archive_write_finish_entry(rewrite->to) == ARCHIVE_OK ? 0 : write_failed(rewrite);
}

/* ---- members ---- */

/* The note's own entry: a plain file, of the day of what it stands for. Caller frees with archive_entry_free. */
static struct archive_entry *note_entry(enum detect_format format, struct archive_entry *entry, size_t size)
{
	char name[NAME_MOST];
	const char *old = archive_entry_pathname(entry);
	struct archive_entry *note = archive_entry_new();
	if (!note)
		return NULL;
	/* Longer names take a table in an ar archive, which nobody writes for us. */
	if (format == DETECT_AR)
		old = "member";
	(void)snprintf(name, sizeof name, "%.*s%s", (int)(sizeof name - sizeof NOTE_SUFFIX), old ? old : "member",
		       format == DETECT_AR ? ".txt" : NOTE_SUFFIX);
	archive_entry_copy_pathname(note, name);
	archive_entry_set_filetype(note, AE_IFREG);
	archive_entry_set_perm(note, 0644);
	archive_entry_set_size(note, (la_int64_t)size);
	if (archive_entry_mtime_is_set(entry))
		archive_entry_set_mtime(note, archive_entry_mtime(entry), 0);
	return note;
}

static int copy_member(struct rewrite *rewrite, struct archive_entry *entry, const struct buffer *bytes)
{
	struct buffer given;
	const char *name = archive_entry_pathname(entry);
	const uint8_t *data = bytes->data ? bytes->data : (const uint8_t *)"";
	buffer_init(&given, rewrite->buffer->cap);
	enum rewrite_fate fate =
		rewrite->visitor->member(rewrite->visitor->context, name ? name : "", data, bytes->size, &given);
	int error = 0;
	if (fate == REWRITE_GIVE_UP || (fate == REWRITE_NOTE && is_stream(rewrite->format))) {
		error = why_set(rewrite->why, -ECANCELED, "%s: without its content there is nothing left",
				detect_text(rewrite->format));
	} else if (fate == REWRITE_NOTE) {
		struct archive_entry *note = note_entry(rewrite->format, entry, given.size);
		error = note ? write_member(rewrite, note, given.data, given.size) : -ENOMEM;
		archive_entry_free(note);
	} else if (fate == REWRITE_CONTENT) {
		archive_entry_set_size(entry, (la_int64_t)given.size);
		archive_entry_sparse_clear(entry);
		error = write_member(rewrite, entry, given.data, given.size);
	} else {
		archive_entry_set_size(entry, (la_int64_t)bytes->size);
		archive_entry_sparse_clear(entry);
		error = write_member(rewrite, entry, data, bytes->size);
	}
	buffer_free(&given);
	return error;
}

static int rewrite_entry(struct rewrite *rewrite, struct archive_entry *entry)
{
	if (budget_file(rewrite->budget) != SCAN_CODE_NONE)
		return why_set(rewrite->why, -EDQUOT, "too many members");
	if (archive_entry_is_encrypted(entry))
		return why_set(rewrite->why, -ENOTSUP, "%s: a member is encrypted", detect_text(rewrite->format));
	bool file = archive_entry_filetype(entry) == AE_IFREG && !archive_entry_hardlink(entry);
	if (!file)
		return write_member(rewrite, entry, NULL, 0);
	struct buffer bytes;
	buffer_init(&bytes, (size_t)LIMITS_CUMULATIVE_MOST);
	int error = read_member(rewrite, &bytes);
	error = error ? error : copy_member(rewrite, entry, &bytes);
	buffer_free(&bytes);
	return error;
}

static int copy_all(struct rewrite *rewrite)
{
	struct archive_entry *entry;
	int answer;
	while ((answer = archive_read_next_header(rewrite->from, &entry)) == ARCHIVE_OK) {
		int error = rewrite->to ? 0 : open_writer(rewrite);
		error = error ? error : rewrite_entry(rewrite, entry);
		if (error)
			return error;
	}
	if (answer != ARCHIVE_EOF || !rewrite->to)
		return why_set(rewrite->why, -EBADMSG, "%s: cannot be read to its end", detect_text(rewrite->format));
	return archive_write_close(rewrite->to) == ARCHIVE_OK ? 0 : write_failed(rewrite);
}

int archive_rewrite(enum detect_format format, const uint8_t *data, size_t size, struct budget *budget,
		    const struct rewrite_visitor *visitor, struct buffer *buffer, struct why *why)
{
	struct rewrite rewrite = {.format = format, .budget = budget, .visitor = visitor, .buffer = buffer, .why = why};
	/* What stands in front of it, a program for example, would be lost. */
	bool first = format != DETECT_ZIP || (size > 2 && memcmp(data, "PK", 2) == 0);
	if (!first || detect_offset(format, data, size))
		return why_set(why, -ENOTSUP, "%s: something stands in front of it", detect_text(format));
	int error = open_reader(&rewrite, data, size);
	error = error ? error : copy_all(&rewrite);
	if (rewrite.to)
		(void)archive_write_free(rewrite.to);
	if (rewrite.from)
		(void)archive_read_free(rewrite.from);
	return error;
}
