/*
 * editor.c - unit test of lib/scan/repair: messages in, the repaired message out, to the byte. Prints TAP.
 *
 * A part is found by its content: "bad" is what is to be removed. In what comes out, the text of a note stands as <NOTE>.
 */
#include "scan/repair/editor.h"
#include "mutate.h"
#include "scan/digest.h"
#include "scan/repair/entity.h"
#include "tap.h"

#include <stdlib.h>

#define MOST (1u << 20)

static void add(struct repair_plan *plan, bool removes, const char *id, const void *content, size_t size)
{
	struct repair_order *order = &plan->orders[plan->count++];
	*order = (struct repair_order){.remove = removes,
				       .has_sha256 = size > 0,
				       .size = size,
				       .id = (char *)(uintptr_t)id,
				       .name = "a name",
				       .what = "Virus"};
	if (size && digest_bytes(content, size, order->sha256))
		abort();
}

struct run {
	enum scan_code code;
	struct buffer message;
	struct repair_outcome outcome;
	struct why why;
};

static struct run edit(const char *data, size_t size, const struct repair_plan *plan, enum repair_level level)
{
	struct run run = {.outcome = {.done = NULL}};
	struct limits limits;
	struct budget budget;
	limits_defaults(&limits);
	budget_init(&budget, &limits);
	buffer_init(&run.message, size + MOST);
	run.code = editor_run((const uint8_t *)data, size, plan, level, &budget, &run.message, &run.outcome, &run.why);
	return run;
}

static void run_free(struct run *run)
{
	buffer_free(&run->message);
	repair_outcome_free(&run->outcome);
}

/* The message with each note as <NOTE>, for the caller to free. */
static char *folded(const struct buffer *message)
{
	static const char begin[] = "A part of this message was removed",
			  body[] = "The body of this message was removed",
			  header[] = "The body of this message, and fields";
	char *out = calloc(1, message->size + 1);
	size_t used = 0;
	for (size_t at = 0; out && at < message->size;) {
		const char *from = (const char *)message->data + at;
		size_t left = message->size - at;
		bool note = (left > sizeof begin && !memcmp(from, begin, sizeof begin - 1)) ||
			    (left > sizeof body && !memcmp(from, body, sizeof body - 1)) ||
			    (left > sizeof header && !memcmp(from, header, sizeof header - 1));
		if (!note) {
			out[used++] = *from;
			at++;
			continue;
		}
		memcpy(out + used, "<NOTE>", 6);
		used += 6;
		/* Up to the last of its lines, which are those that begin with two blanks. */
		const char *last = memmem(from, left, "found:   Virus", 14);
		at += last ? (size_t)(last - from) + 14 : left;
	}
	return out;
}

static void becomes(const char *message, const struct repair_plan *plan, enum repair_level level, const char *expected,
		    const char *what)
{
	struct run run = edit(message, strlen(message), plan, level);
	char *text = folded(&run.message);
	bool good = run.code == SCAN_CODE_NONE && text && strcmp(text, expected) == 0;
	ok(good, what);
	if (!good)
		printf("# %s: %s\n# %s\n", run.code ? scan_code_name(run.code) : "-", run.why.text, text ? text : "-");
	free(text);
	run_free(&run);
}

static void refused(const char *message, const struct repair_plan *plan, enum repair_level level, enum scan_code code,
		    const char *what)
{
	struct run run = edit(message, strlen(message), plan, level);
	ok(run.code == code, what);
	if (run.code != code)
		printf("# %s: %s\n", run.code ? scan_code_name(run.code) : "-", run.why.text);
	run_free(&run);
}

#define PART                                                                                                           \
	"Content-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: 7bit\nContent-Disposition: inline\n"

static void test_parts(void)
{
	struct repair_order orders[4];
	struct repair_plan plan = {.orders = orders};
	add(&plan, true, "2", "bad", 3);
	becomes("A: b\nContent-Type: multipart/mixed; boundary=x\n\npreamble\n--x\n\ngood\n--x\nB: c\n\nbad\n--x--  "
		"\nepilogue",
		&plan, REPAIR_LEVEL_PARTS,
		"A: b\nContent-Type: multipart/mixed; boundary=x\n\npreamble\n--x\n\ngood\n--x\n" PART
		"\n<NOTE>\n--x--  \nepilogue",
		"a part gives way, and nothing around it changes");
	becomes("A: b\r\nContent-Type: multipart/mixed;\r\n boundary=\"x y\"\r\n\r\n--x y\r\n\r\nbad\r\n--x "
		"y\r\n\r\n\r\n--x y--\r\n",
		&plan, REPAIR_LEVEL_PARTS,
		"A: b\r\nContent-Type: multipart/mixed;\r\n boundary=\"x y\"\r\n\r\n--x y\r\n"
		"Content-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n"
		"Content-Disposition: inline\r\n\r\n<NOTE>\r\n--x y\r\n\r\n\r\n--x y--\r\n",
		"with the line ends of the message, and a boundary in quotes on a line of its own");
	becomes("A: b\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Transfer-Encoding: "
		"base64\n\nYm\nFk\n\n--x\n\nbad",
		&plan, REPAIR_LEVEL_PARTS,
		"A: b\nContent-Type: multipart/mixed; boundary=x\n\n--x\n" PART "\n<NOTE>\n--x\n" PART "\n<NOTE>\n",
		"twice, once encoded, and with no end");
	becomes("A: b\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: multipart/mixed; boundary=xx\n\n"
		"--xx\n\nbad\n--xx--\n--x--\n",
		&plan, REPAIR_LEVEL_PARTS,
		"A: b\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: multipart/mixed; boundary=xx\n\n"
		"--xx\n" PART "\n<NOTE>\n--xx--\n--x--\n",
		"in a multipart inside, whose boundary begins as the outer one");
}

