/*
 * version.c - what follows from versions: the reason that is told, the figures, and the demand for an age, whatever scanner and disk say. And what is written
 * of it: JSON that holds no control character, and the four lines.
 */
#include "verdict/version.h"
#include "format/version_json.h"
#include "format/version_text.h"
#include "tap.h"

#include <stdlib.h>

#define NOW 1795000000 /* 2026-11-18T11:06:40Z */
#define DAY 86400

static void put(struct version *version, const char *name, uint32_t number, int64_t built, uint64_t signatures)
{
	struct definition_file file = {
		.version = number, .built = built, .signatures = signatures, .size = 4711, .trust = DEFINITION_SIGNED};
	(void)snprintf(file.name, sizeof file.name, "%s", name);
	if (definition_set_put(&version->definitions.set, &file) < 0)
		abort();
}

/* Two databases in a store, checked an hour ago, and a scanner that uses them. */
static struct version good(void)
{
	struct version version = {.now = NOW};
	version.programs.engine_version = strdup("ClamAV 1.4.6");
	version.programs.decomposer_version = strdup("libarchive 3.6.2, GMime 3.2.13");
	version.definitions.directory = strdup("/d/versions/1");
	version.definitions.store = strdup("/d");
	version.definitions.id = strdup("1");
	version.definitions.basis = VERSION_MANIFEST;
	version.updates.directory = strdup("/d");
	version.updates.tried = version.updates.checked = NOW - 3600;
	version.updates.outcome = UPDATE_CURRENT;
	put(&version, "main.cvd", 62, NOW - 900 * DAY, 6000000);
	put(&version, "daily.cld", 27000, NOW - 2 * DAY, 2000000);
	version.scanner.state = VERSION_SCANNER_ANSWERS;
	version.scanner.same = true;
	version.scanner.status.state = STATUS_READY;
	version.scanner.status.facts.definitions_source = strdup("/d/versions/1");
	version.scanner.status.facts.definitions_version = strdup("20261116.27000");
	version.scanner.status.facts.definitions_built = NOW - 2 * DAY;
	version.scanner.status.facts.definitions_signatures = 8000000;
	return version;
}

static void judged(struct version *version, enum currency currency, const char *text, const char *what)
{
	version_judge(version, DAY, 7);
	okf(version->currency == currency, "%s: %s", what, currency_word(currency));
	same(version->text, text, what);
}

static void test_judge(void)
{
	struct version version = good();
	judged(&version, CURRENCY_UP_TO_DATE, "Up to date", "all is well");
	same(version.number, "20261116.27000", "the number");
	ok(version.built == NOW - 2 * DAY && version.signatures == 8000000, "the newest build, and the sum");
	version.scanner.same = false;
	judged(&version, CURRENCY_SCANNER_BEHIND, "The scanner uses other definitions", "a scanner with others");
	char *source = version.scanner.status.facts.definitions_source;
	version.scanner.status.facts.definitions_source = NULL;
	version.scanner.status.state = STATUS_LOADING;
	judged(&version, CURRENCY_UP_TO_DATE, "Up to date", "a scanner that is loading");
	version.scanner.status.facts.definitions_source = source;
	version.scanner.status.state = STATUS_FAILED;
	(void)strcpy(version.scanner.status.trouble, "broken");
	judged(&version, CURRENCY_SCANNER_BEHIND, "The scanner has no definitions: broken", "a scanner that failed");
	version.scanner.state = VERSION_SCANNER_SILENT;
	(void)strcpy(version.scanner.text, "it sleeps");
	judged(&version, CURRENCY_SCANNER_BEHIND, "The scanner gives no answer: it sleeps", "a scanner that is silent");
	version.scanner.state = VERSION_SCANNER_CLOSED;
	judged(&version, CURRENCY_UP_TO_DATE, "Up to date", "a scanner of somebody else");
	version.scanner.state = VERSION_SCANNER_NONE;
	judged(&version, CURRENCY_UP_TO_DATE, "Up to date", "no scanner");
	version.updates.behind = true;
	judged(&version, CURRENCY_UPDATE_AVAILABLE, "Update available", "a mirror has more");
	free(version.definitions.store);
	version.definitions.store = NULL;
	judged(&version, CURRENCY_NOT_CHECKED, "Never checked for updates", "what csapi-update does not keep");
	(void)strcpy(version.definitions.fault, "main.cvd is short");
	judged(&version, CURRENCY_BROKEN, "Broken: main.cvd is short", "broken");
	version.definitions.shipped = true;
	judged(&version, CURRENCY_NO_DEFINITIONS, "No definitions, only the test set that comes with csapi",
	       "the test set");
	version.definitions.shipped = false;
	definition_set_free(&version.definitions.set);
	judged(&version, CURRENCY_NO_DEFINITIONS, "No definitions: main.cvd is short", "no files, with a reason");
	version.definitions.fault[0] = '\0';
	judged(&version, CURRENCY_NO_DEFINITIONS, "No definitions", "no files");
	same(version.number, "", "and no number");
	put(&version, "local.ign2", 0, NOW, 0);
	judged(&version, CURRENCY_NO_DEFINITIONS, "No definitions", "nothing but exceptions");
	version_free(&version);
}

static void test_signatures(void)
{
	struct version version = good();
	put(&version, "local.ign2", 0, NOW - 3 * DAY, 0);
	version_judge(&version, DAY, 7);
	ok(version.signatures == 8000000, "lists of exceptions bring none");
	put(&version, "own.ndb", 0, NOW - 3 * DAY, 0);
	version_judge(&version, DAY, 7);
	ok(version.signatures == 0, "a file of which it is not known makes the sum unknown");
	version_free(&version);
}

