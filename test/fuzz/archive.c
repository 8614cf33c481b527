/*
 * archive.c - a container of each format that is opened: the first byte chooses the format, the rest is it. Members stay below the
 * limits. What the bytes look like by themselves is asked too, and what documents and images say of what nobody here reads.
 */
#include "members.h"

#include "scan/dmg.h"
#include "scan/ole2.h"
#include "scan/pdf.h"
#include "scan/polyglot.h"
#include "scan/sign.h"

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
	if (!size)
		return 0;
	enum detect_format format = (enum detect_format)(1 + data[0] % (DETECT_FORMAT_COUNT - 1));
	detect(data + 1, size - 1, &detection);
	PROMISE(detection.count <= DETECT_FORMATS_MAX && detection.type);
	ask_signs(data + 1, size - 1, &detection);
	/* What looks like the format is what is opened; what does not is given to it only where any bytes may be. */
	bool is = false;
	for (unsigned i = 0; i < detection.count; i++)
		is |= detection.formats[i] == format;
	for (unsigned i = 0; i < detection.count + is; i++) {
		enum detect_format wanted = i < detection.count ? detection.formats[i] : format;
		if (detect_opener(wanted) != DETECT_ARCHIVE && detect_opener(wanted) != DETECT_BOTH)
			continue;
		members_walk(wanted, data + 1, size - 1, (struct archive_visitor){.known = NULL}, NULL);
	}
	return 0;
}
