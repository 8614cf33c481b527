/*
 * answer.c - clamd's answers; see answer.h.
 */
#include "gateway/answer.h"

#include "verdict/heuristic.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Characters of a text from elsewhere. */
#define TEXT_MOST 512

static int add(struct buffer *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int add(struct buffer *out, const char *format, ...)
{
	char *text = NULL;
	va_list arguments;
	va_start(arguments, format);
	int length = vasprintf(&text, format, arguments);
	va_end(arguments);
	int error = length < 0 ? -ENOMEM : buffer_append(out, text, (size_t)length);
	free(length < 0 ? NULL : text);
	return error;
}

/* Printable ASCII; a name is one word. */
static int add_plain(struct buffer *out, const char *foreign, bool word)
{
	char text[TEXT_MOST];
	size_t used = 0;
	for (; foreign[used] && used < sizeof text; used++) {
		char c = foreign[used];
		text[used] = word && c == ' ' ? '_' : c < ' ' || c > '~' ? '?' : c;
	}
	return buffer_append(out, text, used);
}

static int end(struct buffer *out, int error, char ending)
{
	return error ? error : buffer_append(out, &ending, 1);
}

/* Label and name as they are, but for what would end the line: clients compare them with what they asked for. */
static int begin(struct buffer *out, const char *prefix, const char *label)
{
	int error = add(out, "%s", prefix);
	for (const char *at = label; !error && *at; at++)
		error = buffer_append(out, *at == '\n' || *at == '\r' ? "?" : at, 1);
	return error ? error : add(out, ": ");
}

int answer_error(struct buffer *out, const char *prefix, const char *label, const char *text, char ending)
{
	int error = begin(out, prefix, label);
	error = error ? error : add_plain(out, text, false);
	error = error ? error : add(out, ". ERROR");
	return end(out, error, ending);
}

static int found(struct buffer *out, const char *prefix, const char *label, const char *name, char ending)
{
	int error = begin(out, prefix, label);
	error = error ? error : add_plain(out, name, true);
	error = error ? error : add(out, " FOUND");
	return end(out, error, ending);
}

/* Was the name given before? */
static bool repeated(const struct report *report, uint32_t number)
{
	for (uint32_t i = 0; i < number; i++)
		if (strcmp(report->viruses[i].name, report->viruses[number].name) == 0)
			return true;
	return false;
}

int answer_report(struct buffer *out, const char *prefix, const char *label, const struct report *report, bool all,
		  char ending)
{
	int error = 0;
	switch (ec_av_status_exit(report->status)) {
	case 0:
		error = begin(out, prefix, label);
		error = error ? error : add(out, "OK");
		return end(out, error, ending);
	case 1:
		if (!all || !report->virus_count)
			return found(out, prefix, label, report->info, ending);
		for (uint32_t i = 0; !error && i < report->virus_count; i++)
			if (!repeated(report, i))
				error = found(out, prefix, label, report->viruses[i].name, ending);
		return error;
	case 3:
		return found(out, prefix, label, heuristic_name(report->code), ending);
	default:
		return answer_error(out, prefix, label,
				    report->info && *report->info ? report->info : ec_av_status_text(report->status),
				    ending);
	}
}

int answer_text(struct buffer *out, const char *prefix, const char *text, char ending)
{
	return end(out, add(out, "%s%s", prefix, text), ending);
}

/* The official number behind the dot, or the day before it where there is none. */
static unsigned long number_of(const struct facts *facts)
{
	const char *text = facts->definitions_version ? facts->definitions_version : "0";
	const char *dot = strchr(text, '.');
	unsigned long official = dot ? strtoul(dot + 1, NULL, 10) : 0;
	return official ? official : strtoul(text, NULL, 10);
}

int answer_version(struct buffer *out, const char *prefix, const struct facts *facts, const char *more, char ending)
{
	char built[32] = "";
	time_t when = (time_t)facts->definitions_built;
	struct tm day;
	if (facts->definitions_built && gmtime_r(&when, &day))
		(void)strftime(built, sizeof built, "/%a %b %e %H:%M:%S %Y", &day);
	int error = add(out, "%s%s/%lu%s%s", prefix, facts->engine_version ? facts->engine_version : "ClamAV 0.0.0",
			number_of(facts), built, more);
	return end(out, error, ending);
}

int answer_stats(struct buffer *out, const char *prefix, const struct status *status, char ending)
{
	int error = add(out,
			"%sPOOLS: 1\n\nSTATE: VALID PRIMARY\nTHREADS: live %" PRIu32 "  idle %" PRIu32 " max %" PRIu32
			" idle-timeout 30\nQUEUE: %" PRIu32
			" items\n\tSTATS 0.000000 \n\nMEMSTATS: heap N/A mmap N/A used N/A free N/A "
			"releasable N/A pools 1 pools_used %.3fM pools_total %.3fM\nEND",
			prefix, status->busy + status->idle, status->idle, status->workers_most, status->queue,
			(double)status->engine_memory / 1048576, (double)status->engine_memory / 1048576);
	return end(out, error, ending);
}
