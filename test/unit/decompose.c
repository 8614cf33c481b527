/*
 * decompose.c - messages taken apart: which parts there are, by which ids and routes, what is left out when only one part
 * is asked for or some are to be left alone, and who is told.
 */
#include "scan/decompose.h"
#include "tap.h"

#include "base/buffer.h"
#include "scan/mark.h"
#include "scan/mime.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define MARK  "csapi-marker-body-6f1d"
#define VIRUS "Csapi-Test-Body"

static char directory[] = "/tmp/csapi-decompose-XXXXXX";
static struct engine *engine;
static struct request request;

/* --- things to take apart ---------------------------------------------------------------------------------------- */

static void add(struct buffer *buffer, const void *data, size_t size)
{
	if (buffer_append(buffer, data, size))
		abort();
}

static void add_text(struct buffer *buffer, const char *text)
{
	add(buffer, text, strlen(text));
}

static void add_number(struct buffer *buffer, uint64_t number, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++) {
		uint8_t byte = (uint8_t)(number >> (8 * i));
		add(buffer, &byte, 1);
	}
}

struct member {
	const char *name;
	const void *data;
	size_t size;
};

static void add_fields(struct buffer *zip, const struct member *member)
{
	add_number(zip, 20, 2);
	add_number(zip, 0, 8);
	add_number(zip, mark_crc32(member->data, member->size), 4);
	add_number(zip, member->size, 4);
	add_number(zip, member->size, 4);
	add_number(zip, strlen(member->name), 2);
	add_number(zip, 0, 2);
}

/* A zip archive of stored members, up to one without a name. */
static struct buffer zip_of(const struct member *members)
{
	struct buffer zip, central;
	uint64_t count = 0;
	buffer_init(&zip, 1 << 24);
	buffer_init(&central, 1 << 24);
	for (; members[count].name; count++) {
		const struct member *member = &members[count];
		add_text(&central, "PK\1\2");
		add_number(&central, 20, 2);
		add_fields(&central, member);
		add_number(&central, 0, 8);
		add_number(&central, 0, 2);
		add_number(&central, zip.size, 4);
		add_text(&central, member->name);
		add_text(&zip, "PK\3\4");
		add_fields(&zip, member);
		add_text(&zip, member->name);
		add(&zip, member->data, member->size);
	}
	size_t start = zip.size;
	add(&zip, central.data, central.size);
	add_text(&zip, "PK\5\6");
	add_number(&zip, 0, 4);
	add_number(&zip, count, 2);
	add_number(&zip, count, 2);
	add_number(&zip, central.size, 4);
	add_number(&zip, start, 4);
	add_number(&zip, 0, 2);
	buffer_free(&central);
	return zip;
}

static void add_base64(struct buffer *buffer, const uint8_t *data, size_t size)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < size; i += 3) {
		uint32_t three = 0;
		for (size_t k = 0; k < 3; k++)
			three = three << 8 | (i + k < size ? data[i + k] : 0u);
		char four[4];
		for (unsigned k = 0; k < 4; k++)
			four[k] = i + k > size ? '=' : letters[three >> (18 - 6 * k) & 63];
		add(buffer, four, 4);
		if (i / 3 % 19 == 18)
			add_text(buffer, "\n");
	}
	add_text(buffer, "\n");
}

#define HEAD            "From: a@example.org\nTo: b@example.org\nSubject: t\nMIME-Version: 1.0\n"
#define MIXED(boundary) "Content-Type: multipart/mixed; boundary=" boundary "\n\n"

/* A message with a text and one attachment, which is taken over. */
static struct buffer mail_of(const char *name, struct buffer attachment)
{
	struct buffer mail;
	buffer_init(&mail, 1 << 24);
	add_text(&mail, HEAD MIXED("b") "--b\nContent-Type: text/plain\n\nhello\n--b\n"
					"Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n"
					"Content-Disposition: attachment; filename=\"");
	add_text(&mail, name);
	add_text(&mail, "\"\n\n");
	add_base64(&mail, attachment.data, attachment.size);
	add_text(&mail, "--b--\n");
	buffer_free(&attachment);
	return mail;
}