static void test_bodies(void)
{
	struct repair_order orders[4];
	struct repair_plan plan = {.orders = orders};
	add(&plan, true, "1", "bad", 3);
	becomes("A: b\nContent-Type: a/b;\n\tc=d\nX: y\nContent-Transfer-Encoding: base64\nMIME-Version: 1.0\n\nYmFk\n",
		&plan, REPAIR_LEVEL_PARTS, "A: b\nX: y\nMIME-Version: 1.0\n" PART "\n<NOTE>\n",
		"the body of a message of one part gives way, and its other fields stay");
	becomes("From a b\nA: b\n\nbad", &plan, REPAIR_LEVEL_PARTS,
		"From a b\nA: b\nMIME-Version: 1.0\n" PART "\n<NOTE>\n",
		"behind a line of a mailbox, without a version");
	becomes("A: b\rC: d\r\rbad", &plan, REPAIR_LEVEL_PARTS,
		"A: b\rC: d\rMIME-Version: 1.0\rContent-Type: text/plain; charset=us-ascii\r"
		"Content-Transfer-Encoding: 7bit\rContent-Disposition: inline\r\r<NOTE>\r",
		"also where lines end in CR alone");
	becomes("A: b\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nanything\n--x--\n", &plan, REPAIR_LEVEL_BODY,
		"A: b\nMIME-Version: 1.0\n" PART "\n<NOTE>\n", "the whole body");
	becomes("Mime-Version: 1.0\nx-y: z\nFROM: a\nsubject: s\n\ngoes", &plan, REPAIR_LEVEL_HEADER,
		"FROM: a\nsubject: s\nMIME-Version: 1.0\n" PART "\n<NOTE>\n", "the body and fields of the header");
	becomes("X-Y: z\nFROM: a\nsubject: s\n\ngoes", &plan, REPAIR_LEVEL_SUBJECT,
		"FROM: a\nMIME-Version: 1.0\n" PART "\n<NOTE>\n", "the body, fields of the header and the subject");
	refused("A: b\nC: d\n", &plan, REPAIR_LEVEL_BODY, DEC_RESULT_FAILED_INSERTING_NOTIFICATION_IN_EMPTY_BODY_MIME,
		"no body");
	refused("A: b\n\n", &plan, REPAIR_LEVEL_BODY, DEC_RESULT_FAILED_INSERTING_NOTIFICATION_IN_EMPTY_BODY_MIME,
		"an empty body");
	refused("A: b\n\nsomething else", &plan, REPAIR_LEVEL_PARTS, DEC_RESULT_INVALID_FILE_MODIFICATION,
		"what is to be removed is not there");
	refused("no message\n", &plan, REPAIR_LEVEL_PARTS, DEC_RESULT_INVALID_FILE_MODIFICATION, "no message");
	refused("", &plan, REPAIR_LEVEL_BODY, DEC_RESULT_INVALID_FILE_MODIFICATION, "nothing");
}

static const char inner[] = "C: d\n\nbad";
static const char nested[] = "A: b\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: message/rfc822\n\n"
			     "C: d\n\nbad\n--x--\n";

static void test_nested(void)
{
	struct repair_order orders[4];
	struct repair_plan plan = {.orders = orders};
	add(&plan, false, "1", inner, sizeof inner - 1);
	add(&plan, true, "1.1", "bad", 3);
	becomes(nested, &plan, REPAIR_LEVEL_PARTS,
		"A: b\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: message/rfc822\n\n"
		"C: d\nMIME-Version: 1.0\n" PART "\n<NOTE>\n--x--\n",
		"a message in the message is repaired inside");
	static const char encoded[] = "A: b\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: "
				      "message/rfc822\nContent-Transfer-Encoding: base64\n\n";
	static const char content[] = "QzogZApNSU1FLVZlcnNpb246IDEuMApDb250ZW50LVR5cGU6IHRleHQvcGxhaW47IGNoYXJz";
	char message[512];
	(void)snprintf(message, sizeof message, "%sQzogZAoKYmFk\n--x--\n", encoded);
	struct run run = edit(message, strlen(message), &plan, REPAIR_LEVEL_WHOLE_PARTS);
	size_t head = sizeof encoded - 1, size = head + sizeof content - 1;
	ok(run.code == SCAN_CODE_NONE && run.message.size > size && !memcmp(run.message.data, encoded, head) &&
		   !memcmp(run.message.data + head, content, size - head),
	   "an encoded one is encoded again");
	run_free(&run);
	/* What is said to be in it is not: it goes as a whole. */
	plan.count = 1;
	becomes(nested, &plan, REPAIR_LEVEL_PARTS,
		"A: b\nContent-Type: multipart/mixed; boundary=x\n\n--x\n" PART "\n<NOTE>\n--x--\n",
		"a message in which nothing can be changed goes as a whole");
}

