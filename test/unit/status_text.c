/*
 * status_text.c - the state of a scanner as lines for people: missing isolation is loud, and nothing acts on a terminal.
 */
#include "format/status_text.h"

#include "base/version.h"
#include "tap.h"

#include <stdlib.h>

static struct status whole(void)
{
	struct status status = {.state = STATUS_READY, .pid = 42, .generation = 1, .workers_most = 2, .queue_most = 10};
	for (int i = 0; i < ISOLATION_LAYER_COUNT; i++)
		status.isolation.layers[i].state = ISOLATION_ON;
	for (int i = 0; i < ISOLATION_PROBE_COUNT; i++)
		status.isolation.probes[i] = ISOLATION_STOPPED;
	return status;
}

static bool first_line(const char *text, const char *wanted)
{
	return text && strncmp(text, wanted, strlen(wanted)) == 0 && text[strlen(wanted)] == '\n';
}

static void test_whole(void)
{
	struct status status = whole();
	status.messages_per_worker = 1;
	char *text = status_text_encode(&status);
	ok(first_line(text, "csapi-scanner " CSAPI_VERSION " is ready"), "ready, and nothing to complain of");
	ok(text && strstr(text, "  isolation      whole\n") && !strstr(text, "NOT") && !strstr(text, "CAN:") &&
		   strstr(text, "    tried and stopped: open a socket, run a program, "),
	   "isolation is whole");
	ok(text && strstr(text, "at most 1 message each\n"), "one message a worker");
	ok(text && !strstr(text, "last reload") && !strstr(text, "socket  ") && !strstr(text, "engine  "),
	   "what is not known is left out");
	free(text);
}

static void test_degraded(void)
{
	struct status status = whole();
	status.degraded = true;
	status.reloading = true;
	(void)strcpy(status.trouble, "seccomp is missing: no kernel");
	status.isolation.layers[ISOLATION_LAYER_seccomp].state = ISOLATION_MISSING;
	(void)strcpy(status.isolation.layers[ISOLATION_LAYER_seccomp].detail, "no kernel");
	status.isolation.probes[ISOLATION_PROBE_socket] = ISOLATION_POSSIBLE;
	status.isolation.probes[ISOLATION_PROBE_fork] = ISOLATION_UNTRIED;
	char *text = status_text_encode(&status);
	ok(first_line(text,
		      "csapi-scanner " CSAPI_VERSION " is ready, reloading, DEGRADED: seccomp is missing: no kernel"),
	   "what is missing stands in the first line");
	ok(text && strstr(text, "  isolation      NOT WHOLE: seccomp is missing: no kernel\n") &&
		   strstr(text, "    seccomp      missing (no kernel)\n") &&
		   strstr(text, "    A WORKER CAN: open a socket\n") &&
		   strstr(text, "    not tried: start a process\n"),
	   "and below");
	free(text);
}

static void test_texts(void)
{
	struct status status = whole();
	status.state = STATUS_FAILED;
	(void)strcpy(status.version, "9.8.7");
	(void)strcpy(status.trouble, "a\033[31mb");
	(void)strcpy(status.socket, "/tmp/s\ncket");
	status.started = 1795363630;
	status.engine_memory = (uint64_t)900 << 20;
	status.reload.when = 1795363650;
	(void)strcpy(status.reload.text, "broken");
	status.low_memory = true;
	status.facts = (struct facts){.engine_version = (char *)(uintptr_t) "ClamAV 1.4.6",
				      .definitions_source = (char *)(uintptr_t) "/d",
				      .definitions_signatures = 14,
				      .definitions_shipped = true};
	char *text = status_text_encode(&status);
	ok(first_line(text, "csapi-scanner 9.8.7 is failed: a\\u{1b}[31mb"), "failed, by a text from elsewhere");
	ok(text && strstr(text, "socket         /tmp/s\\u{a}cket\n"), "a path with a newline stays on its line");
	ok(text && strstr(text, "process        42, since 2026-11-22T"), "process");
	ok(text && strstr(text, "engine         ClamAV 1.4.6, 900 MiB of memory\n"), "engine");
	ok(text && strstr(text, "definitions    of no version, 14 signatures, in /d (test files only)\n"),
	   "definitions");
	ok(text && strstr(text, "last reload    2026-11-22T") && strstr(text, "Z, REFUSED: broken\n"),
	   "the last reload");
	ok(text && strstr(text, "low memory     "), "low memory");
	free(text);
}

static void test_loading(void)
{
	const struct status status = {.state = STATUS_LOADING};
	char *text = status_text_encode(&status);
	ok(first_line(text, "csapi-scanner " CSAPI_VERSION " is loading") && !strstr(text, "isolation"),
	   "while it loads nothing is known of isolation");
	free(text);
}

int main(void)
{
	test_whole();
	test_degraded();
	test_texts();
	test_loading();
	return tap_end();
}