static struct buffer text_of(const char *text)
{
	struct buffer buffer;
	buffer_init(&buffer, 1 << 24);
	add_text(&buffer, text);
	return buffer;
}

/* --- what becomes of them ---------------------------------------------------------------------------------------- */

/* Takes the message over. */
static struct report scan_for(struct buffer take_message, const struct observer *observer, int *ret_error)
{
	struct report report;
	enum scan_code code;
	struct why why;
	report_init(&report);
	struct observer own = report_observer(&report);
	struct source source = {malloc(take_message.size + 1), take_message.size};
	if (!source.data || engine_begin(engine, directory, &request.limits, source.size, &code, &why))
		abort();
	if (take_message.size)
		memcpy(source.data, take_message.data, take_message.size);
	source.data[source.size] = '\0';
	buffer_free(&take_message);
	*ret_error = decompose(engine, &request, &request.limits, &source, NULL, observer ? observer : &own);
	if (!*ret_error && (report_stage(&report, STAGE_DONE, 0) || report_settle(&report)))
		abort();
	source_free(&source);
	return report;
}

static struct report scan(struct buffer take_message)
{
	int error;
	struct report report = scan_for(take_message, NULL, &error);
	if (error) {
		printf("Bail out! %d\n", error);
		exit(2);
	}
	return report;
}

static struct report scan_part(struct buffer take_message, const char *part)
{
	(void)snprintf(request.part, sizeof request.part, "%s", part);
	struct report report = scan(take_message);
	request.part[0] = '\0';
	return report;
}

/* The tree as text: "id route status" a line; ids only where `ids` is set. */
static const char *tree(const struct report *report, bool ids)
{
	static char text[65536];
	size_t used = 0;
	text[0] = '\0';
	for (uint32_t i = 0; i < report->part_count && used < sizeof text - 2000; i++) {
		const struct part *part = &report->parts[i];
		used += (size_t)snprintf(text + used, sizeof text - used, ids ? "%s\n" : "%s %s %s %s\n", part->id,
					 part_kind_word(part->kind), part_route_word(part->route),
					 part->code == SCAN_CODE_NONE ? "-" : scan_code_name(part->code) + 11);
	}
	return text;
}

static void has_tree(struct report report, const char *wanted, const char *what)
{
	same(tree(&report, false), wanted, what);
	report_free(&report);
}

static void has_ids(struct report report, const char *wanted, const char *what)
{
	same(tree(&report, true), wanted, what);
	report_free(&report);
}

/* Settled so, for that reason; frees. */
static void is(struct report report, enum ec_av_status status, enum scan_code code, const char *what)
{
	ok(report.status == status && report.code == code, what);
	if (report.status != status || report.code != code)
		printf("# %s %s\n%s", ec_av_status_name(report.status), report.info, tree(&report, false));
	report_free(&report);
}

static bool has_code(const struct report *report, enum scan_code code)
{
	for (uint32_t i = 0; i < report->code_count; i++)
		if (report->codes[i].code == code)
			return true;
	return false;
}

/* --- tests ------------------------------------------------------------------------------------------------------- */

static struct buffer plain_zip_mail(void)
{
	const struct member members[] = {{"a.txt", "first file", 10}, {"d/b.txt", "", 0}, {NULL, NULL, 0}};
	return mail_of("x.zip", zip_of(members));
}

static void test_parts(void)
{
	has_tree(scan(plain_zip_mail()),
		 "0 input whole -\n"
		 "1 body engine-text -\n"
		 "2/x.zip attachment engine -\n"
		 "2/x.zip/a.txt member engine -\n"
		 "2/x.zip/d/b.txt member empty -\n",
		 "a zip in a message");
	has_tree(scan(text_of("")), "0 input empty -\n", "nothing at all");
	has_tree(scan(text_of("just a text")), "0 input whole -\n", "a text that is no message");
	has_tree(scan(text_of(HEAD "\nhello\n")), "0 input whole -\n1 body engine -\n", "a message of one part");
	const struct member members[] = {{"a.txt", "first file", 10}, {NULL, NULL, 0}};
	has_tree(scan(zip_of(members)), "0 input whole -\n0/a.txt member engine -\n", "a zip that is no message");
}

