/*
 * mime.c - the MIME structure of a message; see mime.h. Only this folder includes GMime.
 *
 * Begins the walks whose parts are in scan/mime: message (parses), object (what GMime says of a part), judge (what is wrong with it), tree
 * (the parts in order), other (what other readers see), mailbox. Refuses nothing. Called by decompose.
 */
#include "scan/mime.h"

#include "scan/charset.h"
#include "scan/detect.h"
#include "scan/mime/judge.h"
#include "scan/mime/mailbox.h"
#include "scan/mime/other.h"
#include "scan/mime/tree.h"

#include <assert.h>
#include <stdio.h>

/* How far a header may begin behind stray lines. */
#define MIME_STRAY_MOST 65536u

bool mime_begins(const uint8_t *data, size_t size)
{
	struct detection detection;
	size_t header = message_header(data, size < MIME_STRAY_MOST ? size : MIME_STRAY_MOST);
	if (!size || header >= size || header >= MIME_STRAY_MOST)
		return false;
	detect(data + header, size - header, &detection);
	return detection.mail;
}

int mime_walk(const uint8_t *data, size_t size, unsigned depth, struct budget *budget,
	      const struct mime_visitor *visitor)
{
	struct walk walk = {.visitor = visitor, .budget = budget, .depth = depth};
	if (mailbox_begins(data, size)) {
		mailbox_walk(&walk, data, size);
		return walk.result;
	}
	struct message message;
	message_open(&message, data, size);
	struct mime_part whole = {0};
	judge_message(&whole, &message, false);
	for (unsigned i = 0; i < whole.code_count && !walk.result; i++)
		walk.result = visitor->code(visitor->context, whole.codes[i].code, whole.codes[i].text);
	for (unsigned i = 0; i < whole.evasions.count && !walk.result; i++)
		walk.result = visitor->evasion(visitor->context, whole.evasions.noticed[i].evasion,
					       whole.evasions.noticed[i].text);
	if (!walk.result)
		tree_message(&walk, &message, "", 0);
	message_close(&message);
	return walk.result;
}

int mime_walk_text(const uint8_t *data, size_t size, unsigned depth, struct budget *budget,
		   const struct mime_visitor *visitor)
{
	struct walk walk = {.visitor = visitor, .budget = budget, .depth = depth};
	struct message message = {.given = data, .given_size = size};
	unsigned count = 0;
	message.windows = g_array_new(FALSE, FALSE, sizeof(struct window));
	(void)other_walk(&walk, &message, "", 0, &count);
	message_close(&message);
	return walk.result;
}

/* Of the leak checker, where it is linked. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

/* GMime loses its own entries for the types that are registered again: a few bytes, once. */
static void start_library(void)
{
	if (__lsan_disable)
		__lsan_disable();
	g_mime_init();
	if (__lsan_enable)
		__lsan_enable();
}

/* GLib writes its complaints to standard error; what they are about shows in the tree. */
static void ignore_log(const char *domain, GLogLevelFlags level, const char *text, void *context)
{
	(void)domain, (void)level, (void)text, (void)context;
}

int mime_start(void)
{
	static bool started;
	assert(!started);
	started = true;
	start_library();
	g_log_set_default_handler(ignore_log, NULL);
	static const char *const inner[] = {"rfc822", "rfc2822", "global", "news", "*"};
	for (size_t i = 0; i < sizeof(inner) / sizeof(inner[0]); i++)
		g_mime_object_register_type("message", inner[i], GMIME_TYPE_PART);
	charset_load();
	return 0;
}

const char *mime_version(void)
{
	static char text[48];
	snprintf(text, sizeof(text), "GMime %u.%u.%u", gmime_major_version, gmime_minor_version, gmime_micro_version);
	return text;
}
