/*
 * library.c - one pass of one libarchive reader over bytes in memory, and what its errors mean.
 *
 * Only the reader asked for is registered and never a filter that runs a program. After ARCHIVE_FATAL the library is
 * only told to free: anything else crashed some of its readers. Called by the other readers in this folder.
 */
#include "scan/archive/walk.h"

#include "base/utf8.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* Longest name that is kept, in bytes; a longer one is cut. */
#define NAME_MOST 4096u

const char *archive_version(void)
{
	return archive_version_string();
}

static bool says(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcasestr(text, *words) != NULL)
			return true;
	return false;
}

/* libarchive has error texts and no error codes; `otherwise` is for a text that tells nothing. */
static enum scan_code error_code(const char *text, enum scan_code encrypted, enum scan_code otherwise)
{
	static const char *const encryption[] = {"encrypt", "crypto", "passphrase", "password", NULL};
	static const char *const unknown[] = {"unsupported",
					      "not supported",
					      "unknown codec",
					      "unrecognized compression",
					      "unknown compression",
					      "unexpected codec",
					      NULL};
	static const char *const damaged[] = {"truncated",
					      "damaged",
					      "corrupt",
					      "crc",
					      "checksum",
					      "check sum",
					      "invalid",
					      "bad ",
					      "malformed",
					      "mismatch",
					      "inconsistent",
					      "too small",
					      "too large",
					      "wrong",
					      "unexpected",
					      "premature",
					      "decompression failed",
					      "too soon",
					      "i/o error",
					      NULL};
	static const char *const memory[] = {"allocate memory", "out of memory", "no memory", NULL};

	if (says(text, encryption))
		return encrypted;
	if (says(text, memory))
		return DEC_RESULT_OUT_OF_MEMORY;
	if (says(text, unknown))
		return DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM;
	return says(text, damaged) ? DEC_RESULT_MALFORMED_CONTAINER_DETECTED : otherwise;
}

static const char *error_text(struct archive *archive)
{
	const char *text = archive_error_string(archive);
	return text != NULL ? text : "the data end too soon"; /* the only error that readers leave without a text */
}

/* Which reader goes with which format. */
static int support(struct archive *archive, const struct walk *walk, const struct pass *pass)
{
	if (pass->reader == PASS_ZIP_SEEKABLE)
		return archive_read_support_format_zip_seekable(archive);
	if (pass->reader == PASS_ZIP_STREAMABLE)
		return archive_read_support_format_zip_streamable(archive);
	switch (walk->format) {
	case DETECT_SEVEN_ZIP:
		return archive_read_support_format_7zip(archive);
	case DETECT_RAR4:
		return archive_read_support_format_rar(archive);
	case DETECT_RAR5:
		return archive_read_support_format_rar5(archive);
	case DETECT_TAR:
		return archive_read_support_format_tar(archive);
	case DETECT_CPIO:
		return archive_read_support_format_cpio(archive);
	case DETECT_CAB:
		return archive_read_support_format_cab(archive);
	case DETECT_ISO9660:
		return archive_read_support_format_iso9660(archive);
	case DETECT_LHA:
		return archive_read_support_format_lha(archive);
	case DETECT_AR:
		return archive_read_support_format_ar(archive);
	case DETECT_WARC:
		return archive_read_support_format_warc(archive);
	case DETECT_XAR:
		return archive_read_support_format_xar(archive);
	default:
		return ARCHIVE_FATAL;
	}
}

/* UTF-8 of a name that the library holds in wide characters only (the locale could not write it). */
static size_t name_from_wide(const wchar_t *wide, char *ret_name)
{
	size_t size = 0;
	for (; *wide != 0 && size + 4 < NAME_MOST; wide++)
		size += utf8_write((uint32_t)*wide, ret_name + size);
	return size;
}

static size_t entry_name(struct archive_entry *entry, char ret_name[NAME_MOST])
{
	const char *name = archive_entry_pathname(entry);
	if (name == NULL)
		name = archive_entry_pathname_utf8(entry);
	if (name != NULL) {
		size_t size = strnlen(name, NAME_MOST - 1);
		memcpy(ret_name, name, size);
		return size;
	}
	const wchar_t *wide = archive_entry_pathname_w(entry);
	return wide != NULL ? name_from_wide(wide, ret_name) : 0;
}

/* A member that goes on in another volume breaks off here: that is said already. */
static bool is_split(const struct member *member)
{
	for (unsigned i = 0; i < member->view.code_count; i++)
		if (member->view.codes[i].code == DEC_RESULT_FILE_SPLIT_ACROSS_CONTAINERS)
			return true;
	return false;
}