static void test_names(void)
{
	const struct member members[] = {{"s", "1", 1},        {"s", "22", 2},   {"s#3", "333", 3},
					 {"s", "4444", 4},     {"", "55555", 5}, {"../../etc/x", "6", 1},
					 {"\xFF\x01", "7", 1}, {NULL, NULL, 0}};
	has_ids(scan(mail_of("x.zip", zip_of(members))),
		"0\n1\n2/x.zip\n2/x.zip/s\n2/x.zip/s#2\n2/x.zip/s#3\n2/x.zip/s#4\n2/x.zip/unnamed\n"
		"2/x.zip/../../etc/x\n2/x.zip/\xEF\xBF\xBD\x01\n",
		"names that come twice, are empty, or are no UTF-8");
	has_tree(scan_part(mail_of("x.zip", zip_of(members)), "2/x.zip/s#2"),
		 "0 input parts -\n2/x.zip attachment parts -\n2/x.zip/s#2 member decomposer -\n",
		 "the second of a name is asked for by its id");
	is(scan_part(mail_of("x.zip", zip_of(members)), "2/x.zip/s#9"), EC_AV_ERROR, DEC_RESULT_FILE_ACCESS_FAILED,
	   "one that there is not");
}

/* A message with a message inside, which has two parts, and a zip in a zip. */
static struct buffer nested_mail(const char *deepest)
{
	const struct member inner[] = {{"deep.txt", deepest, strlen(deepest)}, {NULL, NULL, 0}};
	struct buffer zip = zip_of(inner);
	const struct member outer[] = {{"inner.zip", zip.data, zip.size}, {"side.txt", "side", 4}, {NULL, NULL, 0}};
	struct buffer both = zip_of(outer), mail;
	buffer_init(&mail, 1 << 24);
	add_text(&mail,
		 HEAD MIXED("o") "--o\nContent-Type: text/plain\n\nouter text\n"
				 "--o\nContent-Type: message/rfc822\n\n" HEAD MIXED(
					 "i") "--i\nContent-Type: text/plain\n\ninner text\n"
					      "--i\nContent-Type: text/html; name=\"p.html\"\n\n<p>page</p>\n--i--\n"
					      "--o\nContent-Type: application/zip; name=\"z.zip\"\n"
					      "Content-Transfer-Encoding: base64\n\n");
	add_base64(&mail, both.data, both.size);
	add_text(&mail, "--o--\n");
	buffer_free(&zip);
	buffer_free(&both);
	return mail;
}

static void test_selection(void)
{
	has_ids(scan(nested_mail("deep text")),
		"0\n1\n2\n2.1\n2.2/p.html\n3/z.zip\n3/z.zip/inner.zip\n3/z.zip/inner.zip/deep.txt\n3/z.zip/side.txt\n",
		"messages in messages, archives in archives");
	has_tree(scan_part(nested_mail("deep text"), "2.2"),
		 "0 input parts -\n2 message parts -\n2.2/p.html attachment decomposer -\n",
		 "one part of the message inside, by its number alone");
	has_tree(scan_part(nested_mail("deep text"), "2.1"),
		 "0 input parts -\n2 message parts -\n2.1 body decomposer -\n", "the other");
	has_tree(scan_part(nested_mail("deep text"), "3/z.zip/inner.zip"),
		 "0 input parts -\n3/z.zip attachment parts -\n3/z.zip/inner.zip member decomposer -\n"
		 "3/z.zip/inner.zip/deep.txt member engine -\n",
		 "an archive in an archive, with what is in it");
	has_tree(scan_part(nested_mail("deep text"), "3/z.zip/inner.zip/deep.txt"),
		 "0 input parts -\n3/z.zip attachment parts -\n3/z.zip/inner.zip member parts -\n"
		 "3/z.zip/inner.zip/deep.txt member decomposer -\n",
		 "a member of it");
	has_ids(scan_part(nested_mail("deep text"), "0"),
		"0\n1\n2\n2.1\n2.2/p.html\n3/z.zip\n3/z.zip/inner.zip\n3/z.zip/inner.zip/deep.txt\n3/z.zip/side.txt\n",
		"0 is all of it");
	is(scan_part(nested_mail("deep text"), "2"), EC_AV_PART_IS_CONTAINER, SCAN_CODE_NONE,
	   "a message is a container of MIME");
	is(scan_part(nested_mail("deep text"), "3/z.zip"), EC_AV_CLEAN, SCAN_CODE_NONE, "an archive is not");
	is(scan_part(nested_mail("deep text"), "4"), EC_AV_ERROR, DEC_RESULT_FILE_ACCESS_FAILED,
	   "a number that there is not");
	is(scan_part(nested_mail("deep text"), "3/other.zip"), EC_AV_ERROR, DEC_RESULT_FILE_ACCESS_FAILED,
	   "another name");
	is(scan_part(nested_mail("deep text"), "3/z.zip/inner"), EC_AV_ERROR, DEC_RESULT_FILE_ACCESS_FAILED,
	   "the beginning of a name");
	is(scan_part(text_of(HEAD MIXED("o") "--o\n" MIXED("i") "--i\n\nx\n--i--\n--o--\n"), "1"),
	   EC_AV_PART_IS_CONTAINER, SCAN_CODE_NONE, "a multipart is a container of MIME");
	is(scan_part(text_of(HEAD "\nhello\n"), "1"), EC_AV_CLEAN, SCAN_CODE_NONE, "the one part of a message");
}

