/*
 * database.c - one official database from mirrors of which any may lie; see database.h.
 *
 * Mirrors are tried one after the other, so that it is known which one failed. One that is behind what is here brings nothing; one that asks to
 * wait is left alone for the rest of the run.
 */
#include "fetch/database.h"

#include "fetch/database/attempt.h"
#include "fetch/local.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

/* Longest pause between two tries at the same mirror. */
#define PAUSE_MOST 5 /* seconds */

/* ---- getting it ---- */

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
		bool passing = database_blame_call(database, mirror, offer, ret_result);
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
	if (!whole.asked && !database_ask(database, mirror, &whole))
		return false;
	if (whole.version < offer->version)
		database_blame(database, mirror, UPDATE_UNREACHABLE, database->result.http, 0,
			       "has version %u, and %u was announced", whole.version, offer->version);
	if (whole.version <= database->here)
		return false;
	if (whole.total > database->job->max_size) {
		database_blame(database, mirror, UPDATE_REJECTED, database->result.http, 0,
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
	if (database->result.before == 0 && database->here)
		settle(database, UPDATE_UPDATED, "version %u, the first here", database->here);
	else if (database->here > database->result.before)
		settle(database, UPDATE_UPDATED, "version %u (before: %u)", database->here, database->result.before);
	else
		settle(database, UPDATE_CURRENT, "version %u is the newest", database->here);
}

static void settle_available(struct database *database, uint32_t version)
{
	if (database->here)
		settle(database, UPDATE_AVAILABLE, "version %u is there, %u is here", version, database->here);
	else
		settle(database, UPDATE_AVAILABLE, "version %u is there, none is here", version);
}

/* True: that settles it, with the mirror in the result. */
static bool try_mirror(struct database *database, uint32_t mirror, const struct offer *offer)
{
	if (offer->version > database->newest)
		database->newest = offer->version;
	if (offer->version == database->refused) {
		database_blame(database, mirror, UPDATE_REJECTED, database->result.http, 0,
			       "version %u was rolled back here, and is not fetched again", offer->version);
		return false;
	}
	if (offer->version < database->here) {
		database_blame(database, mirror, UPDATE_REJECTED, database->result.http, 0,
			       "offers version %u, older than %u here; kept", offer->version, database->here);
		return false;
	}
	if (offer->version > database->here && database->job->check_only) {
		database->result.total = offer->total;
		settle_available(database, offer->version);
	} else if (offer->version > database->here && !fetch_from(database, mirror, offer)) {
		return false;
	} else {
		settle_success(database);
	}
	database_name_mirror(database, mirror, &database->result);
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
		bool found = (known && !job->check_only) || database_ask(database, i, &offer);
		if (offer.version < known)
			offer.version = known;
		if (found && try_mirror(database, i, &offer))
			return;
		if (database->worst.outcome == UPDATE_NO_SPACE && database->failed)
			break;
	}
	if (job->check_only && known && known != database->refused)
		settle_available(database, known);
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
