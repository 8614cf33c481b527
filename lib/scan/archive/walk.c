/*
 * walk.c - opens one archive or one compressed stream: which reader it takes, and what all readers share.
 *
 * No library is called here. Called by decompose, and by the readers in this folder.
 */
#include "scan/archive/walk.h"

#include "scan/mark.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes are charged in steps, so that no limit is overrun by more than a step's memory. */
#define WALK_STEP 65536u
/* Padding behind an archive that is looked over for something else, in bytes. */
#define WALK_PADDING_MOST (1u << 20)

void walk_code(struct walk *walk, enum scan_code code, const char *format, ...)
{
	char text[160];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (walk->result != 0)
		return;
	walk->result = walk->visitor->code(walk->visitor->context, code, text);
	walk->over = walk->over || walk->result != 0;
}

void walk_evasion(struct walk *walk, enum evasion evasion, const char *format, ...)
{
	char text[160];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	unsigned before = walk->evasions.count;
	evasion_add(&walk->evasions, evasion, "%s", text);
	if (walk->result != 0 || walk->evasions.count == before)
		return;
	walk->result = walk->visitor->evasion(walk->visitor->context, evasion, text);
	walk->over = walk->over || walk->result != 0;
}

bool member_begin(struct walk *walk, struct member *ret_member, const char *name, size_t name_size, bool stream)
{
	if (walk->over)
		return false;
	enum scan_code code = budget_file(walk->budget);
	if (code != SCAN_CODE_NONE) {
		walk_code(walk, code, "after %llu members", (unsigned long long)walk->entries);
		walk->over = true;
		return false;
	}
	memset(ret_member, 0, sizeof *ret_member);
	buffer_init(&ret_member->bytes, SIZE_MAX / 2);
	ret_member->name = malloc(name_size + 1);
	if (ret_member->name == NULL) {
		walk_code(walk, DEC_RESULT_OUT_OF_MEMORY, "the name of a member");
		walk->over = true;
		return false;
	}
	memcpy(ret_member->name, name, name_size);
	ret_member->name[name_size] = 0;
	ret_member->view.name = ret_member->name;
	ret_member->view.name_size = strlen(ret_member->name);
	ret_member->view.stream = stream;
	budget_part(walk->budget);
	walk->entries++;
	walk->result = walk->visitor->next(walk->visitor->context, ret_member->name);
	walk->over = walk->result != 0;
	if (walk->over)
		free(ret_member->name);
	return !walk->over;
}

static void member_limit(struct walk *walk, struct member *member, enum scan_code code)
{
	member->full = true;
	member_code(member, code, "cut after %zu bytes", member->bytes.size);
	if (code != DEC_RESULT_MAXIMUM_EXTRACT_SIZE_EXCEEDED) {
		walk_code(walk, code, "after %llu members", (unsigned long long)walk->entries);
		walk->over = true;
	}
}

bool member_append(struct walk *walk, struct member *member, const uint8_t *data, uint64_t size)
{
	while (size != 0 && !member->full) {
		uint64_t step = size < WALK_STEP ? size : WALK_STEP;
		enum scan_code code;
		size_t allowed = (size_t)budget_charge(walk->budget, step, &code);
		if (buffer_reserve(&member->bytes, allowed) != 0) {
			member->full = true;
			member_code(member, DEC_RESULT_OUT_OF_MEMORY, "after %zu bytes", member->bytes.size);
			break;
		}
		uint8_t *to = member->bytes.data + member->bytes.size;
		if (allowed != 0 && data != NULL)
			memcpy(to, data, allowed);
		else if (allowed != 0)
			memset(to, 0, allowed);
		member->bytes.size += allowed;
		data = data != NULL ? data + allowed : NULL;
		size -= allowed;
		if (code != SCAN_CODE_NONE)
			member_limit(walk, member, code);
	}
	return !member->full;
}