static void test_selected_virus(void)
{
	is(scan_part(nested_mail(MARK), "3/z.zip/inner.zip/deep.txt"), EC_AV_INFECTED, AVS_RESULT_VIRUS_FOUND,
	   "the part asked for holds a virus");
	is(scan_part(nested_mail(MARK), "3/z.zip"), EC_AV_INFECTED, AVS_RESULT_VIRUS_FOUND,
	   "so does the archive above it");
	is(scan_part(nested_mail(MARK), "3/z.zip/side.txt"), EC_AV_CLEAN, SCAN_CODE_NONE, "the one beside it does not");
	is(scan_part(nested_mail(MARK), "2.1"), EC_AV_CLEAN, SCAN_CODE_NONE, "nor does another part of the message");
}

static void test_attributed(void)
{
	struct report report = scan(nested_mail("some text " MARK));
	bool deep = false, side = false;
	for (uint32_t i = 0; i < report.virus_count; i++) {
		const char *id = report.parts[report.viruses[i].part].id;
		deep = deep || strcmp(id, "3/z.zip/inner.zip/deep.txt") == 0;
		side = side || strcmp(id, "3/z.zip/side.txt") == 0 || strcmp(id, "1") == 0 || strcmp(id, "2.1") == 0;
	}
	ok(report.status == EC_AV_INFECTED && strcmp(report.info, VIRUS) == 0 && deep && !side,
	   "the part that holds the virus is named, and those that do not are not");
	report_free(&report);
}

/* A mail with an evasion in its second part. */
static struct buffer evading_mail(void)
{
	struct buffer mail = plain_zip_mail();
	uint8_t *colon = memmem(mail.data, mail.size, "Content-Type: application", 25);
	if (!colon)
		abort();
	memcpy(colon + 12, " :", 2);
	return mail;
}

static void test_paranoid(void)
{
	struct report report = scan(evading_mail());
	ok(report.status == EC_AV_CLEAN && report.evasion_count == 1 && report.virus_count == 0, "an evasion is told");
	report_free(&report);
	request.paranoid = true;
	report = scan(evading_mail());
	ok(report.status == EC_AV_INFECTED && report.evasion_count == 1 && report.virus_count == 1 &&
		   strcmp(report.viruses[0].name, EVASION_VIRUS "BrokenField") == 0 && !report.viruses[0].official &&
		   report.viruses[0].part == report.evasions[0].part &&
		   strcmp(report.parts[report.viruses[0].part].id, "2/x.zip") == 0,
	   "and in a paranoid scan a virus of its part");
	report_free(&report);
	request.paranoid = false;
}

static void test_part_by_part(void)
{
	request.part_by_part = true;
	has_tree(scan(plain_zip_mail()),
		 "0 input whole -\n"
		 "1 body decomposer -\n"
		 "2/x.zip attachment decomposer -\n"
		 "2/x.zip/a.txt member engine -\n"
		 "2/x.zip/d/b.txt member empty -\n",
		 "part by part: the engine gets each MIME part by itself too");
	request.part_by_part = false;
}

