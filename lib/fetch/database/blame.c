/*
 * blame.c - what went wrong with a mirror, in one line and with its outcome; see attempt.h.
 */
#include "fetch/database/attempt.h"

#include "base/clock.h"
#include "fetch/http.h"
#include "verdict/url.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void database_name_mirror(const struct database *database, uint32_t mirror, struct fetch_event *event)
{
	char *shown = url_shown(database->job->mirrors[mirror]);
	(void)snprintf(event->mirror, sizeof event->mirror, "%s", shown ? shown : "");
	free(shown);
	event->mirror_number = mirror + 1;
}

void database_blame(struct database *database, uint32_t mirror, enum update_outcome outcome, uint32_t http,
		    int64_t retry_at, const char *format, ...)
{
	struct fetch_event event = {
		.kind = FETCH_MESSAGE, .level = FETCH_WARNING, .outcome = outcome, .http = http, .retry_at = retry_at};
	char what[256];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(what, sizeof what, format, arguments);
	va_end(arguments);
	(void)snprintf(event.name, sizeof event.name, "%s", database->name);
	database_name_mirror(database, mirror, &event);
	(void)snprintf(event.text, sizeof event.text, "%.*s: %s", 200, event.mirror, what);
	teller_say(database->teller, &event);
	if (retry_at && outcome == UPDATE_RATE_LIMITED)
		database->job->cooling[mirror] = true;
	/* The worst decides; of what one mirror did the last. */
	bool worse = update_outcome_of(database->worst.outcome, outcome) != database->worst.outcome;
	bool later = database->worst.outcome == outcome && database->worst.mirror_number == event.mirror_number;
	if (!database->failed || worse || later)
		database->worst = event;
	database->failed = true;
}

void database_blame_status(struct database *database, uint32_t mirror, uint32_t status, int64_t retry_at,
			   const char *what)
{
	char until[CLOCK_TEXT_SIZE];
	/* The official ones say 403 to clients that they have locked out, and asking on makes it worse. */
	if (status == 403 && !database->job->private)
		retry_at = clock_wall() + HTTP_WAIT_MAX;
	clock_text(retry_at, until, sizeof until);
	if (status == 403 && !database->job->private)
		database_blame(database, mirror, UPDATE_RATE_LIMITED, status, retry_at,
			       "refused (HTTP 403); next try after %s", until);
	else if (status == 403)
		database_blame(database, mirror, UPDATE_UNREACHABLE, status, 0, "refused (HTTP 403)");
	else if (retry_at)
		database_blame(database, mirror, UPDATE_RATE_LIMITED, status, retry_at,
			       "asks to wait until %s (HTTP %u)", until, status);
	else if (status == 404)
		database_blame(database, mirror, UPDATE_UNREACHABLE, status, 0, "has no %s (HTTP 404)", what);
	else if (status == 407)
		database_blame(database, mirror, UPDATE_UNREACHABLE, status, 0,
			       "the proxy wants another user or password (HTTP 407)");
	else
		database_blame(database, mirror, UPDATE_UNREACHABLE, status, 0, "HTTP %u for %s", status, what);
}

/* It ended by itself, and says what it likes. */
static void blame_return(struct database *database, uint32_t mirror, const struct offer *offer,
			 const struct call_result *result)
{
	const struct trace *trace = &result->trace;
	if (result->returned == MIRROR_BROKEN)
		database_blame(database, mirror, UPDATE_REJECTED, trace->status, 0, "%s is broken: %s", trace->target,
			       result->text);
	else if (result->returned == MIRROR_EMPTY)
		database_blame(database, mirror, UPDATE_REJECTED, trace->status, 0, "%s is empty", trace->target);
	else if (result->returned == MIRROR_LOCAL)
		database_blame(database, mirror, UPDATE_FAILED, trace->status, 0, "%s", result->text);
	else if (trace->refused)
		database_blame_status(database, mirror, trace->refused, 0, trace->refused_target);
	else if (trace->status == 304)
		database_blame(database, mirror, UPDATE_UNREACHABLE, 304, 0,
			       "announced version %u and says that nothing changed (HTTP 304)", offer->version);
	else if (*result->text)
		database_blame(database, mirror, UPDATE_UNREACHABLE, trace->status, 0, "%s", result->text);
	else
		database_blame(database, mirror, UPDATE_UNREACHABLE, trace->status, 0, "did not bring version %u",
			       offer->version);
}

bool database_blame_call(struct database *database, uint32_t mirror, const struct offer *offer,
			 const struct call_result *result)
{
	const struct trace *trace = &result->trace;
	unsigned here = database->here;
	switch (result->trouble) {
	case CALL_NO_SPACE:
		database_blame(database, mirror, UPDATE_NO_SPACE, trace->status, 0, "no space left for version %u",
			       offer->version);
		return false;
	case CALL_LIMITED:
		database_blame_status(database, mirror, trace->refused, trace->retry_at, trace->refused_target);
		return false;
	case CALL_LARGE:
		database_blame(database, mirror, UPDATE_REJECTED, trace->status, 0, "%s is larger than %llu bytes",
			       trace->target, (unsigned long long)database->job->max_size);
		return false;
	case CALL_STALLED:
		database_blame(database, mirror, UPDATE_UNREACHABLE, trace->status, 0,
			       "%s came too slowly, and was given up", trace->target);
		return true;
	case CALL_OLDER:
		if (result->offered == database->refused)
			database_blame(database, mirror, UPDATE_REJECTED, trace->status, 0,
				       "version %u was rolled back here, and is not fetched again", result->offered);
		else
			database_blame(database, mirror, UPDATE_REJECTED, trace->status, 0,
				       "announced version %u and sent %u; %u is kept", offer->version, result->offered,
				       here);
		return false;
	case CALL_NO_HEADER:
		database_blame(database, mirror, UPDATE_REJECTED, trace->status, 0, "%s is not a database",
			       trace->target);
		return false;
	case CALL_DIED:
		database_blame(database, mirror, UPDATE_FAILED, trace->status, 0, "libfreshclam crashed on %s",
			       *trace->target ? trace->target : "the start");
		return false;
	case CALL_NONE:
		break;
	}
	blame_return(database, mirror, offer, result);
	return result->returned == MIRROR_OTHER && trace->refused != 404;
}