static void test_sections(void)
{
	struct repair_order orders[4];
	struct repair_plan plan = {.orders = orders};
	add(&plan, true, "2", NULL, 0);
	becomes("A: b\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\ngood\n--x\n"
		"Content-Type: multipart/mixed; boundary=y\n\nnothing\n--x\n\ngood\n--x--\n",
		&plan, REPAIR_LEVEL_PARTS,
		"A: b\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\ngood\n--x\n" PART
		"\n<NOTE>\n--x\n\ngood\n--x--\n",
		"a multipart goes by its number");
}

static void test_margins(void)
{
	struct repair_order orders[4];
	struct repair_plan plan = {.orders = orders};
	add(&plan, true, "stray1", "hidden", 6);
	becomes("A: b\nContent-Type: multipart/mixed; boundary=x\n\nhidden\n--x\n\ngood\n--x--\nhidden\n", &plan,
		REPAIR_LEVEL_PARTS, "A: b\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\ngood\n--x--\n",
		"what stands in no part is cut off with what is around the parts");
}

static void test_text(void)
{
	static const char file[] = "one\nbegin 644 a\n#8F%D\n`\nend\ntwo\n";
	struct repair_order orders[4];
	struct repair_plan plan = {.orders = orders};
	add(&plan, false, "1", file, sizeof file - 1);
	add(&plan, true, "1.1/a", "bad", 3);
	char message[256];
	(void)snprintf(message, sizeof message, "A: b\n\n%s", file);
	becomes(message, &plan, REPAIR_LEVEL_PARTS, "A: b\n\none\n<NOTE>\n\ntwo\n",
		"a file in a text gives way with its first and last line");
}

static void test_signatures(void)
{
	struct repair_order orders[4];
	struct repair_plan plan = {.orders = orders};
	static const char message[] =
		"DKIM-Signature: a\nContent-Type: multipart/mixed; boundary=x\n\n--x\n"
		"Content-Type: multipart/signed; boundary=y; protocol=\"application/pgp-signature\"\n\n"
		"--y\n\n%s\n--y--\n--x\n\n%s\n--x--\n";
	char text[512];
	add(&plan, true, "1.1", "bad", 3);
	(void)snprintf(text, sizeof text, message, "bad", "good");
	struct run run = edit(text, strlen(text), &plan, REPAIR_LEVEL_PARTS);
	ok(run.code == SCAN_CODE_NONE && run.outcome.broken[REPAIR_SIGNATURE_DKIM] &&
		   run.outcome.broken[REPAIR_SIGNATURE_PGP] && !run.outcome.broken[REPAIR_SIGNATURE_ARC],
	   "what is signed is signed no more");
	run_free(&run);
	(void)snprintf(text, sizeof text, message, "good", "bad");
	run = edit(text, strlen(text), &plan, REPAIR_LEVEL_PARTS);
	ok(run.code == SCAN_CODE_NONE && run.outcome.broken[REPAIR_SIGNATURE_DKIM] &&
		   !run.outcome.broken[REPAIR_SIGNATURE_PGP],
	   "what lies beside it leaves it alone");
	run_free(&run);
}

/* Whatever a message is, the editor ends, and gives out nothing or something that is not as large as it may be. */
static void test_mutants(void)
{
	struct repair_order orders[4];
	struct repair_plan plan = {.orders = orders};
	add(&plan, false, "1", inner, sizeof inner - 1);
	add(&plan, true, "1.1", "bad", 3);
	add(&plan, true, "2", NULL, 0);
	for (int level = REPAIR_LEVEL_PARTS; level < REPAIR_LEVEL_COUNT; level++) {
		struct mutator mutator = {.seed = 11};
		unsigned good = 0, bad = 0;
		char *message = strdup(nested);
		for (unsigned n = 0; n < 30000 && message; n++) {
			size_t size;
			char *mutant = mutate(&mutator, message, strlen(message), &size);
			struct run run = edit(mutant, size, &plan, (enum repair_level)level);
			good += run.code == SCAN_CODE_NONE;
			bad += run.code == SCAN_CODE_NONE && (!run.outcome.done_count || !run.message.size);
			run_free(&run);
			free(mutant);
		}
		free(message);
		char what[64];
		(void)snprintf(what, sizeof what, "damaged messages: %s", repair_level_word((enum repair_level)level));
		ok(!bad && good > 1000, what);
	}
}

int main(void)
{
	test_parts();
	test_bodies();
	test_nested();
	test_sections();
	test_margins();
	test_text();
	test_signatures();
	test_mutants();
	return tap_end();
}