static struct buffer two_members_mail(void)
{
	const struct member members[] = {{"1.txt", MARK, strlen(MARK)}, {"2.txt", "late", 4}, {NULL, NULL, 0}};
	return mail_of("x.zip", zip_of(members));
}

static void test_first_threat(void)
{
	struct report report = scan(two_members_mail());
	ok(strstr(tree(&report, true), "2.txt") && !has_code(&report, DEC_RESULT_ABORTED_AFTER_FIRST_THREAT),
	   "all members are met");
	report_free(&report);
	request.first_threat = true;
	report = scan(two_members_mail());
	request.first_threat = false;
	ok(report.status == EC_AV_INFECTED && !strstr(tree(&report, true), "2.txt") &&
		   has_code(&report, DEC_RESULT_ABORTED_AFTER_FIRST_THREAT),
	   "none behind the first threat, where that was asked for, and it is said");
	report_free(&report);
	request.first_threat = true;
	has_ids(scan(plain_zip_mail()), "0\n1\n2/x.zip\n2/x.zip/a.txt\n2/x.zip/d/b.txt\n", "without a threat all are");
	request.first_threat = false;
}

static void test_avoid(void)
{
	request.avoid_count = 1;
	(void)snprintf(request.avoid[0], sizeof *request.avoid, "2/x.zip");
	has_tree(scan(plain_zip_mail()),
		 "0 input whole -\n1 body engine-text -\n2/x.zip attachment unseen FILE_EXTRACT_FAILED\n",
		 "a part that is left alone is neither scanned nor opened, nor clean");
	(void)snprintf(request.avoid[0], sizeof *request.avoid, "2/x.zip/a.txt");
	is(scan(plain_zip_mail()), EC_AV_UNSCANNABLE, DEC_RESULT_FILE_EXTRACT_FAILED, "likewise a member");
	(void)snprintf(request.avoid[0], sizeof *request.avoid, "0");
	struct report report = scan(plain_zip_mail());
	ok(report.part_count == 1, "0: nothing is taken apart");
	report_free(&report);
	request.avoid_count = 0;
	request.avoid_whole = true;
	report = scan(two_members_mail());
	ok(report.status == EC_AV_INFECTED && report.parts[0].route == ROUTE_UNSEEN,
	   "without the pass over the whole the parts are still scanned");
	report_free(&report);
	is(scan(plain_zip_mail()), EC_AV_UNSCANNABLE, DEC_RESULT_FILE_EXTRACT_FAILED, "and a clean rest is not clean");
	request.avoid_whole = false;
}

/* The engine takes for mail only what begins with a header it knows. */
static void test_second_pass(void)
{
	struct report report = scan(text_of("X-Nobody-Knows: 1\nX-Csapi-Marker-Header: 6f1d\n\nhello\n"));
	ok(report.status == EC_AV_INFECTED && strcmp(report.info, "Csapi-Test-Mail") == 0,
	   "a signature for mail, in mail whose first header nobody knows");
	report_free(&report);
	report = scan(text_of("Dear all,\nX-Csapi-Marker-Header: 6f1d\n\nis a header.\n"));
	ok(report.status == EC_AV_CLEAN, "and not in a text that only speaks of it");
	report_free(&report);
}

static void test_wire(void)
{
	request.wire = true;
	struct report report = scan(text_of(HEAD "\n..hidden\r\n.\r\nbehind " MARK "\n"));
	ok(report.status == EC_AV_CLEAN && report.parts[0].size == strlen(HEAD "\n.hidden\r\n"),
	   "dots are undone, and what stands behind the end is not there");
	report_free(&report);
	request.wire = false;
	is(scan(text_of(HEAD "\n..hidden\r\n.\r\nbehind " MARK "\n")), EC_AV_INFECTED, AVS_RESULT_VIRUS_FOUND,
	   "in another form it is");
}