void member_code(struct member *member, enum scan_code code, const char *format, ...)
{
	struct archive_member *view = &member->view;
	for (unsigned i = 0; i < view->code_count; i++)
		if (view->codes[i].code == code)
			return;
	if (view->code_count == ARCHIVE_MEMBER_CODES_MAX)
		return;
	va_list arguments;
	va_start(arguments, format);
	view->codes[view->code_count].code = code;
	vsnprintf(view->codes[view->code_count].text, sizeof view->codes[0].text, format, arguments);
	va_end(arguments);
	view->code_count++;
}

void member_short(struct member *member, uint64_t whole)
{
	if (!member->full)
		member_code(member, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "%zu of %llu bytes are there",
			    member->bytes.size, (unsigned long long)whole);
}

void member_evasion(struct member *member, enum evasion evasion, const char *format, ...)
{
	if (member->view.evasion != EVASION_NONE)
		return;
	member->view.evasion = evasion;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(member->view.evasion_text, sizeof member->view.evasion_text, format, arguments);
	va_end(arguments);
}

void member_end(struct walk *walk, struct member *member)
{
	/* Also when a limit ended the walk meanwhile: what was extracted of this one is still looked at. */
	if (walk->result == 0) {
		member->view.data = member->bytes.data != NULL ? member->bytes.data : (const uint8_t *)"";
		member->view.size = member->bytes.size;
		walk->result = walk->visitor->member(walk->visitor->context, &member->view);
		walk->over = walk->over || walk->result != 0;
	}
	buffer_free(&member->bytes);
	free(member->name);
}

void walk_rest(struct walk *walk, size_t offset)
{
	struct detection detection;
	struct member member;

	/* Some ends come from headers. */
	if (walk->over || offset == 0 || offset >= walk->size)
		return;
	size_t most = walk->size - offset < WALK_PADDING_MOST ? walk->size : offset + WALK_PADDING_MOST;
	while (offset < most && walk->data[offset] == 0)
		offset++;
	if (offset == walk->size)
		return;
	detect(walk->data + offset, walk->size - offset, &detection);
	if (detection.count == 0 || !member_begin(walk, &member, "", 0, false))
		return;
	/* Archives of one kind may be put one behind the other, as their tools do. */
	bool same = false;
	for (unsigned i = 0; i < detection.count; i++)
		same = same || detection.formats[i] == walk->format;
	if (!same)
		member_evasion(&member, EVASION_HiddenContainer, "a %s behind the end of a %s",
			       detect_text(detection.formats[0]), detect_text(walk->format));
	member_append(walk, &member, walk->data + offset, walk->size - offset);
	member_end(walk, &member);
}

/* Archives that libarchive reads in one pass, or in several where archives were put one behind the other. */
static void library_walk(struct walk *walk)
{
	struct pass pass = {.data = walk->data, .size = walk->size, .reader = PASS_FORMAT};

	library_pass(walk, &pass);
	if (pass.broken || walk->over)
		return;
	if (!chain_is_whole(walk))
		walk_code(walk, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "the chain of its members is broken");
	/* An archive that is larger than an empty one can be, and shows nothing: something was not seen. */
	size_t size = walk->size;
	while (size != 0 && walk->data[size - 1] == 0)
		size--;
	bool large = walk->format == DETECT_TAR || walk->format == DETECT_CPIO || walk->format == DETECT_AR ||
		     walk->format == DETECT_CAB || walk->format == DETECT_LHA;
	if (pass.entries == 0 && large && size > 512)
		walk_code(walk, DEC_RESULT_OPEN_CONTAINER_FAILED, "no member was found in %zu bytes", size);
	if (walk->format == DETECT_TAR || walk->format == DETECT_CPIO || walk->format == DETECT_AR)
		walk_rest(walk, pass.end);
}

