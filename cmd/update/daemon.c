/*
 * daemon.c - csapi-update --daemon; see daemon.h.
 *
 * Goes by a clock that nobody sets: the wall's is only asked how long ago the last check was when it starts. Refuses to begin with a
 * configuration that is wrong, and to go over to one later.
 */
#include "daemon.h"

#include "base/clock.h"
#include "once.h"
#include "process/notify.h"
#include "record.h"
#include "signals.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define RETRY_FIRST 300   /* seconds until it tries again after a failure; then twice as long each time */
#define WAIT_MOST   86400 /* seconds until it looks again, whatever a mirror or a wrong clock says, beyond the interval */
#define READY_TRIES 50
#define READY_PAUSE 100 /* milliseconds */

struct daemon {
	const struct update_invocation *invocation;
	struct config config;
	int64_t due;    /* clock_boot() */
	uint64_t retry; /* seconds: after the next failure; 0: the last run went well */
};

/* --- the service manager ---------------------------------------------------------------------------------------- */

static void notify_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void notify_status(const char *format, ...)
{
	char text[700], state[800];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	(void)snprintf(state, sizeof state, "STATUS=%s", text);
	(void)notify_send(state);
}

/* Without this word it would end us in time, so it is said until it is heard. */
static void notify_ready(void)
{
	for (int i = 0; i < READY_TRIES && notify_send("READY=1") == -EAGAIN; i++)
		(void)update_signals_wait(clock_boot() + READY_PAUSE);
}

/* --- when ------------------------------------------------------------------------------------------------------- */

static uint64_t lesser(uint64_t one, uint64_t other)
{
	return one < other ? one : other;
}

/* Seconds from now until it makes sense to run again, by what the run came to. */
static uint64_t pause_after(struct daemon *daemon, const struct update_result *result)
{
	uint64_t interval = daemon->config.update.update_interval;
	int64_t until = result->next - clock_wall();
	uint64_t next = result->next > 0 && until > 0 ? (uint64_t)until : 0;
	if (update_record_well(result->outcome)) {
		daemon->retry = 0;
		return result->outcome == UPDATE_NOT_DUE && next ? lesser(next, interval) : interval;
	}
	daemon->retry = lesser(daemon->retry ? 2 * daemon->retry : RETRY_FIRST, interval);
	/* A mirror that asks to wait is not asked in vain meanwhile. */
	if (result->outcome == UPDATE_RATE_LIMITED && next)
		return lesser(next, interval > WAIT_MOST ? interval : WAIT_MOST);
	return daemon->retry;
}

static void wait_for(struct daemon *daemon, uint64_t seconds, bool spread)
{
	uint64_t delay = seconds * 1000 + (spread ? update_once_delay(daemon->invocation) : 0);
	daemon->due = clock_boot() + (int64_t)delay;
}

/* --- what ------------------------------------------------------------------------------------------------------- */

/* One run, and when the next one is due. `if_due`: not if the last check, by whomever, is recent. */
static void run(struct daemon *daemon, bool if_due)
{
	struct update_invocation invocation = *daemon->invocation;
	struct update_result result;
	char when[CLOCK_TEXT_SIZE];
	invocation.mode = INVOCATION_ONCE;
	invocation.if_older = invocation.if_older_auto = if_due;
	notify_status("updating");
	update_once_run(&invocation, &daemon->config.update, &result);
	if (!update_signals_stop) {
		update_record_trouble(&result);
		uint64_t seconds = pause_after(daemon, &result);
		wait_for(daemon, seconds, !daemon->retry);
		clock_text(clock_wall() + (daemon->due - clock_boot()) / 1000, when, sizeof when);
		log_write(LOG_LEVEL_INFO, "next update in %" PRIu64 " seconds", seconds);
		notify_status("%s: %.400s; next update at %s", update_outcome_word(result.outcome), result.text, when);
	}
	update_result_free(&result);
}

/* The configuration anew; a broken one changes nothing. */
static void reread(struct daemon *daemon)
{
	struct config config;
	struct why why = {""}, warning = {""};
	char state[64];
	update_signals_reread = 0;
	(void)snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_now_us());
	(void)notify_send(state);
	/* First, so that what is wrong is told there. */
	if (log_reopen(&why))
		update_record_say(LOG_LEVEL_ERROR, "%s; the old log stays in use", why.text);
	if (update_invocation_configure(daemon->invocation, &config, &warning, &why)) {
		update_record_say(LOG_LEVEL_ERROR, "%s; the configuration stays as it was", why.text);
	} else {
		config_free(&daemon->config);
		daemon->config = config;
		if (update_record_open(&config.update, true, daemon->invocation->verbose, &why))
			update_record_say(LOG_LEVEL_ERROR, "%s; the old log stays in use", why.text);
		if (*warning.text)
			update_record_say(LOG_LEVEL_WARNING, "%s", warning.text);
		log_write(LOG_LEVEL_NOTICE, "the configuration was read again");
		/* A shorter interval counts at once. */
		int64_t most = clock_boot() + (int64_t)config.update.update_interval * 1000;
		daemon->due = daemon->due < most ? daemon->due : most;
	}
	notify_ready();
}

static void serve(struct daemon *daemon)
{
	bool if_due = true;
	wait_for(daemon, 0, true);
	while (!update_signals_stop) {
		bool due = update_signals_wait(daemon->due);
		if (update_signals_stop)
			break;
		if (update_signals_reread) {
			reread(daemon);
			continue;
		}
		if (update_signals_now) {
			update_signals_now = 0;
			if_due = false;
		} else if (!due) {
			continue;
		}
		run(daemon, if_due);
		if_due = false;
	}
}

int update_daemon(const struct update_invocation *invocation)
{
	struct daemon daemon = {.invocation = invocation};
	struct why why = {""}, warning = {""};
	int error = update_invocation_configure(invocation, &daemon.config, &warning, &why);
	if (error)
		return update_once_refuse(invocation, error, why.text);
	error = update_record_open(&daemon.config.update, true, invocation->verbose, &why);
	if (error) {
		config_free(&daemon.config);
		return update_once_refuse(invocation, error, why.text);
	}
	update_signals_install(true);
	if (*warning.text)
		update_record_say(LOG_LEVEL_WARNING, "%s", warning.text);
	log_write(LOG_LEVEL_NOTICE, "started: updates %s every %" PRIu64 " seconds", daemon.config.update.directory,
		  daemon.config.update.update_interval);
	notify_ready();
	serve(&daemon);
	(void)notify_send("STOPPING=1");
	log_write(LOG_LEVEL_NOTICE, "ended by a signal");
	config_free(&daemon.config);
	return 0;
}