static void test_limits(void)
{
	request.limits.value[LIMIT_max_extract_depth] = 1;
	is(scan(nested_mail("deep text")), EC_AV_UNSCANNABLE, DEC_RESULT_MAXIMUM_DEPTH_REACHED, "deeper than allowed");
	request.limits.value[LIMIT_max_extract_depth] = 2;
	is(scan(nested_mail("deep text")), EC_AV_CLEAN, SCAN_CODE_NONE, "just as deep");
	request.limits.value[LIMIT_max_extract_depth] = 1;
	is(scan(nested_mail(MARK)), EC_AV_INFECTED, AVS_RESULT_VIRUS_FOUND,
	   "what the engine finds deeper still counts");
	limits_defaults(&request.limits);
	request.limits.value[LIMIT_max_file_count] = 2;
	is(scan(nested_mail("deep text")), EC_AV_UNSCANNABLE, DEC_RESULT_MAXIMUM_FILES_EXTRACTED,
	   "more parts than allowed");
	limits_defaults(&request.limits);
	request.limits.value[LIMIT_max_extract_size] = 3;
	is(scan(plain_zip_mail()), EC_AV_UNSCANNABLE, DEC_RESULT_MAXIMUM_EXTRACT_SIZE_EXCEEDED,
	   "a part that is too large");
	limits_defaults(&request.limits);
}

/* --- an observer that hangs up ----------------------------------------------------------------------------------- */

static unsigned calls, patience;

static int listen(void)
{
	return ++calls > patience ? -EPIPE : 0;
}

static int on_part(void *context, const struct part *part)
{
	(void)context, (void)part;
	return listen();
}

static int on_route(void *context, uint32_t part, enum part_route route)
{
	(void)context, (void)part, (void)route;
	return listen();
}

static int on_code(void *context, uint32_t part, enum scan_code code, const char *text)
{
	(void)context, (void)part, (void)code, (void)text;
	return listen();
}

static int on_virus(void *context, uint32_t part, const char *name, bool official)
{
	(void)context, (void)part, (void)name, (void)official;
	return listen();
}

static int on_evasion(void *context, uint32_t part, enum evasion evasion, const char *text)
{
	(void)context, (void)part, (void)evasion, (void)text;
	return listen();
}

static int on_stage(void *context, enum scan_stage stage, uint32_t part)
{
	(void)context, (void)stage, (void)part;
	return listen();
}

static int on_usage(void *context, const struct usage *usage)
{
	(void)context, (void)usage;
	return listen();
}

static int on_refuse(void *context, enum ec_av_status status, const char *info)
{
	(void)context, (void)status, (void)info;
	return listen();
}

static int hang_up_after(unsigned most)
{
	const struct observer observer = {on_part,  on_route, on_code,   on_virus, on_evasion,
					  on_stage, on_usage, on_refuse, NULL};
	int error;
	calls = 0;
	patience = most;
	struct report report = scan_for(nested_mail(MARK), &observer, &error);
	report_free(&report);
	return error;
}

/* Wherever it hangs up, the walk ends with its error, and soon. */
static void test_hanging_up(void)
{
	bool ended = hang_up_after(UINT32_MAX) == 0;
	unsigned all = calls, late = 0;
	for (unsigned most = 0; most < all; most++) {
		ended = ended && hang_up_after(most) == -EPIPE;
		late = calls - most - 1 > late ? calls - most - 1 : late;
	}
	okf(ended && all > 20, "an observer that hangs up at any of %u calls ends the walk", all);
	okf(late <= 4, "and is hardly called again: %u times at most", late);
}

int main(void)
{
	struct facts facts;
	enum scan_code code;
	struct why why;
	if (!mkdtemp(directory) || mime_start() || engine_load("share/definitions", &engine, &facts, &code, &why)) {
		printf("Bail out! %s\n", why.text);
		return 2;
	}
	facts_free(&facts);
	request_init(&request);
	test_parts();
	test_names();
	test_selection();
	test_selected_virus();
	test_attributed();
	test_paranoid();
	test_part_by_part();
	test_first_threat();
	test_avoid();
	test_second_pass();
	test_wire();
	test_limits();
	test_hanging_up();
	engine_free(engine);
	(void)rmdir(directory);
	return tap_end();
}
