/*
 * verdict_text.c - reports as lines for people; see verdict_text.h. Refuses to print what a terminal would act on.
 */
#include "format/verdict_text.h"

#include "base/buffer.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_MOST ((size_t)64 << 20) /* bytes of all lines of one report */

/* Appends formatted text; a failure sticks in *error. */
static void add(struct buffer *buffer, int *error, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void add(struct buffer *buffer, int *error, const char *format, ...)
{
	char *text = NULL;
	va_list arguments;
	va_start(arguments, format);
	int length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0) {
		*error = -1;
		return;
	}
	if (!*error)
		*error = buffer_append(buffer, text, (size_t)length);
	free(text);
}

/* Appends a text from the message. */
static void add_visible(struct buffer *buffer, int *error, const char *text)
{
	char *visible = utf8_visible(text);
	if (visible)
		add(buffer, error, "%s", visible);
	else
		*error = -1;
	free(visible);
}

static const char *color_of(enum ec_av_status status)
{
	switch (status) {
	case EC_AV_CLEAN:
		return "\033[32m";
	case EC_AV_INFECTED:
		return "\033[1;31m";
	default:
		return "\033[33m";
	}
}

static void add_status(struct buffer *buffer, int *error, enum ec_av_status status, bool color)
{
	if (color)
		add(buffer, error, "%s%s\033[0m", color_of(status), ec_av_status_name(status));
	else
		add(buffer, error, "%s", ec_av_status_name(status));
}

static void add_part(struct buffer *buffer, int *error, const struct report *report, const struct part *part,
		     bool color)
{
	add(buffer, error, "    ");
	add_visible(buffer, error, part->id);
	const char *type = part->detected_type ? part->detected_type : part->mime_type;
	add(buffer, error, "  ");
	add_visible(buffer, error, type ? type : "-");
	add(buffer, error, "  %" PRIu64 " bytes  %s  ", part->size, part_route_word(part->route));
	add_status(buffer, error, part->status, color);
	for (uint32_t i = 0; i < report->virus_count; i++) {
		if (report->viruses[i].part != part->number)
			continue;
		add(buffer, error, " ");
		add_visible(buffer, error, report->viruses[i].name);
	}
	for (uint32_t i = 0; i < report->code_count; i++) {
		const struct code_found *found = &report->codes[i];
		if (found->part != part->number || scan_code_is_information(found->code))
			continue;
		add(buffer, error, " %s", scan_code_name(found->code));
		if (!found->text)
			continue;
		add(buffer, error, " (");
		add_visible(buffer, error, found->text);
		add(buffer, error, ")");
	}
	add(buffer, error, "\n");
}

char *verdict_text_encode(const struct report *report, const struct verdict_text_options *options)
{
	struct buffer buffer;
	int error = 0;
	buffer_init(&buffer, TEXT_MOST);
	add_visible(&buffer, &error, options->name ? options->name : "-");
	add(&buffer, &error, ": ");
	add_status(&buffer, &error, report->status, options->color);
	if (report->info && *report->info) {
		add(&buffer, &error, " ");
		add_visible(&buffer, &error, report->info);
	}
	if (report->code != SCAN_CODE_NONE)
		add(&buffer, &error, " [%s]", scan_code_name(report->code));
	add(&buffer, &error, "\n");
	for (uint32_t i = 0; i < report->part_count; i++)
		if (options->all_parts || report->parts[i].status != EC_AV_CLEAN)
			add_part(&buffer, &error, report, &report->parts[i], options->color);
	if (report->parts_omitted)
		add(&buffer, &error, "    ... and %" PRIu32 " more parts\n", report->parts_omitted);
	if (!error)
		error = buffer_append(&buffer, "", 1);
	if (error) {
		buffer_free(&buffer);
		return NULL;
	}
	return (char *)buffer_take(&buffer, NULL);
}
