/*
 * other.c - what other readers get out of a message; see other.h.
 *
 * Refuses nothing: what comes is told as a part that only others see. Called by tree and mime.
 */
#include "scan/mime/other.h"

#include "scan/letter.h"
#include "scan/mime/judge.h"
#include "scan/mime/line.h"
#include "scan/reading.h"
#include "scan/readings.h"

#include <string.h>
#include <strings.h>

/* Bytes in which a header without a field ends: a line or a few, which somebody took for one. */
#define HEADLESS_MOST 1024u

/* What another reader gets out of a message. */
struct other {
	struct walk *walk;
	const char *parent; /* section of the message */
	unsigned depth;
	unsigned *count; /* of parts that are numbered as strays */
};

static int on_reading(void *context, const struct reading *reading)
{
	struct other *other = context;
	char *section =
		g_strdup_printf("%s%s" PART_STRAY "%u", other->parent, *other->parent ? "." : "", ++*other->count);
	struct mime_part part = {.kind = PART_ATTACHMENT,
				 .section = section,
				 .parent = other->parent,
				 .depth = other->depth,
				 .name = reading->name,
				 .type = "application/octet-stream",
				 .data = reading->data,
				 .size = reading->size,
				 .tentative = true,
				 .decoded = reading->decoded};
	judge_limit(&part, reading->code);
	if (reading->declared && reading_matters(reading->data, reading->size))
		evasion_add(&part.evasions, EVASION_OtherReading, "%s",
			    reading->decoded ? "encoded, to some" : "as it stands, to some");
	int ended = tree_emit(other->walk, &part);
	g_free(section);
	return ended;
}

static int on_reading_code(void *context, enum scan_code code, const char *text)
{
	struct walk *walk = ((const struct other *)context)->walk;
	int result = walk->visitor->code(walk->visitor->context, code, text);
	return result ? tree_end(walk, result) : 0;
}

/* A message without a field: all behind the first blank line is its body, if that comes soon enough. */
static int read_headless(struct other *other, const uint8_t *data, size_t size)
{
	size_t at = 0, length = 0;
	if (!line_is_word(data, line_length(data, size)))
		return 0;
	while (at < size && at < HEADLESS_MOST && !length) {
		size_t line = line_length(data + at, size - at);
		length = line_is_blank(data + at, line) ? line : 0;
		at += line;
	}
	if (!length || at == size)
		return 0;
	int ended = on_reading(other, &(struct reading){.data = data + at, .size = size - at});
	/* Some leave out more blank lines. */
	size_t more = at;
	while (more < size && letter_is(data[more], LETTER_SPACE))
		more++;
	if (ended || more == at || more == size)
		return ended;
	return on_reading(other, &(struct reading){.data = data + more, .size = size - more});
}

/* May a file begin in front of what we take for the header, or a field stand there that says how one is encoded? */
static bool front_matters(const uint8_t *data, size_t size)
{
	static const char *const words[] = {"begin", "content-t", "encoding"};
	for (size_t at = 0; at < size; at++)
		for (size_t i = 0; i < sizeof words / sizeof *words; i++)
			if (size - at >= strlen(words[i]) && (data[at] | 0x20) == words[i][0] &&
			    strncasecmp((const char *)data + at, words[i], strlen(words[i])) == 0)
				return true;
	return false;
}

int other_walk(struct walk *walk, const struct message *message, const char *section, unsigned depth, unsigned *count)
{
	struct other other = {walk, section, depth, count};
	const struct readings_visitor visitor = {on_reading, on_reading_code, &other};
	GArray *known = g_array_sized_new(FALSE, FALSE, sizeof(struct readings_known), message->windows->len);
	for (guint i = 0; i < message->windows->len; i++) {
		const struct window *window = &g_array_index(message->windows, struct window, i);
		const struct readings_known item = {window->start, window->size, window->transfer, window->text,
						    window->odd};
		g_array_append_val(known, item);
	}
	/* Where there is no header GMime saw nothing. */
	const uint8_t *data = message->root ? message->data : message->given;
	size_t size = message->root ? message->size : message->given_size;
	int ended = message->root ? 0 : read_headless(&other, data, size);
	if (!ended)
		ended = readings_message(data, size, (const struct readings_known *)(void *)known->data, known->len,
					 walk->budget, &visitor);
	g_array_free(known, TRUE);
	if (!ended && front_matters(message->given - message->skipped, message->skipped))
		ended = readings_message(message->given - message->skipped, message->given_size + message->skipped,
					 NULL, 0, walk->budget, &visitor);
	return ended;
}