static void cab_walk(struct walk *walk)
{
	/* flags at 30: a cabinet before this one, one after it */
	if (walk->size >= 36 && mark_le16(walk->data + 30) & 3)
		walk_code(walk, DEC_RESULT_FILE_SPLIT_ACROSS_CONTAINERS, "the cabinet is one of a set");
	library_walk(walk);
	uint32_t whole = walk->size >= 12 ? mark_le32(walk->data + 8) : 0;
	if (whole > walk->size)
		walk_code(walk, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "cut short: %zu of %lu bytes", walk->size,
			  (unsigned long)whole);
	else if (whole >= 36)
		walk_rest(walk, whole);
}

static void seven_zip_walk(struct walk *walk)
{
	if (walk->size < 32) {
		walk_code(walk, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "cut short in its first header");
		return;
	}
	uint64_t offset = mark_le64(walk->data + 12);
	uint64_t length = mark_le64(walk->data + 20);
	if (mark_le32(walk->data + 8) == mark_crc32(walk->data + 12, 20) &&
	    (offset > walk->size - 32 || length > walk->size - 32 - offset)) {
		/* Its directory is at its end, so nothing can be read; volumes have no other mark than this. */
		walk_code(walk, DEC_RESULT_MALFORMED_CONTAINER_DETECTED,
			  "cut short, or the first of several volumes: its directory is missing");
		return;
	}
	struct pass pass = {.data = walk->data, .size = walk->size, .reader = PASS_FORMAT};
	library_pass(walk, &pass);
	if (pass.broken || walk->over)
		return;
	if (pass.entries == 0 && length > 2)
		walk_code(walk, DEC_RESULT_OPEN_CONTAINER_FAILED, "no member was found in %zu bytes", walk->size);
	walk_rest(walk, (size_t)(32 + offset + length));
}

int archive_walk(enum detect_format format, const uint8_t *data, size_t size, struct budget *budget,
		 const struct archive_visitor *visitor)
{
	size_t offset = detect_offset(format, data, size);
	struct walk walk = {
		.format = format, .data = data + offset, .size = size - offset, .budget = budget, .visitor = visitor};

	switch (format) {
	case DETECT_ZIP:
		zip_walk(&walk);
		break;
	case DETECT_RAR4:
	case DETECT_RAR5:
		rar_walk(&walk);
		break;
	case DETECT_SEVEN_ZIP:
		seven_zip_walk(&walk);
		break;
	case DETECT_CAB:
		cab_walk(&walk);
		break;
	case DETECT_BINHEX:
		binhex_walk(&walk);
		break;
	case DETECT_YENC:
		yenc_walk(&walk);
		break;
	case DETECT_TNEF:
		tnef_walk(&walk);
		break;
	case DETECT_CMS:
		cms_walk(&walk);
		break;
	case DETECT_RTF:
		rtf_walk(&walk);
		break;
	case DETECT_DISK:
	case DETECT_EXFAT:
	case DETECT_FAT:
	case DETECT_NTFS:
	case DETECT_VHD:
	case DETECT_VHDX:
		disk_walk(&walk);
		break;
	case DETECT_UDF:
		udf_walk(&walk);
		break;
	case DETECT_PDF:
		pdf_walk(&walk);
		break;
	case DETECT_ACTIVEMIME:
		activemime_walk(&walk);
		break;
	case DETECT_LZFU:
		lzfu_walk(&walk);
		break;
	case DETECT_CD_SECTORS:
		cd_sectors_walk(&walk);
		break;
	case DETECT_OPENPGP:
		openpgp_walk(&walk);
		break;
	case DETECT_APPLESINGLE:
		applesingle_walk(&walk);
		break;
	case DETECT_MACBINARY:
		macbinary_walk(&walk);
		break;
	case DETECT_TAR:
	case DETECT_CPIO:
	case DETECT_ISO9660:
	case DETECT_LHA:
	case DETECT_AR:
	case DETECT_WARC:
	case DETECT_XAR:
		library_walk(&walk);
		break;
	default:
		stream_walk(&walk);
	}
	return walk.result;
}