static void demanded(struct version *version, uint64_t seconds, bool exceeded, const char *text, const char *what)
{
	version->excess[0] = '\0';
	version_judge(version, DAY, 7);
	version_demand(version, seconds);
	okf(version->exceeded == exceeded && (exceeded == (version->excess[0] != '\0')), "%s: %s", what,
	    exceeded ? "too old" : "young enough");
	okf(strstr(version->excess, text) != NULL, "%s: why", what);
}

static void test_demand(void)
{
	struct version version = good();
	struct facts *facts = &version.scanner.status.facts;
	demanded(&version, 3 * DAY, false, "", "younger");
	demanded(&version, 2 * DAY, false, "", "as old");
	demanded(&version, 2 * DAY - 1, true, "2 days old", "older");
	facts->definitions_built = NOW - 5 * DAY;
	demanded(&version, 3 * DAY, true, "5 days old", "what the scanner has is older");
	facts->definitions_built = NOW - DAY;
	demanded(&version, 2 * DAY - 1, true, "2 days old", "what the scanner has is younger");
	facts->definitions_built = 0;
	demanded(&version, 3 * DAY, true, "is unknown", "of the scanner's nothing is known");
	facts->definitions_built = NOW - DAY;
	facts->definitions_shipped = true;
	demanded(&version, 3 * DAY, true, "test set", "the scanner has the test set");
	facts->definitions_signatures = 0;
	version.scanner.status.state = STATUS_FAILED;
	demanded(&version, 3 * DAY, true, "has no definitions", "the scanner has none");
	version.scanner.status.state = STATUS_LOADING;
	demanded(&version, 3 * DAY, false, "", "the scanner is loading");
	version.scanner.state = VERSION_SCANNER_SILENT;
	demanded(&version, 3 * DAY, true, "gives no answer", "the scanner is silent");
	version.scanner.state = VERSION_SCANNER_CLOSED;
	demanded(&version, 3 * DAY, false, "", "the scanner is somebody else's");
	version.scanner.state = VERSION_SCANNER_UNASKED;
	demanded(&version, 3 * DAY, false, "", "no scanner was asked");
	(void)strcpy(version.definitions.fault, "x");
	demanded(&version, 3 * DAY, true, "are broken", "broken files");
	version.definitions.fault[0] = '\0';
	version.definitions.shipped = true;
	demanded(&version, 3650 * DAY, true, "there are no definitions", "the test set");
	definition_set_free(&version.definitions.set);
	version.definitions.shipped = false;
	demanded(&version, 3650 * DAY, true, "there are no definitions", "none");
	put(&version, "daily.cvd", 1, 0, 1);
	demanded(&version, 3650 * DAY, true, "is unknown", "of unknown age");
	version_free(&version);
}

/* Has it a byte that a terminal acts on, or one that is no UTF-8? */
static bool harmless(const char *text, bool lines)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if (*c >= 0x7F || (*c < 0x20 && !(lines && *c == '\n')))
			return false;
	return true;
}

/* Texts from files that mean harm. */
static void spoil(struct version *version)
{
	static const char evil[] = "\x1b[31m\x07\xff\xfe\n\xe2\x80\xae\x7f\"\\";
	struct definition_file file = {.size = 1, .source = (char *)(uintptr_t)evil, .fault = (char *)(uintptr_t)evil};
	(void)snprintf(file.name, sizeof file.name, "%s.ndb", evil);
	if (definition_set_put(&version->definitions.set, &file) < 0)
		abort();
	char **texts[] = {&version->programs.engine_version,
			  &version->programs.decomposer_version,
			  &version->definitions.directory,
			  &version->definitions.store,
			  &version->definitions.id,
			  &version->definitions.tested_with,
			  &version->updates.directory,
			  &version->updates.text,
			  &version->scanner.status.facts.definitions_source,
			  &version->scanner.status.facts.definitions_version};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		free(*texts[i]);
		*texts[i] = strdup(evil);
	}
	(void)strcpy(version->definitions.fault, evil);
	(void)strcpy(version->scanner.text, evil);
	(void)strcpy(version->scanner.status.trouble, evil);
	(void)strcpy(version->trouble, evil);
}

static void written(const struct version *version, const char *what)
{
	char *json = version_json_encode(version), *text = version_text_encode(version, true);
	okf(json && harmless(json, false), "%s: the document is harmless", what);
	okf(text && harmless(text, true), "%s: the lines are harmless", what);
	free(json);
	free(text);
}

static void test_written(void)
{
	struct version version = good();
	version_judge(&version, DAY, 7);
	char *text = version_text_encode(&version, false);
	same(text,
	     "DEC scanner version number: libarchive 3.6.2, GMime 3.2.13\nAV scanner version number: ClamAV 1.4.6\n"
	     "AV definitions version: 20261116.27000\nUp to date\n",
	     "the four lines");
	free(text);
	written(&version, "all is well");
	spoil(&version);
	for (int state = 0; state < VERSION_SCANNER_STATE_COUNT; state++) {
		for (int i = 0; i <= STATUS_STOPPING; i++) {
			version.scanner.state = (enum version_scanner_state)state;
			version.scanner.status.state = (enum status_state)i;
			version_judge(&version, DAY, 7);
			version_demand(&version, DAY);
			written(&version, "spoilt");
		}
	}
	version_free(&version);
	version_judge(&version, DAY, 7);
	text = version_text_encode(&version, false);
	same(text,
	     "DEC scanner version number: unknown\nAV scanner version number: unknown\nAV definitions version: "
	     "none\nNo definitions\n",
	     "nothing is known");
	free(text);
	written(&version, "nothing is known");
	version_free(&version);
}

int main(void)
{
	test_judge();
	test_signatures();
	test_demand();
	test_written();
	return tap_end();
}
