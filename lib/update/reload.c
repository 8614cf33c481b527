/*
 * reload.c - tells a running scanner that there are new definitions, and asks it what it uses then; see run.h.
 */
#include "update/run.h"

#include "format/command_json.h"
#include "format/status_json.h"
#include "process/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int ask(const struct run *run, enum command command, int timeout_ms, char **ret_text, struct why *why)
{
	/* Who was started by root and works as the directory's owner commands the scanner as root. */
	uid_t real, user, saved;
	bool root = getresuid(&real, &user, &saved) == 0 && user != 0 && saved == 0 && seteuid(0) == 0;
	static const volatile sig_atomic_t never = 0;
	const volatile sig_atomic_t *stop = run->options->stop ? run->options->stop : &never;
	int error = client_command_until(run->settings->socket, command_word(command), timeout_ms, stop, ret_text, why);
	if (root && seteuid(user) < 0)
		abort(); /* going on as root would leave files of root's */
	return error;
}

/* What it uses: true when that is the set `id` of this store. */
static bool uses(struct run *run, const char *id)
{
	struct why why = {""};
	struct status status;
	char *document = NULL, *set = NULL, name[STORE_ID_MAX + 16];
	if (ask(run, COMMAND_STATUS, CLIENT_ANSWER_MS, &document, &why))
		return false;
	int error = status_json_decode(document, strlen(document), &status);
	free(document);
	if (error)
		return false;
	(void)snprintf(name, sizeof name, "versions/%s", id);
	char *path = run_path(run, name);
	set = path ? realpath(path, NULL) : NULL;
	const char *source = status.facts.definitions_source;
	bool same = set && source && strcmp(set, source) == 0;
	if (status.facts.definitions_version)
		(void)snprintf(run->result->scanner.version, sizeof run->result->scanner.version, "%s",
			       status.facts.definitions_version);
	if (source && !same)
		(void)snprintf(run->result->scanner.text, sizeof run->result->scanner.text, "it uses %.200s", source);
	facts_free(&status.facts);
	free(set);
	free(path);
	return same;
}

/* Does it use a set of this store, be it an old one? One that was given other definitions is left alone unless there is news. */
static bool uses_store(const struct run *run)
{
	char *versions = run_path(run, "versions"), *real = versions ? realpath(versions, NULL) : NULL;
	char text[sizeof run->result->scanner.text];
	bool ours = false;
	if (real) {
		(void)snprintf(text, sizeof text, "it uses %.200s/", real);
		ours = strncmp(run->result->scanner.text, text, strlen(text)) == 0;
	}
	free(real);
	free(versions);
	return ours;
}

static void tell(struct run *run, const char *id)
{
	struct why why = {""};
	struct command_outcome outcome = {0};
	char *document = NULL;
	run_step(run, "reload");
	int error = ask(run, COMMAND_RELOAD, CLIENT_RELOAD_MS, &document, &why);
	if (!error)
		error = command_json_outcome_decode(document, strlen(document), &outcome);
	free(document);
	run->result->scanner.done = uses(run, id);
	if (run->result->scanner.done)
		run->result->scanner.text[0] = '\0';
	else if (error || !outcome.done)
		(void)snprintf(run->result->scanner.text, sizeof run->result->scanner.text, "%.250s",
			       !error        ? outcome.text
			       : why.text[0] ? why.text
					     : "its answer is not understood");
}

void reload_scanner(struct run *run, const char *id, bool only_if_behind)
{
	struct why why = {""};
	char *document = NULL;
	if (!run->settings->reload)
		return;
	int error = ask(run, COMMAND_PING, CLIENT_ANSWER_MS, &document, &why);
	free(document);
	if (error == -ENOENT || error == -ECONNREFUSED)
		return;
	run->result->scanner.running = true;
	if (error) {
		(void)snprintf(run->result->scanner.text, sizeof run->result->scanner.text, "%.250s", why.text);
		/* Where there is nothing new, one that is somebody else's is none of our business. */
		run->result->scanner.unheard = !only_if_behind || error != -EPERM;
		return;
	}
	if (only_if_behind) {
		run->result->scanner.done = uses(run, id);
		if (run->result->scanner.done || !uses_store(run))
			return;
	}
	run->result->scanner.asked = true;
	tell(run, id);
}