/* Did the library complain of a size? */
static bool is_missized(const struct member *member)
{
	for (unsigned i = 0; i < member->view.code_count; i++)
		if (strstr(member->view.codes[i].text, "wrong size") != NULL)
			return true;
	return false;
}

static void data_error(struct archive *archive, struct member *member)
{
	const char *text = error_text(archive);
	enum scan_code code =
		error_code(text, DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED, DEC_RESULT_FILE_EXTRACT_FAILED);
	if (is_split(member))
		return;
	/* What stands behind "Unsupported ZIP compression method" in brackets; both are the engine's own. */
	if (code == DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM)
		member->view.engine_opens = strstr(text, "deflation-64") != NULL || strstr(text, "implod") != NULL;
	member_code(member, code, "%s", text);
}

/* Reads the data of the member that is open. The library's last answer. */
static int read_data(struct walk *walk, struct archive *archive, struct member *member, const uint8_t *block,
		     size_t size, int64_t offset, int answer)
{
	while (answer == ARCHIVE_OK || answer == ARCHIVE_WARN || answer == ARCHIVE_RETRY) {
		if (answer != ARCHIVE_OK)
			data_error(archive, member);
		/* A hole of a sparse file reads as zeros, and is charged as such. */
		if (offset > 0 && (uint64_t)offset > member->bytes.size)
			member_append(walk, member, NULL, (uint64_t)offset - member->bytes.size);
		if (!member_append(walk, member, block, size))
			return ARCHIVE_OK;
		/* Nothing came and nothing is said to be wrong: the next call must tell, or it never ends. */
		size_t before = size;
		const void *next = NULL;
		size = 0;
		offset = 0;
		int last = answer;
		answer = archive_read_data_block(archive, &next, &size, &offset);
		block = next;
		if (answer != ARCHIVE_OK && answer == last && before == 0 && size == 0)
			return ARCHIVE_FATAL;
	}
	/* A hole at the end of a sparse file. */
	if (answer == ARCHIVE_EOF && walk->format == DETECT_TAR && offset > 0 && (uint64_t)offset > member->bytes.size)
		member_append(walk, member, NULL, (uint64_t)offset - member->bytes.size);
	return answer;
}

/* The formats that keep the size of each member beside the data, so that the two can be compared. */
static bool keeps_sizes(enum detect_format format)
{
	return format == DETECT_ZIP || format == DETECT_SEVEN_ZIP || format == DETECT_CAB || format == DETECT_LHA ||
	       format == DETECT_RAR4 || format == DETECT_RAR5;
}

static void size_check(const struct walk *walk, struct archive_entry *entry, int answer, struct member *member)
{
	if (!archive_entry_size_is_set(entry) || archive_entry_hardlink(entry) != NULL || member->full ||
	    member->view.code_count != 0)
		return; /* or something was said already */
	int64_t declared = archive_entry_size(entry);
	if (declared < 0 || (uint64_t)declared != member->bytes.size) {
		if (answer == ARCHIVE_EOF && keeps_sizes(walk->format))
			member_evasion(member, EVASION_LyingSizes, "%zu bytes came, %lld were declared",
				       member->bytes.size, (long long)declared);
		member_code(member, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "%zu bytes came, %lld were declared",
			    member->bytes.size, (long long)declared);
	}
}

/* Directories and links have no data, and are passed over unless data come. True: there is something to deliver. */
static bool is_member(struct walk *walk, struct archive *archive, struct archive_entry *entry, const void **block,
		      size_t *size, int64_t *offset, int *answer)
{
	const char *name = archive_entry_pathname(entry);
	bool regular = archive_entry_filetype(entry) == AE_IFREG;
	*block = NULL;
	*size = 0;
	*offset = 0;
	*answer = ARCHIVE_OK;
	if (regular)
		return true;
	walk->result = walk->visitor->next(walk->visitor->context, name != NULL ? name : "");
	walk->over = walk->over || walk->result != 0;
	if (walk->over)
		return false;
	*answer = archive_read_data_block(archive, block, size, offset);
	if (*size != 0)
		return true;
	walk->entries++;
	/* Elsewhere a directory's size means other things. The library reads nothing of a device, whatever it holds. */
	if (walk->format == DETECT_ZIP && archive_entry_size_is_set(entry) && archive_entry_size(entry) > 0)
		walk_code(walk, DEC_RESULT_MALFORMED_CONTAINER_DETECTED,
			  "a directory or special file is said to hold %lld bytes of its own",
			  (long long)archive_entry_size(entry));
	return false;
}

