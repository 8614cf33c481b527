/*
 * version.c - what follows from versions and times; see version.h.
 */
#include "verdict/version.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

void version_free(struct version *version)
{
	facts_free(&version->programs);
	free(version->definitions.directory);
	free(version->definitions.store);
	free(version->definitions.id);
	free(version->definitions.tested_with);
	definition_set_free(&version->definitions.set);
	free(version->updates.directory);
	free(version->updates.text);
	facts_free(&version->scanner.status.facts);
	*version = (struct version){0};
}

const char *version_basis_word(enum version_basis basis)
{
	static const char *const words[VERSION_BASIS_COUNT] = {
		[VERSION_HEADS] = "heads", [VERSION_MANIFEST] = "manifest", [VERSION_VERIFIED] = "verified"};
	assert(basis < VERSION_BASIS_COUNT);
	return words[basis];
}

bool version_has_definitions(const struct version *version)
{
	const struct definition_set *set = &version->definitions.set;
	bool brings = false;
	for (uint32_t i = 0; i < set->count && !brings; i++)
		brings = definition_name_brings(set->files[i].name);
	return version->definitions.directory && !version->definitions.shipped && brings;
}

/* A sum of which a part is missing would be a wrong one: 0. */
static uint64_t sum_signatures(const struct definition_set *set)
{
	for (uint32_t i = 0; i < set->count; i++)
		if (!set->files[i].signatures && definition_name_brings(set->files[i].name))
			return 0;
	return definition_set_signatures(set);
}

/* Has it something else loaded than what is on disk, or nothing, or does it not say? One that is loading will have it. */
static bool scanner_behind(const struct version_scanner *scanner)
{
	switch (scanner->state) {
	case VERSION_SCANNER_SILENT:
		return true;
	case VERSION_SCANNER_ANSWERS:
		return scanner->status.state == STATUS_FAILED ||
		       (scanner->status.facts.definitions_source && !scanner->same);
	default:
		return false;
	}
}

/* Reasons that the rule of currency has no figures for. */
static void explain(struct version *version)
{
	const struct version_scanner *scanner = &version->scanner;
	const char *what = NULL, *detail = "";
	if (version->currency == CURRENCY_NO_DEFINITIONS && version->definitions.shipped) {
		what = "No definitions, only the test set that comes with csapi";
	} else if (version->currency == CURRENCY_NO_DEFINITIONS && version->definitions.fault[0]) {
		what = "No definitions: ";
		detail = version->definitions.fault;
	} else if (version->currency == CURRENCY_BROKEN) {
		what = "Broken: ";
		detail = version->definitions.fault;
	} else if (version->currency == CURRENCY_SCANNER_BEHIND && scanner->state == VERSION_SCANNER_SILENT) {
		what = "The scanner gives no answer: ";
		detail = scanner->text;
	} else if (version->currency == CURRENCY_SCANNER_BEHIND && scanner->status.state == STATUS_FAILED) {
		what = "The scanner has no definitions: ";
		detail = scanner->status.trouble;
	}
	if (what)
		(void)snprintf(version->text, sizeof version->text, "%s%s", what, detail);
}

void version_judge(struct version *version, uint64_t interval, uint64_t max_age)
{
	const struct version_definitions *definitions = &version->definitions;
	bool kept = definitions->store && version->updates.directory;
	version->built = definition_set_built(&definitions->set);
	version->signatures = sum_signatures(&definitions->set);
	version->number[0] = '\0';
	if (definitions->set.count)
		definition_set_version(&definitions->set, version->number, sizeof version->number);
	/* What is known of updates is known of the sets in that directory. */
	const struct currency_facts facts = {
		.found = version_has_definitions(version),
		.broken = definitions->fault[0] != '\0',
		.behind = kept && version->updates.behind,
		.built = version->built,
		.checked = kept ? version->updates.checked : 0,
		.retry_at = kept ? version->updates.retry_at : 0,
		.scanner_behind = scanner_behind(&version->scanner),
		.interval = interval,
		.max_age = max_age,
		.now = version->now,
	};
	version->currency = currency_judge(&facts);
	currency_text(version->currency, &facts, version->text, sizeof version->text);
	explain(version);
}

/* What the scanner that runs has, against the demand; true: it fails it, and the text says why. */
static bool scanner_exceeds(struct version *version)
{
	const struct version_scanner *scanner = &version->scanner;
	const struct facts *facts = &scanner->status.facts;
	const char *why = NULL;
	if (scanner->state == VERSION_SCANNER_SILENT)
		why = "the scanner that runs gives no answer, so the age of its definitions is unknown";
	else if (scanner->state != VERSION_SCANNER_ANSWERS || scanner->status.state == STATUS_LOADING)
		return false;
	else if (!facts->definitions_signatures)
		why = "the scanner that runs has no definitions; csapi-scanner status tells why";
	else if (facts->definitions_shipped)
		why = "the scanner that runs has no definitions but the test set that comes with csapi; run "
		      "csapi-update";
	if (why)
		(void)snprintf(version->excess, sizeof version->excess, "%s", why);
	return why != NULL;
}

void version_demand(struct version *version, uint64_t max_age)
{
	version->max_age = max_age;
	version->exceeded = true;
	if (!version_has_definitions(version)) {
		(void)snprintf(version->excess, sizeof version->excess, "there are no definitions; run csapi-update");
		return;
	}
	if (version->definitions.fault[0]) {
		(void)snprintf(version->excess, sizeof version->excess, "the definitions are broken; run csapi-update");
		return;
	}
	if (scanner_exceeds(version))
		return;
	int64_t age = age_of(version->built, version->now);
	if (version->scanner.state == VERSION_SCANNER_ANSWERS && version->scanner.status.facts.definitions_signatures) {
		int64_t its = age_of(version->scanner.status.facts.definitions_built, version->now);
		/* The older of the two, and unknown is older than all. */
		age = its < 0 || (age >= 0 && its > age) ? its : age;
	}
	version->exceeded = age_exceeds(age, max_age);
	if (version->exceeded)
		age_excess(age, max_age, version->excess, sizeof version->excess);
}
