/*
 * version_text.c - versions as lines for people; see version_text.h.
 */
#include "format/version_text.h"

#include "base/clock.h"
#include "base/version.h"
#include "format/status_json.h"
#include "format/text.h"

#include <inttypes.h>

#define LABEL_WIDTH 14

static void add_label(struct text *text, const char *label)
{
	text_add(text, "  %-*s ", LABEL_WIDTH, label);
}

static void add_time(struct text *text, const char *before, int64_t wall)
{
	char time[CLOCK_TEXT_SIZE];
	clock_text(wall, time, sizeof time);
	text_add(text, "%s%s", before, wall > 0 ? time : "unknown");
}

/* One line of a label and text from elsewhere. */
static void add_line(struct text *text, const char *label, const char *foreign)
{
	add_label(text, label);
	text_add_visible(text, foreign);
	text_add(text, "\n");
}

static void add_four(struct text *text, const struct version *version)
{
	const struct facts *programs = &version->programs;
	text_add(text, "DEC scanner version number: ");
	text_add_visible(text, programs->decomposer_version ? programs->decomposer_version : "unknown");
	text_add(text, "\nAV scanner version number: ");
	text_add_visible(text, programs->engine_version ? programs->engine_version : "unknown");
	text_add(text, "\nAV definitions version: %s\n", version_has_definitions(version) ? version->number : "none");
	text_add_visible(text, version->text);
	text_add(text, "\n");
}

static void add_file(struct text *text, const struct definition_file *file)
{
	text_add(text, "    ");
	text_add_visible(text, file->name);
	text_add(text, ": %s", definition_trust_word(file->trust));
	if (file->version)
		text_add(text, ", version %" PRIu32, file->version);
	add_time(text, ", built ", file->built);
	if (file->signatures)
		text_add(text, ", %" PRIu64 " signatures", file->signatures);
	text_add(text, ", %" PRIu64 " bytes", file->size);
	if (file->source) {
		text_add(text, ", from ");
		text_add_visible(text, file->source);
	}
	if (file->fault) {
		text_add(text, ": ");
		text_add_visible(text, file->fault);
	}
	text_add(text, "\n");
}

static void add_definitions(struct text *text, const struct version *version)
{
	static const char *const basis[VERSION_BASIS_COUNT] = {
		[VERSION_HEADS] = "as the files say of themselves, unchecked",
		[VERSION_MANIFEST] = "as verified when they went live; names and sizes are the same",
		[VERSION_VERIFIED] = "as verified just now"};
	const struct version_definitions *definitions = &version->definitions;
	if (!definitions->directory)
		return;
	add_label(text, "definitions");
	text_add_visible(text, definitions->directory);
	text_add(text, "%s\n", definitions->shipped ? " (test files only)" : "");
	if (definitions->fault[0])
		add_line(text, "", definitions->fault);
	if (definitions->set.count) {
		add_label(text, "");
		add_time(text, "built ", version->built);
		if (version->signatures)
			text_add(text, ", %" PRIu64 " signatures", version->signatures);
		text_add(text, ", %s\n", basis[definitions->basis]);
	}
	if (definitions->tested_with) {
		add_label(text, "");
		text_add(text, "tested with ");
		text_add_visible(text, definitions->tested_with);
		text_add(text, ", which %s the EICAR test file\n", definitions->finds_eicar ? "found" : "did not find");
	}
	for (uint32_t i = 0; i < definitions->set.count; i++)
		add_file(text, &definitions->set.files[i]);
}

static void add_updates(struct text *text, const struct version_updates *updates)
{
	if (!updates->directory)
		return;
	add_line(text, "updates", updates->directory);
	add_label(text, "");
	if (!updates->tried) {
		text_add(text, "none was tried\n");
		return;
	}
	add_time(text, "tried ", updates->tried);
	text_add(text, ": %s", update_outcome_text(updates->outcome));
	if (updates->text) {
		text_add(text, " (");
		text_add_visible(text, updates->text);
		text_add(text, ")");
	}
	text_add(text, "\n");
	add_label(text, "");
	add_time(text, "all sources reached ", updates->checked);
	add_time(text, ", last update ", updates->updated);
	if (updates->retry_at)
		add_time(text, ", rate limited until ", updates->retry_at);
	text_add(text, "\n");
}

static void add_loaded(struct text *text, const struct version_scanner *scanner)
{
	const struct facts *facts = &scanner->status.facts;
	if (!facts->definitions_source)
		return;
	add_label(text, "");
	text_add(text, "%s: ", scanner->same ? "uses what is on disk" : "USES OTHER DEFINITIONS");
	text_add_visible(text, facts->definitions_version ? facts->definitions_version : "of no version");
	add_time(text, ", built ", facts->definitions_built);
	text_add(text, ", %" PRIu64 " signatures, in ", facts->definitions_signatures);
	text_add_visible(text, facts->definitions_source);
	text_add(text, "%s\n", facts->definitions_shipped ? " (test files only)" : "");
}

static void add_scanner(struct text *text, const struct version_scanner *scanner)
{
	const struct status *status = &scanner->status;
	switch (scanner->state) {
	case VERSION_SCANNER_UNASKED:
		return;
	case VERSION_SCANNER_NONE:
		add_line(text, "scanner", "none runs");
		return;
	case VERSION_SCANNER_ANSWERS:
		break;
	default:
		add_line(text, "scanner", scanner->text);
		return;
	}
	add_label(text, "scanner");
	text_add(text, "%s%s, process %" PRId32 ", generation %" PRIu32, status_state_word(status->state),
		 status->reloading ? ", reloading" : "", status->pid, status->generation);
	if (status->loaded)
		add_time(text, ", in use since ", status->loaded);
	if (status->trouble[0]) {
		text_add(text, ": ");
		text_add_visible(text, status->trouble);
	}
	text_add(text, "\n");
	add_loaded(text, scanner);
}

char *version_text_encode(const struct version *version, bool all)
{
	struct text text;
	text_init(&text);
	add_four(&text, version);
	if (all) {
		add_line(&text, "csapi", CSAPI_VERSION);
		add_definitions(&text, version);
		add_updates(&text, &version->updates);
		add_scanner(&text, &version->scanner);
	}
	return text_take(&text);
}
