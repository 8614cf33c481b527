/*
 * notice.c - lines for people on standard error; see notice.h. Called by all files of csapi-scan.
 */
#include "notice.h"

#include "../complain.h"
#include "../progress_line.h"

#include <stdarg.h>
#include <stdio.h>

void notice(const char *format, ...)
{
	va_list arguments;
	progress_line_clear();
	va_start(arguments, format);
	complain_list(format, arguments);
	va_end(arguments);
}

/* What a person can do about a failed scan. */
static const char *advice(enum scan_code code)
{
	switch (code) {
	case AVS_RESULT_DEFINITIONS_MISSING:
	case GEN_RESULT_DEFINITION_DIR_UNSET:
		return "install definitions there, or name a directory that has some with --definitions";
	case DEC_RESULT_DEF_DIR_ACCESS_FAILED:
		return "make it readable, or name another directory with --definitions";
	case AVS_RESULT_ENGINE_LOAD_FAILED:
		return "fetch the definitions again, or name another directory with --definitions";
	case AVS_RESULT_SCANNER_NOT_INITIALIZED:
	case GEN_RESULT_SCANNER_NOT_INITIALIZED:
		return "start csapi-scanner where --socket says, or name the program with --scanner-path, or install "
		       "csapi "
		       "again";
	case DEC_RESULT_TEMP_DIR_ACCESS_FAILED:
		return "name a directory that can be written with --file-base or TMPDIR";
	case DEC_RESULT_TEMPFILE_ACCESS_FAILED:
		return "make room there, or name another directory with --file-base";
	case DEC_RESULT_OUT_OF_MEMORY:
	case GEN_RESULT_OUT_OF_MEMORY:
		return "free some memory, or lower --jobs";
	case DEC_RESULT_CONTAINER_ACCESS_FAILED:
		return NULL; /* the reason from the system says it */
	case DEC_RESULT_FILE_ACCESS_FAILED:
		return "a scan without --part lists the ids there are";
	case DEC_RESULT_POLICY_INVALID:
		return "--help lists the range of each limit, and a scanner that runs may allow less";
	default:
		return "try again; --explain tells more of the code";
	}
}

/* What exactly was found for the code that decided, else the informational string. */
static const char *detail(const struct report *report)
{
	for (uint32_t i = 0; i < report->code_count; i++)
		if (report->codes[i].code == report->code && report->codes[i].text)
			return report->codes[i].text;
	return report->info && report->info[0] ? report->info : ec_av_status_text(report->status);
}

/* A clamd's own code says nothing that helps beside its text. */
static void notice_report(const char *name, const char *engine, enum engine_kind kind, const struct report *report)
{
	/* Definitions that are there and too old: their text says what to do. */
	bool old = report->code == AVS_RESULT_DEFINITIONS_MISSING && report->facts.definitions_built;
	const char *next = report->status == EC_AV_ERROR && !old && kind == ENGINE_CSAPI ? advice(report->code) : NULL;
	notice("%s: %s%s%s%s%s%s%s%s", name[0] ? name : "(empty name)", engine, *engine ? ": " : "", detail(report),
	       report->code ? " (" : "", report->code ? scan_code_name(report->code) : "", report->code ? ")" : "",
	       next ? "; " : "", next ? next : "");
}

/* How a message fared with a clamd. Our own scanner has a log for that. */
static void notice_answer(const char *name, const struct answer *answer)
{
	unsigned level = answer->engine->debug_level;
	if (answer->engine->kind != ENGINE_CLAMAV || answer->state != ANSWER_GIVEN || level < ENGINE_DEBUG_INFO)
		return;
	if (level >= ENGINE_DEBUG_DEBUG || answer->attempts > 1)
		notice("%s: %s: %s after %u connections, last to %s, %llu ms", name, answer->engine->name,
		       ec_av_status_name(answer->report.status), answer->attempts,
		       answer->address ? answer->address : "nobody", (unsigned long long)answer->report.total_ms);
}

void notice_verdict(const char *name, const struct verdict *verdict)
{
	bool told = false;
	for (unsigned i = 0; i < verdict->answer_count; i++)
		notice_answer(name, &verdict->answers[i]);
	for (unsigned i = 0; i < verdict->answer_count; i++) {
		const struct answer *answer = &verdict->answers[i];
		if (answer->state != ANSWER_GIVEN || ec_av_status_exit(answer->report.status) != 2)
			continue;
		/* Of the only one it is clear who says so. */
		bool named = verdict->answer_count > 1 || answer->engine->kind != ENGINE_CSAPI;
		notice_report(name, named ? answer->engine->name : "", answer->engine->kind, &answer->report);
		told = true;
	}
	if (!told && verdict_exit(verdict) == 2)
		notice_report(name, "", ENGINE_CSAPI, verdict->report);
}
