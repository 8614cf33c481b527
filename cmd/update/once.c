/*
 * once.c - one run; see once.h.
 *
 * Prints the result once, at the end: as a document always, as text where somebody looks or something is wrong, so that cron has nothing
 * to mail about an update that went well.
 */
#include "once.h"

#include "../complain.h"
#include "../progress_line.h"
#include "account.h"
#include "base/clock.h"
#include "format/update_json.h"
#include "record.h"
#include "signals.h"
#include "watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* Prints the result on standard output. The exit status. */
static int print(const struct update_invocation *invocation, const struct update_result *result)
{
	bool well = update_record_well(result->outcome);
	bool asked = invocation->verbose || result->task != UPDATE_RUN || isatty(STDOUT_FILENO);
	int status = update_outcome_exit(result->outcome);
	if (!invocation->json && (invocation->quiet || (well && !asked)))
		return status;
	char *text = invocation->json ? update_json_encode(result) : update_text_encode(result, well);
	if (!text) {
		complain("there is no memory left to print the result");
		return update_outcome_exit(UPDATE_FAILED);
	}
	(void)fputs(text, stdout);
	if (invocation->json)
		(void)putchar('\n');
	free(text);
	return complain_printed() ? status : update_outcome_exit(UPDATE_FAILED);
}

int update_once_refuse(const struct update_invocation *invocation, int error, const char *text)
{
	enum update_outcome outcome = why_is_shortage(error) ? UPDATE_FAILED : UPDATE_CONFIGURATION;
	struct update_result result = {.task = invocation->task,
				       .outcome = outcome,
				       .code = SCAN_CODE_NONE,
				       .started = clock_wall(),
				       .finished = clock_wall()};
	(void)snprintf(result.text, sizeof result.text, "%s", text);
	update_record_say(LOG_LEVEL_ERROR, "%s", text);
	if (invocation->json)
		(void)print(invocation, &result);
	return update_outcome_exit(outcome);
}

void update_once_run(const struct update_invocation *invocation, const struct update_settings *settings,
		     struct update_result *ret_result)
{
	struct update_watch watch = {.shown = invocation->verbose || (isatty(STDERR_FILENO) && !invocation->quiet),
				     .most = invocation->verbose ? 2 : 1};
	struct update_observer observer = update_watch_observer(&watch);
	struct why why = {""};
	bool entered;
	struct update_options options = {
		.task = invocation->task,
		.settings = settings,
		.from = invocation->from,
		.if_older = invocation->if_older,
		.older_than = invocation->if_older_auto ? settings->update_interval : invocation->older_than,
		.force = invocation->force,
		.fetch_path = invocation->fetch_path,
		.worker_path = invocation->worker_path,
		.stop = &update_signals_stop,
	};
	update_record_start(options.task, settings);
	*ret_result = (struct update_result){.task = options.task, .outcome = UPDATE_FAILED, .code = SCAN_CODE_NONE};
	int error = update_account_enter(settings->directory, &entered, &why);
	if (!error && !update_signals_stop)
		error = update_run(&options, &observer, ret_result);
	update_account_leave(entered);
	if (error) {
		ret_result->outcome = UPDATE_FAILED;
		(void)snprintf(ret_result->text, sizeof ret_result->text, "%s",
			       *why.text ? why.text : "there is no memory left");
	}
	/* What a killed helper left undone is no news of a mirror. */
	if (update_signals_stop && !update_record_well(ret_result->outcome)) {
		ret_result->outcome = UPDATE_FAILED;
		(void)snprintf(ret_result->text, sizeof ret_result->text,
			       "stopped by a signal; the definitions in use are as they were");
	}
	progress_line_clear();
	update_record_result(ret_result);
}

/* A number below `limit`, the same for nobody else; no secret hangs on it. */
static uint64_t any_below(uint64_t limit)
{
	uint64_t number = 0;
	if (getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number)
		number = (uint64_t)clock_now_us() * 2654435761u + (uint64_t)getpid();
	return limit ? number % limit : 0;
}

uint64_t update_once_delay(const struct update_invocation *invocation)
{
	return any_below(invocation->random_delay * 1000 + 1);
}

int update_once(const struct update_invocation *invocation)
{
	struct config config;
	struct why why = {""}, warning = {""};
	struct update_result result;
	int error = update_invocation_configure(invocation, &config, &warning, &why);
	if (error)
		return update_once_refuse(invocation, error, why.text);
	error = update_record_open(&config.update, false, invocation->verbose, &why);
	if (error) {
		config_free(&config);
		return update_once_refuse(invocation, error, why.text);
	}
	if (*warning.text)
		update_record_say(LOG_LEVEL_WARNING, "%s", warning.text);
	update_signals_install(false);
	(void)update_signals_wait(clock_boot() + (int64_t)update_once_delay(invocation));
	if (!invocation->quiet)
		progress_line_start();
	update_once_run(invocation, &config.update, &result);
	update_record_trouble(&result);
	int status = print(invocation, &result);
	update_result_free(&result);
	config_free(&config);
	return status;
}
