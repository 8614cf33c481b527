/*
 * status_text.c - the state of a scanner as lines for people; see status_text.h.
 */
#include "format/status_text.h"

#include "base/clock.h"
#include "base/version.h"
#include "format/isolation_json.h"
#include "format/status_json.h"
#include "format/text.h"

#include <inttypes.h>

#define LABEL_WIDTH 14
#define MEBIBYTE    ((uint64_t)1 << 20)

static void add_label(struct text *text, const char *label)
{
	text_add(text, "  %-*s ", LABEL_WIDTH, label);
}

static void add_time(struct text *text, int64_t wall)
{
	char time[CLOCK_TEXT_SIZE];
	clock_text(wall, time, sizeof time);
	text_add(text, "%s", time);
}

/* The line that says it all. */
static void add_headline(struct text *text, const struct status *status)
{
	text_add(text, "csapi-scanner ");
	text_add_visible(text, *status->version ? status->version : CSAPI_VERSION);
	text_add(text, " is %s%s%s", status_state_word(status->state), status->reloading ? ", reloading" : "",
		 status->degraded ? ", DEGRADED" : "");
	if (*status->trouble) {
		text_add(text, ": ");
		text_add_visible(text, status->trouble);
	}
	text_add(text, "\n");
}

static void add_process(struct text *text, const struct status *status)
{
	add_label(text, "process");
	text_add(text, "%" PRId32, status->pid);
	if (status->started) {
		text_add(text, ", since ");
		add_time(text, status->started);
	}
	text_add(text, "\n");
	if (*status->socket) {
		add_label(text, "socket");
		text_add_visible(text, status->socket);
		text_add(text, "\n");
	}
	if (!status->facts.engine_version)
		return;
	add_label(text, "engine");
	text_add_visible(text, status->facts.engine_version);
	if (status->engine_memory)
		text_add(text, ", %" PRIu64 " MiB of memory", status->engine_memory / MEBIBYTE);
	text_add(text, "\n");
}

static void add_definitions(struct text *text, const struct status *status)
{
	const struct facts *facts = &status->facts;
	if (facts->definitions_source) {
		add_label(text, "definitions");
		text_add_visible(text, facts->definitions_version ? facts->definitions_version : "of no version");
		text_add(text, ", %" PRIu64 " signatures, in ", facts->definitions_signatures);
		text_add_visible(text, facts->definitions_source);
		text_add(text, "%s\n", facts->definitions_shipped ? " (test files only)" : "");
		add_label(text, "");
		text_add(text, "generation %" PRIu32, status->generation);
		if (facts->definitions_built > 0) {
			text_add(text, ", built ");
			add_time(text, facts->definitions_built);
		}
		if (status->loaded) {
			text_add(text, ", in use since ");
			add_time(text, status->loaded);
		}
		text_add(text, "\n");
	}
	if (!status->reload.when)
		return;
	add_label(text, "last reload");
	add_time(text, status->reload.when);
	text_add(text, ", %s%s", status->reload.done ? "done" : "REFUSED", *status->reload.text ? ": " : "");
	text_add_visible(text, status->reload.text);
	text_add(text, "\n");
}

static void add_figures(struct text *text, const struct status *status)
{
	add_label(text, "workers");
	text_add(text, "%" PRIu32 " busy, %" PRIu32 " idle, at most %" PRIu32 "; at most %" PRIu32 " message%s each\n",
		 status->busy, status->idle, status->workers_most, status->messages_per_worker,
		 status->messages_per_worker == 1 ? "" : "s");
	add_label(text, "queue");
	text_add(text, "%" PRIu32 " of %" PRIu32 " messages\n", status->queue, status->queue_most);
	add_label(text, "clients");
	text_add(text, "%" PRIu32 "\n", status->clients);
	if (!status->low_memory)
		return;
	add_label(text, "low memory");
	text_add(text, "a reload lets go of the old definitions first\n");
}

/* Lists what the probes with one outcome tried. */
static void add_probes(struct text *text, const struct isolation *isolation, enum isolation_outcome outcome,
		       const char *label)
{
	const char *before = label;
	bool any = false;
	for (int i = 0; i < ISOLATION_PROBE_COUNT; i++) {
		if (isolation->probes[i] != outcome)
			continue;
		text_add(text, "%s%s", before, isolation_probe_row((enum isolation_probe)i)->text);
		before = ", ";
		any = true;
	}
	if (any)
		text_add(text, "\n");
}

static void add_isolation(struct text *text, const struct isolation *isolation)
{
	char why[STATUS_TEXT_MAX];
	add_label(text, "isolation");
	if (isolation_whole(isolation, why, sizeof why)) {
		text_add(text, "whole\n");
	} else {
		text_add(text, "NOT WHOLE: ");
		text_add_visible(text, why);
		text_add(text, "\n");
	}
	for (int i = 0; i < ISOLATION_LAYER_COUNT; i++) {
		const char *detail = isolation->layers[i].detail;
		text_add(text, "    %-*s %s", LABEL_WIDTH - 2, isolation_layer_row((enum isolation_layer)i)->key,
			 isolation_state_word(isolation->layers[i].state));
		if (*detail) {
			text_add(text, " (");
			text_add_visible(text, detail);
			text_add(text, ")");
		}
		text_add(text, "\n");
	}
	add_probes(text, isolation, ISOLATION_POSSIBLE, "    A WORKER CAN: ");
	add_probes(text, isolation, ISOLATION_STOPPED, "    tried and stopped: ");
	add_probes(text, isolation, ISOLATION_UNTRIED, "    not tried: ");
}

char *status_text_encode(const struct status *status)
{
	struct text text;
	text_init(&text);
	add_headline(&text, status);
	add_process(&text, status);
	add_definitions(&text, status);
	add_figures(&text, status);
	if (isolation_known(&status->isolation))
		add_isolation(&text, &status->isolation);
	return text_take(&text);
}
