/*
 * command.c - asks something of the scanner that runs; see command.h.
 *
 * The answer is parsed and written anew, so that nothing reaches a terminal or a monitoring system that csapi does not write.
 */
#include "command.h"

#include "../complain.h"
#include "format/stats_json.h"
#include "format/stats_prometheus.h"
#include "format/stats_text.h"
#include "format/status_json.h"
#include "format/status_text.h"
#include "process/client.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From the end of the conversation to that of the process; it has nothing left to do. */
#define END_MS 2000

/* Sends one command. The exit status, with the document (caller frees) when it is COMMAND_DONE. */
static int ask(const struct scanner_settings *settings, enum command command, char **ret_document)
{
	static const int timeouts[COMMAND_COUNT] = {[COMMAND_STATUS] = CLIENT_ANSWER_MS,
						    [COMMAND_STATS] = CLIENT_ANSWER_MS,
						    [COMMAND_RELOAD] = CLIENT_RELOAD_MS,
						    [COMMAND_STOP] = -1, /* until it is gone */
						    [COMMAND_PING] = CLIENT_ANSWER_MS};
	struct why why = {""};
	int error = client_command(settings->socket, command_word(command), timeouts[command], ret_document, &why);
	switch (error) {
	case 0:
		return COMMAND_DONE;
	case -ENOENT:
	case -ECONNREFUSED:
		complain("%s; start csapi-scanner, or name its socket with --socket", why.text);
		return COMMAND_NOT_RUNNING;
	case -EPERM:
	case -EACCES:
		complain("%s; run this as root, or as the user whom the scanner belongs to", why.text);
		return COMMAND_TROUBLE;
	case -ECONNRESET:
		if (command == COMMAND_STOP)
			return COMMAND_DONE; /* it was gone before its answer was read */
					     /* fall through */
	default:
		complain("%s", why.text);
		return COMMAND_TROUBLE;
	}
}

/* Prints what the caller made, and frees it; NULL: there was no memory for it. */
static int print(char *take_text, const char *end, int status)
{
	if (!take_text) {
		complain("there is no memory left to print the answer");
		return COMMAND_TROUBLE;
	}
	bool bad = printf("%s%s", take_text, end) < 0 || fflush(stdout) != 0;
	free(take_text);
	if (!bad)
		return status;
	complain("cannot write to standard output: %s", strerror(errno));
	return COMMAND_TROUBLE;
}

static int misunderstood(void)
{
	complain("the scanner's answer is not understood: it is of another version; restart it");
	return COMMAND_TROUBLE;
}

static int show_status(const struct scanner_settings *settings, const char *document)
{
	struct status status;
	if (status_json_decode(document, strlen(document), &status))
		return misunderstood();
	/* Loudly: also where somebody looks at the exit status alone, or throws the output away. */
	if (status.degraded)
		complain("DEGRADED, isolation is not whole: %s", status.trouble);
	int result = print(settings->format == SCANNER_JSON ? status_json_encode(&status) : status_text_encode(&status),
			   settings->format == SCANNER_JSON ? "\n" : "",
			   status.state == STATUS_READY ? COMMAND_DONE : COMMAND_NOT_READY);
	facts_free(&status.facts);
	return result;
}

/* The page of metrics tells of the state too, for that is what alarms are made of. */
static int show_metrics(const struct scanner_settings *settings, const struct stats *stats)
{
	char *document;
	struct status status;
	int result = ask(settings, COMMAND_STATUS, &document);
	if (result != COMMAND_DONE)
		return result;
	int error = status_json_decode(document, strlen(document), &status);
	free(document);
	if (error)
		return misunderstood();
	result = print(stats_prometheus_encode(stats, &status), "", COMMAND_DONE);
	facts_free(&status.facts);
	return result;
}

static int show_stats(const struct scanner_settings *settings, const char *document)
{
	struct stats stats;
	if (stats_json_decode(document, strlen(document), &stats))
		return misunderstood();
	switch (settings->format) {
	case SCANNER_JSON:
		return print(stats_json_encode(&stats), "\n", COMMAND_DONE);
	case SCANNER_PROMETHEUS:
		return show_metrics(settings, &stats);
	default:
		return print(stats_text_encode(&stats), "", COMMAND_DONE);
	}
}

/* The conversation ends shortly before the process does: waits for that too, for who starts another one at once. */
static void await_end(int32_t pid)
{
	for (int i = 0; pid > 0 && i < END_MS && (kill(pid, 0) == 0 || errno == EPERM); i++)
		(void)poll(NULL, 0, 1);
}

/* What reload, stop and ping came to. */
static int show_outcome(const struct scanner_settings *settings, const char *document)
{
	struct command_outcome outcome;
	if (command_json_outcome_decode(document, strlen(document), &outcome))
		return misunderstood();
	int result = outcome.done ? COMMAND_DONE : COMMAND_REFUSED;
	if (settings->command == COMMAND_STOP)
		await_end(outcome.pid);
	if (settings->format == SCANNER_JSON)
		return print(command_json_outcome(&outcome), "\n", result);
	if (settings->command == COMMAND_RELOAD && !outcome.done) {
		complain("the reload is refused, what was in use stays: %s", outcome.text);
		return result;
	}
	char *text = NULL;
	int length = settings->command == COMMAND_RELOAD
			     ? asprintf(&text, "generation %u of the definitions is in use: %s\n", outcome.generation,
					outcome.text)
			     : asprintf(&text, "process %d %s\n", outcome.pid,
					settings->command == COMMAND_STOP ? "has ended" : "answers");
	text = length < 0 ? NULL : text;
	return print(text, "", result);
}

int command_run(const struct scanner_settings *settings)
{
	char *document = NULL;
	int result = ask(settings, settings->command, &document);
	if (result != COMMAND_DONE || !document)
		return result;
	if (settings->command == COMMAND_STATUS)
		result = show_status(settings, document);
	else if (settings->command == COMMAND_STATS)
		result = show_stats(settings, document);
	else
		result = show_outcome(settings, document);
	free(document);
	return result;
}