/* One member. The library's last answer: ARCHIVE_FATAL ends the pass. */
static int read_member(struct walk *walk, struct pass *pass, struct archive *archive, struct archive_entry *entry,
		       int header)
{
	char name[NAME_MOST];
	struct member member;
	const void *block;
	size_t size;
	int64_t offset;
	int answer;
	bool encrypted = archive_entry_is_data_encrypted(entry) != 0;

	if (!encrypted && !is_member(walk, archive, entry, &block, &size, &offset, &answer))
		return answer;
	if (!member_begin(walk, &member, name, entry_name(entry, name), false))
		return ARCHIVE_OK;
	if (archive_entry_is_metadata_encrypted(entry) != 0)
		walk_code(walk, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, "names of members are encrypted");
	/* The check sums of an encrypted member differ by rights. */
	if (!encrypted && header == ARCHIVE_WARN && strstr(error_text(archive), "nconsistent") != NULL)
		member_code(&member, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "%s", error_text(archive));
	member.view.declared = archive_entry_size_is_set(entry) ? (uint64_t)archive_entry_size(entry) : UINT64_MAX;
	bool unlocked = encrypted && pass->unlock != NULL && pass->unlock(pass->context, pass->entries - 1, &member);
	if (encrypted && !unlocked)
		member_code(&member, DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED, "its data are encrypted");
	bool unreadable = encrypted;
	if (pass->facts != NULL)
		pass->facts(pass->context, pass->entries - 1, &member, &unreadable);
	answer = ARCHIVE_EOF;
	if (!unreadable) {
		answer = read_data(walk, archive, &member, block, size, offset, ARCHIVE_OK);
		if (answer < ARCHIVE_WARN)
			data_error(archive, &member);
		if (pass->missized != NULL && is_missized(&member))
			pass->missized(pass->context, &member);
		size_check(walk, entry, answer, &member);
	}
	if (pass->checked != NULL && answer == ARCHIVE_EOF && !unreadable && !member.full)
		pass->checked(pass->context, &member);
	member_end(walk, &member);
	return answer;
}

/* The list of members broke off. */
static void header_error(struct walk *walk, struct archive *archive, const struct pass *pass)
{
	const char *text = error_text(archive);
	enum scan_code otherwise =
		pass->entries == 0 ? DEC_RESULT_OPEN_CONTAINER_FAILED : DEC_RESULT_CONTAINER_EXTRACT_FAILED;
	/* Once names were read, it is only data that are encrypted: to pass over them takes reading them. */
	enum scan_code encrypted = pass->entries == 0 ? DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED
						      : DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED;
	walk_code(walk, error_code(text, encrypted, otherwise), "%s", text);
}

/* From the first header to the end. The library's last answer. */
static int read_members(struct walk *walk, struct pass *pass, struct archive *archive)
{
	struct archive_entry *entry;
	/* Each step over a bad header makes some way, so there are at most so many; most readers make none at all. */
	size_t retries = pass->size / 512 + 16;
	int last = ARCHIVE_OK;

	while (!walk->over) {
		int answer = archive_read_next_header(archive, &entry);
		if (answer == ARCHIVE_EOF)
			return ARCHIVE_EOF;
		if (answer == ARCHIVE_FATAL || (answer < ARCHIVE_WARN && retries-- == 0)) {
			header_error(walk, archive, pass);
			return ARCHIVE_FATAL;
		}
		if (answer != ARCHIVE_OK && answer != ARCHIVE_WARN) {
			/* Once for a run of them. */
			if (last == ARCHIVE_OK || last == ARCHIVE_WARN)
				header_error(walk, archive, pass);
			pass->broken = true;
			last = answer;
			continue;
		}
		last = answer;
		pass->entries++;
		if (read_member(walk, pass, archive, entry, answer) == ARCHIVE_FATAL)
			return ARCHIVE_FATAL;
		if (pass->single)
			break;
	}
	return ARCHIVE_OK;
}

static void finish(struct walk *walk, struct archive *archive, int answer)
{
	if (answer != ARCHIVE_FATAL && archive_read_close(archive) != ARCHIVE_OK)
		walk_code(walk, DEC_RESULT_CLOSE_CONTAINER_FAILED, "%s", error_text(archive));
	archive_read_free(archive);
}

