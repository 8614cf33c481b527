/*
 * status_json.c - the state of a scanner, there and back, and what is refused.
 */
#include "format/status_json.h"

#include "base/version.h"
#include "mutate.h"
#include "tap.h"

#include <errno.h>

/* Everything set to something. Its texts are not owned. */
static struct status some(void)
{
	struct status status = {.version = "9.8.7",
				.state = STATUS_STOPPING,
				.reloading = true,
				.degraded = true,
				.low_memory = true,
				.trouble = "seccomp is missing: no kernel",
				.socket = "/run/csapi/scanner.sock",
				.pid = 4711,
				.started = 1795363630,
				.generation = 3,
				.loaded = 1795363640,
				.reload = {.when = 1795363650, .done = false, .text = "the new definitions are broken"},
				.engine_memory = 900000000,
				.workers_most = 1,
				.busy = 2,
				.idle = 3,
				.queue = 4,
				.queue_most = 5,
				.clients = 6,
				.messages_per_worker = 7};
	status.isolation.layers[ISOLATION_LAYER_landlock].state = ISOLATION_ON;
	status.isolation.probes[ISOLATION_PROBE_exec] = ISOLATION_STOPPED;
	status.facts = (struct facts){.engine_version = (char *)(uintptr_t) "ClamAV 1.4.6",
				      .definitions_source = (char *)(uintptr_t) "/var/lib/clamav",
				      .definitions_version = (char *)(uintptr_t) "20261122.27000",
				      .definitions_built = 1795363000,
				      .definitions_signatures = 8700000};
	return status;
}

static void test_round_trip(void)
{
	struct status status = some(), got;
	char *text = status_json_encode(&status);
	int error = text ? status_json_decode(text, strlen(text), &got) : -ENOMEM;
	ok(!error, "decoded");
	if (error)
		return;
	same(got.version, "9.8.7", "version");
	same(got.trouble, status.trouble, "trouble");
	same(got.socket, status.socket, "socket");
	ok(got.state == STATUS_STOPPING && got.reloading && got.degraded && got.low_memory && got.pid == 4711 &&
		   got.started == 1795363630 && got.generation == 3 && got.loaded == 1795363640,
	   "state, flags, process, times");
	ok(got.reload.when == 1795363650 && !got.reload.done, "the last reload");
	same(got.reload.text, status.reload.text, "and its text");
	ok(got.engine_memory == 900000000 && got.workers_most == 1 && got.busy == 2 && got.idle == 3 &&
		   got.queue == 4 && got.queue_most == 5 && got.clients == 6 && got.messages_per_worker == 7,
	   "figures");
	ok(got.isolation.layers[ISOLATION_LAYER_landlock].state == ISOLATION_ON &&
		   got.isolation.probes[ISOLATION_PROBE_exec] == ISOLATION_STOPPED,
	   "isolation");
	same(got.facts.engine_version, "ClamAV 1.4.6", "engine");
	same(got.facts.decomposer_version, NULL, "no decomposer");
	same(got.facts.definitions_version, "20261122.27000", "definitions");
	ok(got.facts.definitions_built == 1795363000 && got.facts.definitions_signatures == 8700000, "their figures");
	char *again = status_json_encode(&got);
	same(again, text, "and the same document again");
	free(again);
	free(text);
	facts_free(&got.facts);
}

static void test_least(void)
{
	struct status status = {0}, got;
	char *text = status_json_encode(&status);
	ok(text && status_json_decode(text, strlen(text), &got) == 0, "a scanner of which nothing is known yet");
	ok(got.state == STATUS_LOADING && !*got.trouble && !*got.socket && !got.started && !got.loaded &&
		   !got.reload.when && !got.engine_memory && !got.facts.engine_version && !got.facts.definitions_source,
	   "is loading");
	ok(text && strstr(text, "\"isolation\":null,") && !isolation_known(&got.isolation),
	   "nothing is known of its isolation");
	same(got.version, CSAPI_VERSION, "its version is that of the program that says so");
	facts_free(&got.facts);
	free(text);
	/* Texts cut within a character grow by being cleaned. */
	memset(status.trouble, '\xFF', sizeof status.trouble - 1);
	text = status_json_encode(&status);
	ok(text && status_json_decode(text, strlen(text), &got) == 0 && *got.trouble, "a text that is no UTF-8");
	free(text);
	facts_free(&got.facts);
}

static void test_hostile(void)
{
	static const char *const changes[][2] = {
		{"\"version\":\"1.0\"", "\"version\":\"2.0\""},
		{"\"version\":\"1.0\"", "\"version\":\"10\""},
		{"\"version\":\"1.0\"", "\"version\":1"},
		{"\"stopping\"", "\"happy\""},
		{"\"stopping\"", "null"},
		{"\"degraded\":true", "\"degraded\":1"},
		{"\"pid\":4711", "\"pid\":-1"},
		{"\"pid\":4711", "\"pid\":4294967296"},
		{"\"queue\":4", "\"queue\":4294967296"},
		{"\"queue\":4", "\"queue\":4.0"},
		{"\"clients\":6,", ""},
		{"\"done\":false", "\"done\":null"},
		{"\"when\":\"2", "\"when\":\"x"},
		{"\"isolation\":{\"layers\"", "\"isolation\":{\"layer\""},
		{"\"engine_memory\":900000000", "\"engine_memory\":\"much\""},
		{"\"engine\":\"ClamAV 1.4.6\"", "\"engine\":7"},
		{"\"source\":\"/var/lib/clamav\"", "\"source\":null"},
	};
	struct status status = some(), got;
	char *text = status_json_encode(&status);
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		char *bad = mutate_replace(text, changes[i][0], changes[i][1]);
		okf(bad && status_json_decode(bad, strlen(bad), &got) == -EBADMSG, "hostile: %s", changes[i][1]);
		free(bad);
	}
	char *newer = mutate_replace(text, "\"version\":\"1.0\"", "\"news\":[],\"version\":\"1.9\"");
	ok(newer && status_json_decode(newer, strlen(newer), &got) == 0, "a newer one of the same kind is understood");
	facts_free(&got.facts);
	free(newer);
	free(text);
}

static int decode(const char *text, size_t size)
{
	struct status got;
	int error = status_json_decode(text, size, &got);
	if (!error)
		facts_free(&got.facts);
	return error;
}

static void test_mutants(void)
{
	struct status status = some();
	char *text = status_json_encode(&status);
	ok(mutate_all(text, 5, 5000, decode), "mutants");
	free(text);
}

int main(void)
{
	test_round_trip();
	test_least();
	test_hostile();
	test_mutants();
	return tap_end();
}
