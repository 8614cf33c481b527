/*
 * archive.c - a container of each format that is opened: the first byte chooses the format, the rest is it. Members stay below the
 * limits. What the bytes look like by themselves is asked too, and what documents and images say of what nobody here reads.
 */
#include "fuzz.h"

#include "scan/archive.h"
#include "scan/dmg.h"
#include "scan/ole2.h"
#include "scan/pdf.h"
#include "scan/polyglot.h"
#include "scan/sign.h"

#include <string.h>

#define MOST (8u << 20)

static int on_member(void *context, const struct archive_member *member)
{
	(void)context;
	PROMISE(member->size <= MOST && member->code_count <= ARCHIVE_MEMBER_CODES_MAX && member->data && member->name);
	(void)fuzz_touch(member->data, member->size);
	(void)fuzz_touch(member->name, strlen(member->name));
	return 0;
}

static int on_code(void *context, enum scan_code code, const char *text)
{
	(void)context;
	PROMISE(code != SCAN_CODE_NONE && text);
	return 0;
}

static int on_evasion(void *context, enum evasion evasion, const char *text)
{
	(void)context;
	PROMISE(evasion != EVASION_NONE && text && *text);
	return 0;
}

static int on_next(void *context, const char *name)
{
	(void)context;
	(void)fuzz_touch(name, strlen(name));
	return 0;
}

/* What is asked of the bytes of a part beside its format. */
static void ask_signs(const uint8_t *data, size_t size, const struct detection *detection)
{
	char text[POLYGLOT_TEXT_MOST] = "";
	struct buffer tail;
	const char *method = dmg_unread_method(data, size), *document = ole2_encrypted(data, size);
	const char *damage = ole2_damage(data, size);
	PROMISE((!method || *method) && (!document || *document) && (!damage || *damage));
	enum pdf_encryption encryption = pdf_encryption(data, size, &tail);
	PROMISE(encryption == PDF_HIDDEN || !tail.size);
	(void)fuzz_touch(tail.data, tail.size);
	buffer_free(&tail);
	PROMISE(polyglot_judge(data, size, detection, text) == EVASION_NONE || *text);
	(void)sign_of_arj_volume(data, size);
	(void)sign_of_encoded_text(NULL, data, size);
	(void)sign_of_encrypted_members("META-INF/encryption.xml", data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct detection detection;
	struct limits limits;
	struct budget budget;
	const struct archive_visitor visitor = {
		.member = on_member, .code = on_code, .evasion = on_evasion, .next = on_next};
	if (!size)
		return 0;
	enum detect_format format = (enum detect_format)(1 + data[0] % (DETECT_FORMAT_COUNT - 1));
	detect(data + 1, size - 1, &detection);
	PROMISE(detection.count <= DETECT_FORMATS_MAX && detection.type);
	ask_signs(data + 1, size - 1, &detection);
	limits_defaults(&limits);
	/* What looks like the format is what is opened; what does not is given to it only where any bytes may be. */
	bool is = false;
	for (unsigned i = 0; i < detection.count; i++)
		is |= detection.formats[i] == format;
	for (unsigned i = 0; i < detection.count + is; i++) {
		enum detect_format wanted = i < detection.count ? detection.formats[i] : format;
		if (detect_opener(wanted) != DETECT_ARCHIVE && detect_opener(wanted) != DETECT_BOTH)
			continue;
		budget_init(&budget, &limits);
		budget.most_size = budget.most_cumulative = MOST;
		budget.most_files = 200;
		(void)archive_walk(wanted, data + 1, size - 1, &budget, &visitor);
		PROMISE(budget.usage.cumulative <= MOST);
	}
	return 0;
}