void library_pass(struct walk *walk, struct pass *pass)
{
	struct archive *archive = archive_read_new();
	if (archive == NULL) {
		walk_code(walk, DEC_RESULT_OUT_OF_MEMORY, "the archive reader");
		return;
	}
	int answer = support(archive, walk, pass);
	if (answer >= ARCHIVE_WARN)
		answer = archive_read_open_memory(archive, pass->data, pass->size);
	if (answer < ARCHIVE_WARN) {
		header_error(walk, archive, pass);
		answer = ARCHIVE_FATAL;
	} else {
		answer = read_members(walk, pass, archive);
	}
	pass->broken = pass->broken || answer == ARCHIVE_FATAL;
	pass->end = answer != ARCHIVE_FATAL ? (size_t)archive_filter_bytes(archive, -1) : 0;
	finish(walk, archive, answer);
}

/* 1: all of it came; 0: not yet; -1: this is not its password, or it is damaged. `*idle`: nothing came the last time. */
static int unlock_step(struct archive *archive, uint64_t most, struct buffer *bytes, bool *idle)
{
	const void *block = NULL;
	size_t size = 0;
	int64_t offset = 0;
	int answer = archive_read_data_block(archive, &block, &size, &offset);
	if (answer == ARCHIVE_EOF)
		return 1;
	/* Nothing and no end, twice, is what never ends. */
	if (answer != ARCHIVE_OK || (size == 0 && *idle))
		return -1;
	*idle = size == 0;
	size_t room = most > bytes->size ? (size_t)(most - bytes->size) : 0;
	if (buffer_append(bytes, block, size < room ? size : room) != 0)
		return -1;
	return size >= room ? 1 : 0;
}

bool library_unlock(const uint8_t *data, size_t size, const char *password, uint64_t most, struct buffer *ret_bytes)
{
	struct archive *archive = archive_read_new();
	struct archive_entry *entry;
	int step = -1;
	bool idle = false;
	buffer_init(ret_bytes, SIZE_MAX / 2);
	if (archive == NULL)
		return false;
	if (archive_read_support_format_zip_seekable(archive) == ARCHIVE_OK &&
	    archive_read_add_passphrase(archive, password) == ARCHIVE_OK &&
	    archive_read_open_memory(archive, data, size) == ARCHIVE_OK &&
	    archive_read_next_header(archive, &entry) == ARCHIVE_OK)
		do
			step = unlock_step(archive, most, ret_bytes, &idle);
		while (step == 0);
	archive_read_free(archive);
	return step > 0;
}

static int stream_open(struct archive *archive, const struct walk *walk, int filter)
{
	int answer = archive_read_support_format_raw(archive);
	if (answer < ARCHIVE_WARN)
		return answer;
	/* Appending this one crashes the library; supporting it does the same, where the data have its mark. */
	if (filter == ARCHIVE_FILTER_COMPRESS)
		answer = archive_read_support_filter_compress(archive);
	else
		answer = archive_read_append_filter(archive, filter);
	if (answer < ARCHIVE_WARN)
		return answer;
	return archive_read_open_memory(archive, walk->data, walk->size);
}

/* A wrong size in the headers of a package makes the library begin within the payload, and say nothing. */
static void check_payload(struct member *member)
{
	struct detection detection;
	if (member->full || !member->bytes.size)
		return;
	detect(member->bytes.data, member->bytes.size, &detection);
	if (!detection.count)
		member_code(member, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "the payload is no archive");
}

void library_stream(struct walk *walk, int filter)
{
	struct archive *archive = archive_read_new();
	struct archive_entry *entry;
	struct member member;
	if (archive == NULL) {
		walk_code(walk, DEC_RESULT_OUT_OF_MEMORY, "the stream's reader");
		return;
	}
	int answer = stream_open(archive, walk, filter);
	if (answer >= ARCHIVE_WARN)
		answer = archive_read_next_header(archive, &entry);
	if (answer != ARCHIVE_OK && answer != ARCHIVE_WARN) {
		/* A stream of nothing ends at once: that is no trouble. */
		if (answer != ARCHIVE_EOF) {
			walk_code(walk, DEC_RESULT_OPEN_CONTAINER_FAILED, "nothing comes out of the stream: %s",
				  error_text(archive));
			walk_code(walk, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "the stream is cut short or damaged");
			answer = ARCHIVE_FATAL;
		}
	} else if (member_begin(walk, &member, "", 0, true)) {
		member_code(&member, DEC_RESULT_CHILD_FILE_SIZE_UNKNOWN, "a compressed stream");
		answer = read_data(walk, archive, &member, NULL, 0, 0, ARCHIVE_OK);
		if (answer < ARCHIVE_WARN)
			data_error(archive, &member);
		if (filter == ARCHIVE_FILTER_RPM)
			check_payload(&member);
		member_end(walk, &member);
	}
	finish(walk, archive, answer);
}
