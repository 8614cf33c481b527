/*
 * database.c - one official database from mirrors of which any may lie; see database.h.
 *
 * Mirrors are tried one after the other, so that it is known which one failed. One that is behind what is here brings nothing; one that asks to
 * wait is left alone for the rest of the run.
 */
#include "fetch/database.h"

#include "base/clock.h"
#include "base/version.h"
#include "fetch/call.h"
#include "fetch/http.h"
#include "fetch/local.h"
#include "fetch/space.h"
#include "format/cvd_header.h"
#include "verdict/url.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Longest pause between two tries at the same mirror. */
#define PAUSE_MOST 5 /* seconds */

struct offer {
	uint32_t version;
	uint64_t total; /* bytes of the whole file; 0: unknown */
	bool cld;
	bool asked; /* the mirror itself said so, and not DNS */
};

struct database {
	struct fetch_job *job;
	struct teller *teller;
	const char *name;
	uint64_t refused;
	uint32_t here;             /* version now */
	uint32_t newest;           /* that any mirror announced */
	struct fetch_event result; /* before, after, remote, got and method as they come about */
	struct fetch_event worst;  /* the failure that will be told if nothing better comes */
	bool failed;               /* there is one */
};

/* ---- what goes wrong ---- */

static void name_mirror(const struct database *database, uint32_t mirror, struct fetch_event *event)
{
	char *shown = url_shown(database->job->mirrors[mirror]);
	(void)snprintf(event->mirror, sizeof event->mirror, "%s", shown ? shown : "");
	free(shown);
	event->mirror_number = mirror + 1;
}

/*
 * A mirror failed: it is told, and remembered if nothing worse was. `retry_at`: the mirror asked to wait, and is left alone.
 */
static void __attribute__((format(printf, 6, 7)))
blame(struct database *database, uint32_t mirror, enum update_outcome outcome, uint32_t http, int64_t retry_at,
      const char *format, ...)
{
	struct fetch_event event = {
		.kind = FETCH_MESSAGE, .level = FETCH_WARNING, .outcome = outcome, .http = http, .retry_at = retry_at};
	char what[256];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(what, sizeof what, format, arguments);
	va_end(arguments);
	(void)snprintf(event.name, sizeof event.name, "%s", database->name);
	name_mirror(database, mirror, &event);
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

/* A status that is a refusal, for all kinds of requests. */
static void blame_status(struct database *database, uint32_t mirror, uint32_t status, int64_t retry_at,
			 const char *what)
{
	char until[CLOCK_TEXT_SIZE];
	/* The official ones say 403 to clients that they have locked out, and asking on makes it worse. */
	if (status == 403 && !database->job->private)
		retry_at = clock_wall() + HTTP_WAIT_MAX;
	clock_text(retry_at, until, sizeof until);
	if (status == 403 && !database->job->private)
		blame(database, mirror, UPDATE_RATE_LIMITED, status, retry_at, "refused (HTTP 403); next try after %s",
		      until);
	else if (status == 403)
		blame(database, mirror, UPDATE_UNREACHABLE, status, 0, "refused (HTTP 403)");
	else if (retry_at)
		blame(database, mirror, UPDATE_RATE_LIMITED, status, retry_at, "asks to wait until %s (HTTP %u)", until,
		      status);
	else if (status == 404)
		blame(database, mirror, UPDATE_UNREACHABLE, status, 0, "has no %s (HTTP 404)", what);
	else if (status == 407)
		blame(database, mirror, UPDATE_UNREACHABLE, status, 0,
		      "the proxy wants another user or password (HTTP 407)");
	else
		blame(database, mirror, UPDATE_UNREACHABLE, status, 0, "HTTP %u for %s", status, what);
}

/* ---- which version is there ---- */

struct head {
	uint8_t data[CVD_HEADER_SIZE];
	size_t size;
};

static int take_head(void *context, const void *data, size_t size)
{
	struct head *head = context;
	memcpy(head->data + head->size, data, size);
	head->size += size;
	return 0;
}

enum asked { ASKED_FOUND, ASKED_NOT_THERE, ASKED_FAILED };

static void set_agent(const struct fetch_job *job, char *ret_agent, size_t size)
{
	if (job->private && job->user_agent)
		(void)snprintf(ret_agent, size, "%s", job->user_agent);
	else
		(void)snprintf(ret_agent, size, "ClamAV/%s (csapi/%s)", mirror_version(), CSAPI_VERSION);
}

/* Reads the head of one file. What it is not there for is told only where `last` says that there is nothing else to ask for. */
static enum asked ask_file(struct database *database, uint32_t mirror, const char *kind, bool last,
			   struct offer *ret_offer)
{
	char url[FETCH_URL_MAX + 64], agent[256], file[64];
	struct head head = {.size = 0};
	struct http_answer answer;
	struct cvd_header header;
	const char *base = database->job->mirrors[mirror];
	size_t length = strlen(base);
	(void)snprintf(file, sizeof file, "%s.%s", database->name, kind);
	(void)snprintf(url, sizeof url, "%s%s%s", base, length && base[length - 1] == '/' ? "" : "/", file);
	set_agent(database->job, agent, sizeof agent);
	struct http_request request = {.url = url,
				       .user_agent = agent,
				       .first = CVD_HEADER_SIZE,
				       .most = CVD_HEADER_SIZE,
				       .body = take_head,
				       .context = &head};
	http_get(database->job, &request, &answer);
	database->result.got += answer.got;
	if (answer.end != HTTP_ANSWERED) {
		blame(database, mirror, UPDATE_UNREACHABLE, answer.status, 0, "%s", answer.text);
		return ASKED_FAILED;
	}
	bool good = answer.status == 200 || answer.status == 206;
	if (good && cvd_header_decode(head.data, head.size, &header) == 0) {
		*ret_offer = (struct offer){.version = header.version,
					    .total = answer.total,
					    .cld = strcmp(kind, "cld") == 0,
					    .asked = true};
		database->result.http = answer.status;
		return ASKED_FOUND;
	}
	if (!last && !answer.retry_at && answer.status != 403 && answer.status < 500)
		return ASKED_NOT_THERE;
	if (good)
		blame(database, mirror, UPDATE_REJECTED, answer.status, 0, "%s is not a database", file);
	else
		blame_status(database, mirror, answer.status, answer.retry_at, file);
	return ASKED_FAILED;
}

/* A private mirror may have what it made of patches itself, or the files as they were published; official ones have these only. */
static bool ask(struct database *database, uint32_t mirror, struct offer *ret_offer)
{
	struct offer other;
	enum asked asked = ASKED_NOT_THERE;
	if (database->job->private)
		asked = ask_file(database, mirror, "cld", false, ret_offer);
	if (asked == ASKED_NOT_THERE)
		return ask_file(database, mirror, "cvd", true, ret_offer) == ASKED_FOUND;
	if (asked == ASKED_FAILED)
		return false;
	/* One of the two may have been left lying there. */
	if (ret_offer->version <= database->here && ask_file(database, mirror, "cvd", false, &other) == ASKED_FOUND &&
	    other.version > ret_offer->version)
		*ret_offer = other;
	return true;
}

/* ---- getting it ---- */

/* The call ended, and what is here is still lower than what was offered: why? True: it may be a passing trouble. */
static bool blame_call(struct database *database, uint32_t mirror, const struct offer *offer,
		       const struct call_result *result)
{
	const struct trace *trace = &result->trace;
	unsigned here = database->here;
	switch (result->trouble) {
	case CALL_NO_SPACE:
		blame(database, mirror, UPDATE_NO_SPACE, trace->status, 0, "no space left for version %u",
		      offer->version);
		return false;
	case CALL_LIMITED:
		blame_status(database, mirror, trace->refused, trace->retry_at, trace->refused_target);
		return false;
	case CALL_LARGE:
		blame(database, mirror, UPDATE_REJECTED, trace->status, 0, "%s is larger than %llu bytes",
		      trace->target, (unsigned long long)database->job->max_size);
		return false;
	case CALL_STALLED:
		blame(database, mirror, UPDATE_UNREACHABLE, trace->status, 0, "%s came too slowly, and was given up",
		      trace->target);
		return true;
	case CALL_OLDER:
		if (result->offered == database->refused)
			blame(database, mirror, UPDATE_REJECTED, trace->status, 0,
			      "version %u was rolled back here, and is not fetched again", result->offered);
		else
			blame(database, mirror, UPDATE_REJECTED, trace->status, 0,
			      "announced version %u and sent %u; %u is kept", offer->version, result->offered, here);
		return false;
	case CALL_NO_HEADER:
		blame(database, mirror, UPDATE_REJECTED, trace->status, 0, "%s is not a database", trace->target);
		return false;
	case CALL_DIED:
		blame(database, mirror, UPDATE_FAILED, trace->status, 0, "libfreshclam crashed on %s",
		      *trace->target ? trace->target : "the start");
		return false;
	case CALL_NONE:
		break;
	}
	if (result->returned == MIRROR_BROKEN)
		blame(database, mirror, UPDATE_REJECTED, trace->status, 0, "%s is broken: %s", trace->target,
		      result->text);
	else if (result->returned == MIRROR_EMPTY)
		blame(database, mirror, UPDATE_REJECTED, trace->status, 0, "%s is empty", trace->target);
	else if (result->returned == MIRROR_LOCAL)
		blame(database, mirror, UPDATE_FAILED, trace->status, 0, "%s", result->text);
	else if (trace->refused)
		blame_status(database, mirror, trace->refused, 0, trace->refused_target);
	else if (*result->text)
		blame(database, mirror, UPDATE_UNREACHABLE, trace->status, 0, "%s", result->text);
	else if (trace->status == 304)
		blame(database, mirror, UPDATE_UNREACHABLE, 304, 0,
		      "announced version %u and says that nothing changed (HTTP 304)", offer->version);
	else
		blame(database, mirror, UPDATE_UNREACHABLE, trace->status, 0, "did not bring version %u",
		      offer->version);
	return result->returned == MIRROR_OTHER && trace->refused != 404;
}

/* One call. Leaves the versions in `database`; true: what was offered is here. */
static bool call_once(struct database *database, uint32_t mirror, const struct offer *offer, bool incremental,
		      struct call_result *ret_result)
{
	struct mirror_call call = {.job = database->job,
				   .url = database->job->mirrors[mirror],
				   .database = database->name,
				   .local = database->here,
				   .remote = offer->version,
				   .refused = database->refused,
				   .cld = offer->cld,
				   .incremental = incremental};
	uint64_t size;
	if (call_update(&call, database->teller, ret_result) < 0)
		ret_result->trouble = CALL_DIED;
	const struct trace *trace = &ret_result->trace;
	uint32_t now = local_settle(database->job->directory, database->name, database->here, &size);
	/* Where no length was announced, nobody counted. */
	database->result.got += trace->carried || now == database->here ? trace->carried : size;
	database->result.http = trace->status ? trace->status : database->result.http;
	if (now > database->here) {
		database->result.method = trace->whole ? FETCH_WHOLE : FETCH_INCREMENTAL;
		database->here = now;
	}
	return database->here >= offer->version;
}

/* Calls, as many as are allowed and may help. True: it is here. *ret_result: of the last one. */
static bool try_often(struct database *database, uint32_t mirror, const struct offer *offer, bool incremental,
		      struct call_result *ret_result)
{
	for (uint32_t attempt = 1;; attempt++) {
		if (call_once(database, mirror, offer, incremental, ret_result))
			return true;
		bool passing = blame_call(database, mirror, offer, ret_result);
		if (!passing || attempt == database->job->attempts)
			return false;
		(void)sleep(attempt < PAUSE_MOST ? attempt : PAUSE_MOST);
	}
}

/* Patches did not bring it: may the whole file? */
static bool may_help(const struct call_result *result)
{
	switch (result->trouble) {
	case CALL_NO_SPACE:
	case CALL_LIMITED:
		return false;
	case CALL_NONE:
		/* Who did not answer at all will not answer to this either, and the library may have fetched the whole itself. */
		return result->returned != MIRROR_LOCAL && result->trace.answers && !result->trace.whole;
	default:
		return !result->trace.whole;
	}
}

static bool fetch_whole(struct database *database, uint32_t mirror, const struct offer *offer)
{
	struct call_result result;
	struct offer whole = *offer;
	/* What was announced by DNS the mirror may not have yet, and then a whole file is much for nothing. */
	if (!whole.asked && !ask(database, mirror, &whole))
		return false;
	if (whole.version < offer->version)
		blame(database, mirror, UPDATE_UNREACHABLE, database->result.http, 0,
		      "has version %u, and %u was announced", whole.version, offer->version);
	if (whole.version <= database->here)
		return false;
	if (whole.total > database->job->max_size) {
		blame(database, mirror, UPDATE_REJECTED, database->result.http, 0,
		      "version %u is larger than %llu bytes", whole.version,
		      (unsigned long long)database->job->max_size);
		return false;
	}
	return try_often(database, mirror, &whole, false, &result) && database->here >= offer->version;
}

/* True: it is here. */
static bool fetch_from(struct database *database, uint32_t mirror, const struct offer *offer)
{
	struct call_result result;
	uint64_t size;
	(void)local_settle(database->job->directory, database->name, 0, &size);
	if (database->job->incremental && database->here > 0) {
		if (try_often(database, mirror, offer, true, &result))
			return true;
		if (!may_help(&result))
			return false;
	}
	return fetch_whole(database, mirror, offer);
}

/* ---- what comes of it ---- */

static void __attribute__((format(printf, 3, 4)))
settle(struct database *database, enum update_outcome outcome, const char *format, ...)
{
	struct fetch_event *result = &database->result;
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(result->text, sizeof result->text, format, arguments);
	va_end(arguments);
	result->outcome = outcome;
	result->after = database->here;
	result->remote = database->newest;
}

static void settle_failure(struct database *database)
{
	struct fetch_event *result = &database->result;
	const struct fetch_event *worst = &database->worst;
	result->http = worst->http ? worst->http : result->http;
	result->retry_at = worst->retry_at;
	result->mirror_number = worst->mirror_number;
	(void)snprintf(result->mirror, sizeof result->mirror, "%s", worst->mirror);
	if (database->here > result->before)
		settle(database, UPDATE_PARTIAL, "version %u, and not %u: %.400s", database->here, database->newest,
		       worst->text);
	else if (database->failed)
		settle(database, worst->outcome, "%s", worst->text);
	else if (fetch_job_mirrors(database->job))
		settle(database, UPDATE_RATE_LIMITED, "every mirror asked to wait");
	else
		settle(database, UPDATE_FAILED, "there is no mirror to ask");
}

/* What is here is as good as what a mirror has. */
static void settle_success(struct database *database)
{
	if (database->here > database->result.before)
		settle(database, UPDATE_UPDATED, "version %u (before: %u)", database->here, database->result.before);
	else
		settle(database, UPDATE_CURRENT, "version %u is the newest", database->here);
}

/* True: that settles it, with the mirror in the result. */
static bool try_mirror(struct database *database, uint32_t mirror, const struct offer *offer)
{
	if (offer->version > database->newest)
		database->newest = offer->version;
	if (offer->version == database->refused) {
		blame(database, mirror, UPDATE_REJECTED, database->result.http, 0,
		      "version %u was rolled back here, and is not fetched again", offer->version);
		return false;
	}
	if (offer->version < database->here) {
		blame(database, mirror, UPDATE_REJECTED, database->result.http, 0,
		      "offers version %u, older than %u here; kept", offer->version, database->here);
		return false;
	}
	if (offer->version > database->here && database->job->check_only) {
		database->result.total = offer->total;
		settle(database, UPDATE_AVAILABLE, "version %u is there, %u is here", offer->version, database->here);
	} else if (offer->version > database->here && !fetch_from(database, mirror, offer)) {
		return false;
	} else {
		settle_success(database);
	}
	name_mirror(database, mirror, &database->result);
	/* Another one announced more than this one has. */
	return database->newest <= offer->version;
}

static void walk_mirrors(struct database *database, uint32_t known)
{
	const struct fetch_job *job = database->job;
	for (uint32_t i = 0; i < fetch_job_mirrors(job); i++) {
		struct offer offer = {.version = known};
		if (job->cooling[i])
			continue;
		/* How large it is only a mirror knows. */
		bool found = (known && !job->check_only) || ask(database, i, &offer);
		if (offer.version < known)
			offer.version = known;
		if (found && try_mirror(database, i, &offer))
			return;
		if (database->worst.outcome == UPDATE_NO_SPACE && database->failed)
			break;
	}
	if (job->check_only && known && known != database->refused)
		settle(database, UPDATE_AVAILABLE, "version %u is there, %u is here", known, database->here);
	else
		settle_failure(database);
}

void database_fetch(struct fetch_job *job, uint32_t index, const char *dns, struct teller *teller)
{
	struct database database = {.job = job,
				    .teller = teller,
				    .name = job->databases[index],
				    .refused = job->refused[index],
				    .result = {.kind = FETCH_RESULT}};
	uint32_t known = dns ? mirror_dns_version(dns, database.name) : 0;
	(void)snprintf(database.result.name, sizeof database.result.name, "%s", database.name);
	database.here = database.result.before = local_database(job->directory, database.name);
	database.newest = known;
	if (known && known == database.here)
		settle_success(&database);
	else
		/* An answer that is behind what is here settles nothing: mirrors may have more. */
		walk_mirrors(&database, known > database.here ? known : 0);
	teller_say(teller, &database.result);
}
